package service

import (
	"time"

	"kitt.sh/reconcile"
)

// calmTime is how long a young life must have slept, without a moment on a processor, to be trusted before settleTime:
// a program that is missing a module is busy until it dies.
const calmTime = 40 * time.Millisecond

// calmMost is how many young lives are looked at in this way; more are just waited for.
const calmMost = 32

// calmPoll is how often they are looked at.
const calmPoll = 8 * time.Millisecond

// A slumber is since when a process was seen to sleep, and how long it had run by then.
type slumber struct {
	ran   uint64 // ns on a processor
	since time.Time
}

// calm tells whether the living program of v has been asleep for calmTime.
func (w *wait) calm(now time.Time, v reconcile.View) bool {
	if len(w.views) > calmMost {
		return false
	}
	pid := 0
	for _, l := range v.Lives {
		if l.State == reconcile.Running {
			pid = l.PID
		}
	}
	ran, asleep := atRest(pid)
	was, known := w.asleep[pid]
	if !asleep || !known || was.ran != ran {
		if w.asleep == nil {
			w.asleep = map[int]slumber{}
		}
		w.asleep[pid] = slumber{ran, now}
		return false
	}
	return now.Sub(was.since) >= calmTime
}
