package reconcile

import (
	"time"

	"kitt.sh/spec"
)

// A progress is how far an instance has come from what it ran before to what is wanted of it now.
type progress uint8

const (
	idle   progress = iota // it is to be down
	before                 // it runs as before, and nothing was done yet
	moving                 // in between: it stops, it begins, it is not ready yet
	stuck                  // what is wanted does not come up: it died, it was not ready in time
	fresh                  // it runs as wanted
)

// current tells whether a life is the one that is wanted.
func (in Instance) current(l *Observed) bool { return l.Generation >= in.Generation && l.Run == in.Run }

// progressOf looks at one instance. Pure, and cheap: it judges nothing else.
func (w World) progressOf(now time.Time, in Instance) progress {
	if in.Hold != "" || in.Process.Schedule.Job() {
		return idle
	}
	var next, old *Observed
	ending := false
	for i := range w.Have[in.ID] {
		switch l := &w.Have[in.ID][i]; {
		case l.State == Stopping:
			ending = true
		case l.State == Running && in.current(l):
			next = l
		case l.State == Running:
			old = l
		}
	}
	switch {
	case next != nil:
		return arrived(now, in.Process, next, old != nil || ending)
	case ending:
		return moving
	}
	_, over := split(w.Have[in.ID])
	end := last(over)
	switch {
	case end != nil && in.current(end):
		return attempt(in.Process, end)
	case old != nil:
		return before
	}
	return moving // it is about to begin, or waits for others
}

// arrived is the progress of an instance whose wanted life runs; others tells whether one before it is still there.
func arrived(now time.Time, p *spec.Process, l *Observed, others bool) progress {
	switch v := (Verdict{Phase: PhaseRunning}).readied(now, p, l); {
	case v.Phase == PhaseStarting && v.Final:
		return stuck
	case v.Phase == PhaseStarting || others:
		return moving
	}
	return fresh
}

// attempt is the progress of an instance whose wanted life is over.
func attempt(p *spec.Process, end *Observed) progress {
	if end.State == Exited && !end.Asked {
		if out, _ := judge(p.Restart, end.Exit); out == done {
			return fresh
		}
	}
	return stuck
}
