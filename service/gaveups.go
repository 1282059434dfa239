package service

import (
	"context"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// gaveups tells, once each, that an instance stays down: the verdict follows an end, or a start that could not be, by a
// turn or two. While nothing ends and nothing starts it only waits.
type gaveups struct {
	d    *Daemon
	kick chan struct{}

	mu    sync.Mutex
	watch map[reconcile.ID]time.Time // until when the verdict is waited for
	told  map[reconcile.ID]time.Time // since when an instance that was told of is down
}

// judgedWithin is how long after an end its verdict is waited for.
const judgedWithin = 10 * time.Second

func newGaveups(d *Daemon) *gaveups {
	return &gaveups{d: d, kick: make(chan struct{}, 1), watch: map[reconcile.ID]time.Time{}, told: map[reconcile.ID]time.Time{}}
}

// look has the verdict on an instance waited for.
func (g *gaveups) look(id reconcile.ID) {
	if g == nil {
		return
	}
	g.mu.Lock()
	g.watch[id] = time.Now().Add(judgedWithin)
	g.mu.Unlock()
	select {
	case g.kick <- struct{}{}:
	default:
	}
}

func (g *gaveups) run(ctx context.Context) error {
	g.before(ctx)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var changed <-chan struct{}
		timer.Stop()
		if g.waits() {
			changed = g.d.rec.Changed() // first: what changes meanwhile is seen in the next round
			g.judge(time.Now())
			timer.Reset(judgedWithin)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-g.kick:
		case <-changed:
		case <-timer.C:
		}
	}
}

func (g *gaveups) waits() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.watch) > 0
}

// before finds those that were down before this daemon came, and of which the log tells nothing: the one before may have
// died in between.
func (g *gaveups) before(ctx context.Context) {
	last := map[string]string{}
	for _, v := range g.d.settled(ctx) {
		if v.Verdict.Phase != reconcile.PhaseFailed {
			continue
		}
		if len(last) == 0 {
			for _, ev := range g.d.events.tail(2000) {
				if ev.Kind == "gaveup" || ev.Kind == "exit" || ev.Kind == "start" {
					last[ev.ID] = ev.Kind
				}
			}
		}
		if last[v.ID.String()] == "gaveup" {
			g.told[v.ID] = v.Verdict.Since
			continue
		}
		g.look(v.ID)
	}
}

// judge looks at those that are waited for.
func (g *gaveups) judge(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, until := range g.watch {
		v := g.d.rec.LookAt(now, id)
		if v.Phase == reconcile.PhaseFailed && !g.told[id].Equal(v.Since) {
			g.told[id] = v.Since
			delete(g.watch, id)
			g.tell(id, v)
			continue
		}
		if now.After(until) {
			delete(g.watch, id)
			if v.Phase != reconcile.PhaseFailed {
				delete(g.told, id)
			}
		}
	}
}

// tell writes it down. Where one run was all that was asked for nothing was given up.
func (g *gaveups) tell(id reconcile.ID, v reconcile.Verdict) {
	p := g.d.processOf(id)
	if p == nil || p.Schedule.Job() || p.Restart.Policy == "never" {
		return
	}
	g.d.events.add(api.Event{Kind: "gaveup", ID: id.String(), Reason: v.Reason}) // without the life: that is its exit's word
}
