package reconcile

import (
	"fmt"
	"time"

	"kitt.sh/spec"
)

// overlapTries is how many successors may die before one was ready; then the one that runs stays.
const overlapTries = 3

// overlaps tells whether an instance gives way only once its successor is ready.
func (w World) overlaps(want Instance) bool {
	return !w.Plain && want.Hold == "" && want.Process.Replacing() == spec.Overlap
}

// tried tells whether the last end is that of a successor, which is to be remembered while there is none.
func (w World) tried(want Instance, alive, over []Observed) bool {
	if end := last(over); end == nil || !w.overlaps(want) || !want.current(end) {
		return false
	}
	for i := range alive {
		if want.current(&alive[i]) {
			return false
		}
	}
	return true
}

// judgeOverlap judges an instance that runs as before, with or without a successor beside it; ok is false where there is
// nothing to overlap. What runs is stopped only once the successor is ready.
func judgeOverlap(now time.Time, w World, v Verdict, want Instance, alive, over []Observed) (Verdict, bool) {
	var old, next *Observed
	for i := range alive {
		switch l := &alive[i]; {
		case want.current(l) && next == nil:
			next = l
		case l.State == Running && !want.current(l):
			old = l
		}
	}
	switch {
	case old == nil || next != nil && next.State == Running && next.isReady(now, want.Process):
		return v, false // as ever: what is right stays, what is not is stopped
	case old.Sick != "" && (next == nil || next.State == Running):
		return v.unfit(now, w, want, old, last(over)), true
	case next == nil:
		return succeed(now, w, v, want, old, last(over)), true
	}
	return awaited(now, v, want, old, next), true
}

// awaited is the verdict while a successor lives and is not ready.
func awaited(now time.Time, v Verdict, want Instance, old, next *Observed) Verdict {
	r := Verdict{Phase: PhaseRunning}.readied(now, want.Process, next)
	v.Phase, v.Since, v.Final, v.Wake = PhaseStarting, old.Started, false, r.Wake
	v.Reason = "its successor " + r.Reason + "; it runs as before until then"
	if next.State == Running && r.Final {
		v.Do = append(v.Do, Action{Verb: Stop, ID: want.ID, Life: next.Life, Reason: r.Reason, How: howToStop(want, *next)})
	}
	return v
}

// succeed begins a successor, unless one was tried in vain: then what runs stays.
func succeed(now time.Time, w World, v Verdict, want Instance, old, end *Observed) Verdict {
	h := History{Before: old.History.Before + 1, Restarts: old.History.Restarts + byItself(now, want, *old), Last: old.History.Last}
	reason := misfit(now, w, want, true, old)
	if end != nil && want.current(end) {
		why, due := failedOnce(now, want, end)
		switch {
		case why != "" && due.IsZero():
			v = v.kept(old, "runs as before: its successor "+why, true)
			v.Hint = "kitt restart " + want.ID.Process + " tries again"
			return v
		case why != "":
			v.Phase, v.Since, v.Final, v.Wake = PhaseStarting, old.Started, false, due
			v.Reason = "its successor " + why + "; it runs as before until then"
			return v
		}
		h, reason = inherit(*end), fmt.Sprintf("its successor died: %s, try %d", end.Exit, len(end.History.Deaths)+2)
	}
	if why, vain := blocked(now, w, want); why != "" {
		return v.kept(old, "its successor "+why, vain)
	}
	if end != nil && !want.current(end) {
		end = nil // it is forgotten already
	}
	v.Since, v.Final = old.Started, false
	want.Beside = true
	v = v.start(now, w, want, end, reason, h)
	v.Reason = "its successor begins: " + reason
	return v
}

// failedOnce says why no successor is to be begun, and until when; for good where due is zero. "" if one may.
func failedOnce(now time.Time, want Instance, end *Observed) (why string, due time.Time) {
	deaths := len(end.History.Deaths) + 1
	pause := backoff(want.Process.Restart, deaths)
	at := end.Exit.At.Add(pause)
	switch {
	case end.State == Exited && end.Asked:
		why = fmt.Sprintf("was not ready within %s", want.Process.Within())
		if end.Unwell != "" {
			why += ": " + end.Unwell
		}
		return why, due
	case end.State == NoStart && !end.Exit.Retry:
		return "cannot start: " + end.Exit.Text, due
	case deaths >= overlapTries:
		return fmt.Sprintf("died %d times before it was ready, the last: %s", deaths, end.Exit), due
	case now.Before(at) && at.Sub(now) <= 2*pause:
		return fmt.Sprintf("died: %s; try %d at %s", end.Exit, deaths+1, at.Local().Format("15:04:05")), at
	}
	return "", due
}
