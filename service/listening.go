package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/reconcile/local"
	"kitt.sh/spec"
)

// listening tells the keeper which sockets are wanted: those of every process that is to be up and has not given up. So a
// restart and a pause before the next try keep them, and what is held, gone or given up leaves no client waiting.
type listening struct {
	d     *Daemon
	pokes chan struct{}
	anew  atomic.Bool // the keeper may hold others than it was told

	told  []keeper.Socket // of run alone, as what follows
	knows bool            // the keeper was told by this daemon
	said  string          // what was wrong at last
	pause time.Duration   // until it is told again
}

// A list of which one could not be had is told again after a pause, which grows. A start that needs it tries by itself.
const listenAgain, listenMost = time.Second, time.Minute

// listenWithin is how long an answer of the keeper is waited for.
const listenWithin = 5 * time.Second

func newListening(d *Daemon) *listening {
	return &listening{d: d, pokes: make(chan struct{}, 1), pause: listenAgain}
}

func (l *listening) poke() {
	if l == nil { // the daemon does not run yet
		return
	}
	select {
	case l.pokes <- struct{}{}:
	default:
	}
}

// run tells the keeper whenever the list changes, until ctx ends.
func (l *listening) run(ctx context.Context) error {
	stopping := l.d.stopping
	for {
		changed := l.d.rec.Changed()
		want, some := l.wanted(time.Now())
		again := l.settle(ctx, want)
		if !some {
			changed = nil // nothing but another want makes a socket wanted
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stopping:
			stopping = nil
		case <-l.pokes:
		case <-changed:
		case <-again:
		}
	}
}

// settle tells the keeper the list if it may not know it. Where one of it could not be had, it returns when to try again.
func (l *listening) settle(ctx context.Context, want []keeper.Socket) (again <-chan time.Time) {
	if !l.anew.Swap(false) && l.knows && slices.Equal(want, l.told) {
		return nil
	}
	err := l.tell(ctx, want)
	l.told, l.knows = want, err == nil
	if err == nil || len(want) == 0 {
		l.said, l.pause = "", listenAgain
		return nil
	}
	if err.Error() != l.said {
		l.said = err.Error()
		l.d.Log.Warn("listen", "err", err)
	}
	again = time.After(l.pause)
	l.pause = min(2*l.pause, listenMost)
	return again
}

// tell gives the keeper the whole list.
func (l *listening) tell(ctx context.Context, want []keeper.Socket) error {
	ctx, cancel := context.WithTimeout(ctx, listenWithin)
	defer cancel()
	return l.d.Keeper.Listen(ctx, want, false)
}

// wanted lists the sockets of all processes, sorted by address, each once. some: there may be others once a process fares
// otherwise.
func (l *listening) wanted(now time.Time) (out []keeper.Socket, some bool) {
	if l.d.goingDown() {
		return nil, false
	}
	seen := map[string]bool{}
	for _, in := range l.d.rec.Wanted() {
		owner := in.ID.Project + "/" + in.ID.Process
		if len(in.Process.Listen) == 0 || in.Hold != "" || seen[owner] {
			continue
		}
		some = true
		switch l.d.rec.LookAt(now, in.ID).Phase {
		case reconcile.PhaseFailed, reconcile.PhaseDone:
			continue
		}
		seen[owner] = true
		out = append(out, local.Sockets(in.ID.Project, in.Process)...)
	}
	slices.SortFunc(out, func(a, b keeper.Socket) int { return cmp.Compare(a.Addr, b.Addr) })
	return slices.CompactFunc(out, func(a, b keeper.Socket) bool { return a.Addr == b.Addr }), some
}

// mayListen opens the sockets of the processes of s that means names and that are to be up, before anything is changed: where
// one cannot be had, none is opened, and the error says which, and who has it. The caller holds mu.
func (d *Daemon) mayListen(ctx context.Context, s *spec.Spec, means func(process string) bool) error {
	if d.listening == nil { // the daemon does not run yet
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, listenWithin)
	defer cancel()
	for i := range s.Processes {
		p := &s.Processes[i]
		if err := d.listensElsewhere(s, p); err != nil {
			return err
		}
		if len(p.Listen) == 0 || p.Held || !means(p.Name) {
			continue
		}
		d.listening.anew.Store(true)
		err := d.rt.Listen(ctx, local.Sockets(s.Project, p))
		var no local.Refusal
		if errors.As(err, &no) {
			d.listening.poke()
			return failure{1, fmt.Sprintf("%s: process %q: %s", s.File, p.Name, no.Text), no.Hint}
		}
	}
	return nil
}

// listensElsewhere refuses an address that a process of another file has. The caller holds mu.
func (d *Daemon) listensElsewhere(s *spec.Spec, p *spec.Process) error {
	for _, mine := range p.Listen {
		for name, other := range d.specs {
			for _, q := range other.Processes {
				same := slices.ContainsFunc(q.Listen, func(o spec.Socket) bool { return o.Address == mine.Address })
				if same && name != s.Project && other.File != s.File {
					return failure{1, fmt.Sprintf("%s: process %q: listen on %s: kitt listens there for %s/%s", s.File, p.Name, mine.Address, name, q.Name), "choose another address"}
				}
			}
		}
	}
	return nil
}
