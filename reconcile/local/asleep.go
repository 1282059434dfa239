package local

import (
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile"
)

// apart is how far a clock that goes on in sleep is before one that does not.
func apart(always, awake int32) time.Duration {
	var a, b unix.Timespec
	if unix.ClockGettime(awake, &a) != nil || unix.ClockGettime(always, &b) != nil {
		return 0
	}
	return max(0, time.Duration(b.Nano()-a.Nano())).Round(time.Millisecond)
}

// noteSleep fills in how long the machine slept while a life ran that this daemon did not see begin. asleep is what Asleep
// says now. Pure.
func noteSleep(o *reconcile.Observed, now time.Time, asleep time.Duration) {
	if o.Asleep == 0 {
		return
	}
	slept := asleep - (o.Asleep - 1)
	if o.State == reconcile.Exited {
		slept -= now.Sub(o.Exit.At) // it may have slept after the end as well: what surely was before
	}
	o.Slept = max(0, slept)
}

// anchored gives a time that is past the clock's monotonic reading, so that neither a clock that is set nor a sleep of the
// machine from now on bends what is counted from it. What lies in the future stays as it is.
func anchored(t time.Time) time.Time {
	now := time.Now()
	if d := now.Sub(t); !t.IsZero() && d > 0 {
		return now.Add(-d)
	}
	return t
}
