package service

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// reason is why an instance is in its phase, with what is waited for before it may end.
func (d *Daemon) reason(now time.Time, v reconcile.View) string {
	why := reasonOf(now, v)
	for _, l := range v.Lives {
		if n := d.forwarding.open(l.Life); n > 0 && l.State == reconcile.Stopping {
			why = strings.TrimPrefix(why+"; "+plural(n, "connection is", "connections are")+" waited for", "; ")
		}
	}
	return withPort(v, why, d.portHeld(v.ID))
}

// portHeld says who held the port of an instance when it was last begun.
func (d *Daemon) portHeld(id reconcile.ID) string {
	if d == nil || d.rt == nil { // the daemon does not run yet
		return ""
	}
	return d.rt.PortHeld(id)
}

// withPort adds to a reason that the port of an instance that is not up is held by another. Pure.
func withPort(v reconcile.View, why, held string) string {
	switch p := v.Verdict.Phase; {
	case held == "", strings.Contains(why, " is held by "):
	case p == reconcile.PhaseStarting, p == reconcile.PhaseWaiting, p == reconcile.PhaseFailed:
		return strings.TrimPrefix(why+"; "+held, "; ")
	}
	return why
}

// reasonOf is why an instance is in its phase, with the time that it has left where it is being stopped. Pure.
func reasonOf(now time.Time, v reconcile.View) string {
	why := v.Verdict.Reason
	left, ok := untilKill(now, v)
	switch {
	case !ok:
		return why
	case why == "":
		return left
	}
	return why + "; " + left
}

// untilKill says when what stops will be killed: that of its lives which has longest.
func untilKill(now time.Time, v reconcile.View) (text string, ok bool) {
	var last time.Time
	for _, l := range v.Lives {
		if l.State == reconcile.Stopping && l.Deadline.After(last) {
			last = l.Deadline
		}
	}
	if v.Verdict.Phase != reconcile.PhaseStopping || last.IsZero() {
		return "", false
	}
	left := last.Sub(now)
	if left <= 0 {
		return "SIGKILL was sent", true
	}
	return "SIGKILL in " + seconds(left), true
}

// seconds is a time that is to come, as people count it down: 1s is the last.
func seconds(left time.Duration) string {
	s := int((left + time.Second - 1) / time.Second)
	switch {
	case s < 100:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
}

// state is what a progress line tells, to tell when it would say something else.
func (w *wait) state(pending []api.Pending) string {
	all := []string{strconv.Itoa(len(w.views) - len(pending))}
	if w.counting {
		for _, p := range first(pending, 20) {
			all = append(all, p.ID+" "+p.Reason)
		}
	}
	return strings.Join(all, "\n")
}

// second fires when the countdown has gone on; never where nothing is counted down.
func (w *wait) second() <-chan time.Time {
	if !w.counting {
		return nil
	}
	return time.After(time.Second)
}

// stopTime is how long it may take until all of these have ended, what depends on others first.
func (d *Daemon) stopTime(ctx context.Context, mine func(reconcile.ID) bool) time.Duration {
	lives, _ := d.rt.Observe(ctx)
	var those []reconcile.Observed
	for _, l := range lives {
		if mine(l.ID) {
			those = append(those, l)
		}
	}
	return d.planStops(those).whole() + stopSlack
}
