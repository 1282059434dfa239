package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"kitt.sh/spec"
)

// A Phase is where an instance stands, for people.
type Phase string

const (
	PhaseWaiting  Phase = "waiting"  // for a dependency or the next try
	PhaseStarting Phase = "starting" // alive, not ready
	PhaseRunning  Phase = "running"
	PhaseStopping Phase = "stopping"
	PhaseDone     Phase = "done"   // ended as it should
	PhaseFailed   Phase = "failed" // gave up, or cannot start
	PhaseHeld     Phase = "held"
)

// A Verdict is what Judge makes of one instance: where it stands, and what to do about it.
type Verdict struct {
	Phase  Phase
	Reason string    // "" when all is as it should be
	Hint   string    // the way out of a failure, if there is one
	Since  time.Time // when it came into this phase
	Do     []Action
	Wake   time.Time // when to judge again if nothing happens before; zero: never
	Final  bool      // nothing more will happen by itself
	Rest   bool      // waiting, and that is as it should be: a job before its time

	Pending bool // it runs, but as before: it is to be replaced
}

// Judge is the heart: one instance, what is wanted of it and what there is of it. Pure.
func Judge(now time.Time, w World, id ID) Verdict {
	want, wanted := w.Want[id]
	alive, over := split(w.Have[id])
	v := Verdict{Final: true}
	if !wanted && w.lost(id.Project) {
		return v.leftAlone(alive, over)
	}
	v.Do = forget(id, over, wanted && (len(alive) == 0 || w.tried(want, alive, over)))
	if wanted && len(alive) > 0 {
		if why, vain := w.awaits(now, want, &alive[0]); why != "" && len(alive) == 1 && alive[0].State == Running {
			return v.asBefore(now, w, want, &alive[0], last(over), why, vain)
		}
		if w.overlaps(want) {
			if v, ok := judgeOverlap(now, w, v, want, alive, over); ok {
				return v
			}
		}
	}
	switch {
	case len(alive) > 0:
		return judgeAlive(now, w, v, id, want, wanted, alive)
	case !wanted:
		v.Phase = PhaseDone
		return v
	}
	return judgeDown(now, w, v, want, last(over))
}

// leftAlone judges an instance of which it is not known whether it is wanted. It may be stopped by name all the same.
func (v Verdict) leftAlone(alive, over []Observed) Verdict {
	v.Phase, v.Reason = PhaseWaiting, "left alone: what is wanted of its project cannot be read"
	switch end := last(over); {
	case len(alive) > 0 && alive[0].State == Stopping:
		v.Phase, v.Reason, v.Final = PhaseStopping, "stopped by you", false
	case len(alive) == 0 && end != nil && end.Asked:
		v.Phase, v.Reason = PhaseDone, ""
	}
	return v
}

// lost tells whether nobody knows what is wanted of a project: then nothing of it is touched.
func (w World) lost(project string) bool {
	if w.Lost[project] {
		return true
	}
	_, named := w.Lost[project]
	return w.Lost[""] && !named
}

// split parts the lives of an instance into those that live and those that are over.
// The one to keep of several that live comes first: not the one that stops already, else the oldest.
func split(lives []Observed) (alive, over []Observed) {
	if len(lives) == 1 && lives[0].alive() { // nearly always; copying would be most of the cost of a look at all
		return lives, nil
	}
	for _, l := range lives {
		if l.alive() {
			alive = append(alive, l)
		} else {
			over = append(over, l)
		}
	}
	slices.SortFunc(alive, func(a, b Observed) int {
		return cmp.Or(cmp.Compare(a.State, b.State), a.Started.Compare(b.Started), cmp.Compare(a.Life, b.Life))
	})
	return alive, over
}

// last returns the life that ended last, or nil. Its place in the row and its generation tell, whatever the clock said.
func last(over []Observed) *Observed {
	var l *Observed
	for i := range over {
		o := &over[i]
		if l == nil || cmp.Or(cmp.Compare(o.History.Before, l.History.Before), cmp.Compare(o.Generation, l.Generation), o.Exit.At.Compare(l.Exit.At), cmp.Compare(o.Life, l.Life)) > 0 {
			l = o
		}
	}
	return l
}

// forget drops the lives that are over, but for the last one if it is still to be judged.
// A life that began since has inherited what is to be known of it.
func forget(id ID, over []Observed, keepLast bool) (do []Action) {
	keep := last(over)
	for i := range over {
		if keepLast && over[i].Life == keep.Life {
			continue
		}
		do = append(do, Action{Verb: Forget, ID: id, Life: over[i].Life, Reason: "over"})
	}
	return do
}

// judgeAlive judges an instance that has at least one living life: is it the right one?
func judgeAlive(now time.Time, w World, v Verdict, id ID, want Instance, wanted bool, alive []Observed) Verdict {
	right := -1
	for i := range alive {
		l := &alive[i]
		why := misfit(now, w, want, wanted, l)
		if why == "" && right < 0 {
			right = i
			continue
		}
		if why == "" {
			why = "another life of it runs already"
		}
		if wait := w.lasts(want, id); wait != "" && l.State == Running {
			why = wait
		} else if l.State == Running {
			v.Do = append(v.Do, Action{Verb: Stop, ID: id, Life: l.Life, Reason: why, How: howToStop(want, *l)})
		}
		if l.Trouble != "" {
			why += "; " + l.Trouble
		}
		v.Phase, v.Reason, v.Since, v.Final = PhaseStopping, why, l.Started, false
	}
	if right < 0 {
		return v
	}
	l := &alive[right]
	v.Phase, v.Since, v.Reason, v.Final = PhaseRunning, l.Started, l.Trouble, true
	if v.Reason == "" {
		v.Reason = cmp.Or(l.Note, want.Note)
	}
	v.Wake = ends(now, want, l)
	if l.State == Stopping {
		v.Phase, v.Final = PhaseStopping, false
		return v
	}
	v = v.readied(now, want.Process, l)
	if why := untuned(want.Process, l); why != "" {
		v.Do = append(v.Do, Action{Verb: Tune, ID: id, Life: l.Life, Reason: "spec changed: " + why, Want: want})
	}
	return v
}

// untuned names the live settings that a life carries with it and that are no longer the wanted ones; "" if none.
func untuned(p *spec.Process, l *Observed) string {
	var room [128]byte
	log := l.Limits != string(appendLimits(room[:0], p.Log))
	stop := !l.Stop.Same(&p.Stop)
	switch {
	case log && stop:
		return "log, stop"
	case log:
		return "log"
	case stop:
		return "stop"
	}
	return ""
}

// misfit says why a living life is not what is wanted; "" if it is.
func misfit(now time.Time, w World, want Instance, wanted bool, l *Observed) string {
	if wanted && want.Process.Schedule.Job() {
		return misfitJob(now, want, l)
	}
	switch {
	case !wanted && w.Renamed[l.ID.Project] != "":
		return "project " + l.ID.Project + " is now " + w.Renamed[l.ID.Project]
	case !wanted:
		return "no longer wanted"
	case want.Hold != "":
		return want.Hold
	case l.Generation < want.Generation:
		return want.askedFor()
	case l.Run != want.Run:
		if fields := w.Why[l.Run]; fields != "" {
			return "spec changed: " + fields
		}
		return "spec changed"
	}
	if why := cascaded(now, w, want, l); why != "" {
		return why
	}
	if l.Sick != "" && want.Process.Restart.Policy != "never" {
		return l.Sick
	}
	return overdue(now, want, l)
}

// judgeDown judges a wanted instance of which nothing lives; end is its last life, or nil.
func judgeDown(now time.Time, w World, v Verdict, want Instance, end *Observed) Verdict {
	if want.Hold != "" {
		v.Phase, v.Reason = PhaseHeld, want.Hold
		if end != nil {
			v.Since = end.Exit.At
		}
		return v
	}
	v.Final = false
	if want.Process.Schedule.Job() {
		return judgeJob(now, w, v, want, end)
	}
	fresh, reason := renewed(now, w, want, end)
	if !fresh {
		v = judgeDeath(now, w, v, want, *end)
		if v.Phase != PhaseStarting {
			v.Wake = sooner(v.Wake, due(now, want, end))
		}
		return v
	}
	h := History{}
	if end != nil {
		h.Before, h.Restarts, h.Last = end.History.Before+1, end.History.Restarts+byItself(now, want, *end), end.Exit
		v.Since = end.Exit.At
	}
	return v.start(now, w, want, end, reason, h)
}

// renewed tells whether a start owes nothing to the last death, and the start's reason.
func renewed(now time.Time, w World, want Instance, end *Observed) (bool, string) {
	switch {
	case end == nil:
		return true, "not running"
	case end.Generation < want.Generation:
		return true, want.askedFor()
	case end.Run != want.Run:
		if fields := w.Why[end.Run]; fields != "" {
			return true, "spec changed: " + fields
		}
		return true, "spec changed"
	case overdue(now, want, end) != "":
		return true, overdue(now, want, end)
	case end.Asked && end.Sick == "":
		if w.overlaps(want) && !end.Ready && want.Process.Within() > 0 { // a successor that was ended; what it stood beside is gone
			return true, "not running"
		}
		return true, cmp.Or(cascaded(now, w, want, end), "start asked for")
	}
	return false, ""
}

// judgeDeath judges an instance whose last life ended unasked: again, later, or never.
func judgeDeath(now time.Time, w World, v Verdict, want Instance, end Observed) Verdict {
	r := want.Process.Restart
	v.Since = end.Exit.At
	h := inherit(end)
	if end.State == NoStart && !end.Exit.Retry {
		return v.down(PhaseFailed, end.Exit.Text, end.Exit.Hint)
	}
	if want.Process.Mode == spec.ModeCluster && end.Exit.How == "exit" && end.Exit.Code == spec.ExitGaveUp {
		return v.down(PhaseFailed, "gave up: its workers died too often", "kitt logs "+want.ID.Short()+" shows their last words; kitt restart "+want.ID.Process+" tries again")
	}
	if end.State == Exited && end.Sick == "" {
		switch out, why := judge(r, end.Exit); out {
		case done:
			return v.down(PhaseDone, why, "")
		case failed:
			return v.down(PhaseFailed, why, "")
		}
	}
	what := cmp.Or(end.Sick, end.Exit.String())
	if spent(r, h.Deaths) {
		why := fmt.Sprintf("gave up: %d deaths within %s, the last: %s", r.Max, r.Within, what)
		return v.down(PhaseFailed, why, "kitt logs "+want.ID.Short()+" shows its last words; kitt restart "+want.ID.Process+" tries again")
	}
	n := streak(r, h.Deaths)
	pause := backoff(r, n)
	due := end.Exit.At.Add(pause)
	if now.Before(due) && due.Sub(now) <= 2*pause { // further off: the clock was set back
		due = now.Add(due.Sub(now)) // the same, but after a sleep, which is no part of the pause, it is later by the clock
		v.Phase, v.Wake = PhaseWaiting, due
		v.Reason = fmt.Sprintf("%s; try %d at %s", what, n+1, due.Local().Format("15:04:05"))
		return v
	}
	h.Restarts++
	return v.start(now, w, want, &end, fmt.Sprintf("%s, try %d", what, n+1), h)
}

// inherit is the history of a life that ended unasked, with that death in it.
func inherit(end Observed) History {
	h := History{Before: end.History.Before + 1, Restarts: end.History.Restarts, Last: end.Exit}
	ran := max(0, end.Exit.At.Sub(end.Started)-end.Slept)
	if end.State == NoStart {
		ran = 0
	}
	h.Deaths = append(append(h.Deaths, end.History.Deaths...), Death{At: end.Exit.At, Ran: ran})
	if over := len(h.Deaths) - maxDeaths; over > 0 {
		h.Deaths = h.Deaths[over:]
	}
	return h
}

// start adds the start of a life, unless a dependency must come first.
func (v Verdict) start(now time.Time, w World, want Instance, end *Observed, reason string, h History) Verdict {
	v.Phase = PhaseStarting
	if why, vain := blocked(now, w, want); why != "" {
		v.Phase, v.Reason, v.Final = PhaseWaiting, why, vain
		return v
	}
	v.Reason = reason
	v.Do = append(v.Do, Action{Verb: Start, ID: want.ID, Reason: reason, History: h, Want: want})
	if end != nil {
		v.Do = append(v.Do, Action{Verb: Forget, ID: want.ID, Life: end.Life, Reason: "over"})
	}
	return v
}

// down ends a verdict in which the instance stays down for good.
func (v Verdict) down(p Phase, why, hint string) Verdict {
	v.Phase, v.Reason, v.Hint, v.Final = p, why, hint, true
	return v
}

// howToStop is the present way to stop a life, or the one it was started with if it is no longer wanted.
func howToStop(want Instance, l Observed) spec.Stop {
	switch {
	case want.Process != nil:
		return want.Process.Stop
	case l.Stop.Signal == "": // its record could not be read
		return spec.Defaults().Stop
	}
	return l.Stop
}
