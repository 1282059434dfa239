package service

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/probe"
)

// grace is how long after a sleep of the machine nothing counts against a program: its connections are gone, its timers late.
const grace = 30 * time.Second

// dumpTime is how long a stalled program may write where it stands.
const dumpTime = 2 * time.Second

// whileAlive asks a life that is ready whether it is alive, and condemns it once it has not been for long enough.
func (q *inquiry) whileAlive(ctx context.Context) {
	a := &q.want.Process.Alive
	if !q.begun(ctx) || !rests(ctx, time.Until(q.life.Started.Add(a.InitialDelay))) {
		return
	}
	count, spared := probe.Count{}, time.Time{}
	for {
		last := time.Now()
		err := probe.Ask(ctx, &a.Probe, q.anyTarget())
		now := time.Now()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && (now.Before(spared) || q.p.sockets.excused(q.life.Life)):
			count = probe.Count{}
		default:
			if count = count.Add(err == nil); !q.answered(ctx, count, err) {
				return
			}
		}
		if !rests(ctx, a.Every()) {
			return
		}
		if probe.Slept(last, time.Now()) {
			count, spared = probe.Count{}, time.Now().Add(grace)
		}
	}
}

// begun waits until the life is ready, or should have been.
func (q *inquiry) begun(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-q.ready:
		return true
	}
}

// answered notes what came of one question; false means that the life is condemned and need not be asked any more.
func (q *inquiry) answered(ctx context.Context, count probe.Count, err error) (on bool) {
	a := &q.want.Process.Alive
	switch {
	case err == nil && count.Good >= a.Good():
		q.p.d.rt.Feels(q.life.Life, true, "")
		q.recovered()
	case err == nil:
	case count.Bad < a.Bad():
		q.p.d.rt.Unwell(q.life.Life, fmt.Sprintf("does not answer as it should (%d of %d): %s", count.Bad, a.Bad(), err))
	default:
		return !q.condemn(ctx, reconcile.ReasonSick+times(count.Bad)+err.Error())
	}
	return true
}

func times(n int) string {
	if n == 1 {
		return ""
	}
	return fmt.Sprintf("%d times in a row: ", n)
}

// recovered tells that an instance that was unhealthy is well again, if it was.
func (q *inquiry) recovered() {
	q.p.mu.Lock()
	was := q.p.unwell[q.life.ID]
	delete(q.p.unwell, q.life.ID)
	q.p.mu.Unlock()
	if was {
		q.event("healthy", "it answers again")
	}
}

// condemn notes why a life must be begun anew; false where its spec forbids that: then it goes on, and is told of once.
func (q *inquiry) condemn(ctx context.Context, why string) bool {
	q.p.mu.Lock()
	was := q.p.unwell[q.life.ID]
	q.p.unwell[q.life.ID] = true
	q.p.mu.Unlock()
	if q.want.Process.Restart.Policy == "never" {
		q.p.d.rt.Feels(q.life.Life, false, why)
		if !was {
			q.event("unhealthy", why+"; restart.policy is never")
		}
		return false
	}
	q.event("unhealthy", why)
	if err := q.p.d.rt.Sicken(ctx, q.life.Life, why); err != nil {
		q.p.d.Log.Warn("end what is unhealthy", "life", q.life.Life, "err", err)
	}
	return true
}

// watchdog condemns a life whose WATCHDOG=1 does not come any more. The time counts from the first one, or from its being ready.
func (q *inquiry) watchdog(ctx context.Context) {
	if !q.begun(ctx) {
		return
	}
	since := time.Now()
	for {
		last, within, failed := q.p.sockets.pinged(q.life.Life)
		if within == 0 {
			within = q.want.Process.Alive.Watchdog
		}
		if last.Before(since) {
			last = since
		}
		left := time.Until(last.Add(within))
		switch {
		case failed:
			q.condemn(ctx, reconcile.ReasonSick+"it sent WATCHDOG=trigger")
			return
		case left <= 0:
			q.condemn(ctx, fmt.Sprintf("%sno WATCHDOG=1 for %s", reconcile.ReasonSick, within))
			return
		}
		before := time.Now()
		if !q.rest(ctx, left) {
			return
		}
		if now := time.Now(); probe.Slept(before, now) {
			since = now
		}
	}
}

// stall condemns a life that has written nothing for long, after it was asked to write where it stands.
func (q *inquiry) stall(ctx context.Context) {
	a := &q.want.Process.Alive
	dir, since := q.p.d.folder(q.life.ID), q.life.Started
	for {
		left := time.Until(lastOutput(dir, since).Add(a.StalledAfter))
		if left <= 0 {
			break
		}
		before := time.Now()
		if !rests(ctx, left) {
			return
		}
		if now := time.Now(); probe.Slept(before, now) {
			since = now
		}
	}
	if a.Dump != "" {
		q.p.d.signal(ctx, map[reconcile.ID]bool{q.life.ID: true}, unix.SignalNum(a.Dump), api.Signal{}, func(api.Line) {})
		if !rests(ctx, dumpTime) {
			return
		}
	}
	q.condemn(ctx, fmt.Sprintf("%sno output for %s", reconcile.ReasonStall, a.StalledAfter))
}

// lastOutput is when a program wrote last, or since.
func lastOutput(dir string, since time.Time) time.Time {
	for _, stream := range []string{"/out", "/err"} {
		if st, err := os.Stat(dir + stream + "/current"); err == nil && st.ModTime().After(since) {
			since = st.ModTime()
		}
	}
	return since
}
