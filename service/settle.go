package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// settleTime is how long a life that apply began must last before apply calls it up: a program that is missing a
// module dies within it.
const settleTime = 250 * time.Millisecond

// hopeless is how many deaths during one wait make it end early.
const hopeless = 3

// A wait follows a set of instances until each is as it should be, or nothing more can happen, or time is up.
type wait struct {
	d       *Daemon
	acts    <-chan *reconcile.Action
	out     *lines
	since   time.Time
	settle  time.Duration
	timeout time.Duration
	skip    bool                    // do not wait, only say what is being done
	rounds  map[reconcile.ID]uint64 // reload: what clusters are to come to
	ending  bool                    // what lives is being ended, also where its verdict does not know it yet
	mine    func(reconcile.ID) bool
	raised  map[reconcile.ID]uint64 // restart: the generations that were asked for; a later one is somebody else's
	foreign []string                // projects whose instances are named in full

	counting bool            // something is being stopped, and has so long yet
	unripe   bool            // the last look found one that was too young: another is due, whatever the clock says by now
	asleep   map[int]slumber // young lives that were seen to sleep, by pid

	said  int
	todo  int // instances that are not as they should be at the end
	seen  map[reconcile.ID]reconcile.Verb
	views []reconcile.View
	base  map[reconcile.ID]int // restarts at the beginning
}

// run returns the exit code of the command and its last words.
func (w *wait) run(ctx context.Context) (code int, text, hint string) {
	w.seen, w.base = map[reconcile.ID]reconcile.Verb{}, map[reconcile.ID]int{}
	if w.timeout <= 0 {
		w.timeout = time.Minute
	}
	end := time.NewTimer(w.timeout)
	defer end.Stop()
	last := ""
	for {
		began := time.Now()
		pending, settled, changed := w.look()
		took := time.Since(began)
		w.drain()
		if settled || w.skip {
			return w.verdict(pending, false)
		}
		if state := w.state(pending); state != last {
			last = state
			w.out.say(api.Line{Type: "progress", Up: len(w.views) - len(pending), Total: len(w.views), Pending: first(pending, 20)})
		}
		w.out.flush()
		select {
		case <-ctx.Done():
			return 1, "the client went away", ""
		case <-w.d.moving.done():
			w.drain()
			return codeMoved, "", ""
		case <-end.C:
			w.look()
			w.drain()
			return w.verdict(pending, true)
		case <-changed:
		case a := <-w.acts:
			w.tell(a)
		case <-w.youth():
		case <-w.second():
		}
		w.pace(ctx, took)
	}
}

// pace rests four times as long as the last look at everything took: of hundreds that begin one after the other, each is
// news, and to look at all of them for each takes the time that they need.
func (w *wait) pace(ctx context.Context, took time.Duration) {
	t := time.NewTimer(min(4*took, 50*time.Millisecond))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// look refreshes the views. settled means that nothing more will happen by itself.
func (w *wait) look() (pending []api.Pending, settled bool, changed <-chan struct{}) {
	all, changed, ok := w.d.rec.Look(time.Now())
	w.views, settled, w.unripe, w.counting = w.views[:0], ok, false, false
	for _, v := range all {
		if !w.mine(v.ID) {
			continue
		}
		w.views = append(w.views, v)
		p, up, final := w.judge(v)
		if !up {
			pending = append(pending, p)
		}
		settled = settled && (up || final)
	}
	return pending, settled, changed
}

// judge tells whether one instance is up, and if not whether it is any use to wait for it.
func (w *wait) judge(v reconcile.View) (p api.Pending, up, final bool) {
	now := time.Now()
	p = api.Pending{ID: v.ID.Short(), Phase: string(v.Verdict.Phase), Reason: w.d.reason(now, v)}
	if _, killed := untilKill(now, v); killed {
		w.counting = true
	}
	if v.Busy {
		return p, false, false
	}
	switch v.Verdict.Phase {
	case reconcile.PhaseRunning:
		if v.Verdict.Pending {
			p.Final = v.Verdict.Final
			return p, false, p.Final
		}
		if why, vain := w.reloading(v); why != "" {
			p.Reason, p.Final = why, vain
			return p, false, vain
		}
		up = !w.young(v) || w.calm(time.Now(), v)
		w.unripe = w.unripe || !up
		return p, up, false
	case reconcile.PhaseHeld, reconcile.PhaseDone:
		return p, true, true
	}
	if v.Verdict.Rest {
		return p, true, true
	}
	if w.ending && lives(v) {
		return p, false, false
	}
	if died := w.deaths(v); died >= hopeless {
		p.Reason, p.Final = fmt.Sprintf("died %d times since: %s", died, p.Reason), true
		return p, false, true
	}
	p.Final = v.Verdict.Final
	return p, false, v.Verdict.Final
}

// lives tells whether an instance has a life that is not over.
func lives(v reconcile.View) bool {
	return slices.ContainsFunc(v.Lives, func(l reconcile.Observed) bool { return l.State == reconcile.Running || l.State == reconcile.Stopping })
}

// young tells whether the life began during this wait and is too young to be trusted.
func (w *wait) young(v reconcile.View) bool {
	began := v.Verdict.Since
	return w.settle > 0 && began.After(w.since) && time.Since(began) < w.settle
}

// deaths counts how often the instance died unasked since the wait began.
func (w *wait) deaths(v reconcile.View) (n int) {
	for _, l := range v.Lives {
		if l.State == reconcile.Exited && !l.Asked && l.Exit.At.After(w.since) {
			n = 1
		}
		for _, death := range l.History.Deaths {
			if death.At.After(w.since) {
				n++
			}
		}
	}
	return n
}

// reloading says what a reload of a cluster waits for; "" for nothing.
func (w *wait) reloading(v reconcile.View) (why string, vain bool) {
	round := w.rounds[v.ID]
	if round == 0 {
		return "", false
	}
	for _, l := range v.Lives {
		if l.State == reconcile.Running {
			return behind(w.d.clusterState(l.Life), round)
		}
	}
	return "", false
}

// youth fires when the oldest of the young lives comes of age.
func (w *wait) youth() <-chan time.Time {
	var due time.Duration = -1
	for _, v := range w.views {
		if v.Verdict.Phase != reconcile.PhaseRunning || !w.young(v) {
			continue
		}
		if left := w.settle - time.Since(v.Verdict.Since); due < 0 || left > due {
			due = left
		}
	}
	if due < 0 && len(w.rounds) > 0 {
		return time.After(reloadPoll)
	}
	if due < 0 && !w.unripe {
		return nil
	}
	if len(w.views) <= calmMost {
		due = min(due, calmPoll)
	}
	return time.After(due + time.Millisecond)
}

// drain tells the actions that wait in the channel.
func (w *wait) drain() {
	for {
		select {
		case a := <-w.acts:
			w.tell(a)
		default:
			return
		}
	}
}

// tell says one action of ours.
func (w *wait) tell(a *reconcile.Action) {
	if !w.mine(a.ID) || w.later(a) {
		return
	}
	if l, ok := line(*a, w.seen); ok {
		l.ID = inFull(l.ID, a.ID, w.foreign)
		w.out.say(l)
		w.said++
	}
}

// later tells whether an action is about a restart that was asked for after this one. The stop and the start of one
// restart are told, or not told, together.
func (w *wait) later(a *reconcile.Action) bool {
	upTo := w.raised[a.ID]
	if upTo == 0 {
		return false
	}
	switch a.Verb {
	case reconcile.Stop:
		_, generation, err := reconcile.ParseLife(a.Life)
		return err == nil && generation >= upTo
	case reconcile.Start:
		return a.Want.Generation > upTo && w.seen[a.ID] == ""
	}
	return false
}

// ids lists the instances that are followed.
func (w *wait) ids() []reconcile.View { return w.views }

// verdict words the end of the wait.
func (w *wait) verdict(pending []api.Pending, late bool) (code int, text, hint string) {
	w.todo = len(pending)
	if len(pending) == 0 {
		return 0, fmt.Sprintf("%s up", plural(len(w.views), "instance is", "instances are")), ""
	}
	if w.skip {
		return 0, "kitt goes on by itself", "kitt status"
	}
	var names []string
	for _, p := range first(pending, 5) {
		names = append(names, fmt.Sprintf("%s is %s: %s", p.ID, p.Phase, p.Reason))
	}
	if more := len(pending) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	text = fmt.Sprintf("%d of %d not %s", len(pending), len(w.views), w.goal())
	if late {
		text += fmt.Sprintf(" after %s", w.timeout)
	}
	w.out.say(api.Line{Type: "progress", Up: len(w.views) - len(pending), Total: len(w.views), Pending: pending})
	return 5, text + "\n  " + strings.Join(names, "\n  "), w.hint(pending)
}

// goal is what all are to be in the end.
func (w *wait) goal() string {
	if w.ending {
		return "down"
	}
	return "up"
}

// hint is the way out that a failure knows, or where to look. Of several that differ each is named.
func (w *wait) hint(pending []api.Pending) string {
	known := map[string]string{}
	for _, v := range w.views {
		known[v.ID.Short()] = v.Verdict.Hint
	}
	var hints []string
	for _, p := range first(pending, 5) {
		way := known[p.ID]
		if way == "" {
			way = "kitt logs " + p.ID
		}
		if len(pending) > 1 {
			way = p.ID + ": " + way
		}
		hints = append(hints, way)
	}
	return strings.Join(hints, "\n")
}

func first[T any](list []T, n int) []T { return list[:min(n, len(list))] }

// line words an action for people, one line for each instance: a start that follows a stop is told by the stop, and the stop that
// follows the start of a successor by that start. seen has the verb by which a replacement was told.
func line(a reconcile.Action, seen map[reconcile.ID]reconcile.Verb) (api.Line, bool) {
	verb := string(a.Verb)
	switch {
	case reconcile.Replaces(a.Reason):
		verb = "restart"
	case strings.HasPrefix(a.Reason, "spec changed") && a.Verb != reconcile.Tune:
		verb = "replace"
	}
	replaces := verb == "restart" || verb == "replace"
	switch told := seen[a.ID]; {
	case a.Verb == reconcile.Forget:
		return api.Line{}, false
	case a.Verb == reconcile.Start && told == reconcile.Stop, a.Verb == reconcile.Stop && told == reconcile.Start && replaces:
		delete(seen, a.ID)
		return api.Line{}, false
	}
	if delete(seen, a.ID); replaces && a.Verb != reconcile.Tune && (a.Verb == reconcile.Stop || a.Want.Beside) {
		seen[a.ID] = a.Verb
	}
	return api.Line{Type: "action", Verb: verb, ID: a.ID.Short(), Reason: a.Reason}, true
}
