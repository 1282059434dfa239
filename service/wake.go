package service

import (
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// sleptLeast is the shortest sleep that counts as one: what is shorter nobody's connections notice.
const sleptLeast = 2 * time.Second

// A nap tells sleep from a clock that was set: it knows how long the machine has slept in all.
type nap struct {
	asleep func() time.Duration // since the boot; local.Asleep
	last   time.Duration        // as it was when this was asked last
}

// since is how long the machine slept since the last call; 0 where it was only the clock that jumped.
func (n *nap) since() time.Duration {
	now := n.asleep()
	slept := now - n.last
	if n.last = now; slept < sleptLeast {
		return 0
	}
	return slept
}

// woke is told that the clock was set, or that the machine slept for so long: schedules and holds are looked at anew, and what
// does not come back well from a sleep is begun anew.
func (d *Daemon) woke(slept time.Duration) {
	d.rec.LookAgain()
	select {
	case d.watch.committed <- struct{}{}: // expire looks for holds that are over
	default:
	}
	if slept <= 0 {
		return
	}
	if ids := wakers(d.rec.Wanted(), d.rec.Lives); len(ids) > 0 {
		d.again(ids, "wake", reconcile.ReasonWake+" after "+seconds(slept)+" of sleep")
	}
}

// wakers are the instances that run and are to be begun anew after a sleep. Pure.
func wakers(want []reconcile.Instance, lives func(reconcile.ID) []reconcile.Observed) (ids []reconcile.ID) {
	for _, in := range want {
		if in.Process.OnWake != spec.WakeRestart || in.Hold != "" {
			continue
		}
		for _, l := range lives(in.ID) {
			if l.State == reconcile.Running {
				ids = append(ids, in.ID)
				break
			}
		}
	}
	return ids
}

// timely tells whether a clock that jumps, or a sleep, matters to anything that is wanted: schedules, ends of holds, on_wake. Pure.
func timely(list []reconcile.Instance, projects map[string]*reconcile.Project) bool {
	for _, in := range list {
		if s := in.Process.Schedule; s.Cron != "" || s.Restart != "" || in.Process.OnWake != "" {
			return true
		}
	}
	for _, p := range projects {
		if p.Down != nil && !p.Down.Until.IsZero() {
			return true
		}
		for _, h := range p.Holds {
			if !h.Until.IsZero() {
				return true
			}
		}
	}
	return false
}
