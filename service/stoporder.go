package service

import (
	"context"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// stopSlack is how much longer than it may take a stop is waited for, before what it held up is stopped all the same.
const stopSlack = 2 * time.Second

// stops is what is to be stopped, and in which order: what depends on others goes before them.
type stops struct {
	lives map[reconcile.ID][]reconcile.Observed // of each instance, those that live
	after map[reconcile.ID][]reconcile.ID       // those that must have ended before
	takes map[reconcile.ID]time.Duration        // how long its own stop may take
}

// planStops sorts what lives.
func (d *Daemon) planStops(all []reconcile.Observed) stops {
	s := stops{map[reconcile.ID][]reconcile.Observed{}, nil, map[reconcile.ID]time.Duration{}}
	var ids []reconcile.ID
	for _, l := range all {
		if l.State != reconcile.Running && l.State != reconcile.Stopping {
			continue
		}
		if s.lives[l.ID] == nil {
			ids = append(ids, l.ID)
		}
		s.lives[l.ID] = append(s.lives[l.ID], l)
		how := d.howToStop(l)
		s.takes[l.ID] = max(s.takes[l.ID], how.Longest())
	}
	s.after = reconcile.StopsAfter(ids, d.needsOf)
	return s
}

// needsOf are the processes that an instance depends on.
func (d *Daemon) needsOf(id reconcile.ID) map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.specs[id.Project]; s != nil {
		if p := process(s, id.Process); p != nil {
			return p.DependsOn
		}
	}
	return nil
}

// whole is how long all of it may take: the longest way through what waits for each other.
func (s stops) whole() (longest time.Duration) {
	known := map[reconcile.ID]time.Duration{}
	var way func(id reconcile.ID, depth int) time.Duration
	way = func(id reconcile.ID, depth int) time.Duration {
		if t, ok := known[id]; ok || depth > len(s.lives) {
			return t
		}
		before := time.Duration(0)
		for _, up := range s.after[id] {
			before = max(before, way(up, depth+1)+stopSlack)
		}
		known[id] = before + s.takes[id]
		return known[id]
	}
	for id := range s.lives {
		longest = max(longest, way(id, 0))
	}
	return longest
}

// due are the instances that may be stopped, since nothing lives that must end before.
func (s stops) due(ordered map[reconcile.ID]bool, alive func(reconcile.ID) bool) (ids []reconcile.ID) {
	for id := range s.lives {
		free := !ordered[id]
		for _, up := range s.after[id] {
			free = free && !alive(up)
		}
		if free {
			ids = append(ids, id)
		}
	}
	return ids
}

// stopAllOf has the keeper stop everything that lives, each in its own way and turn. It does not wait for the last ends.
func (d *Daemon) stopAllOf(ctx context.Context, s stops, say func(api.Line)) (n int) {
	ordered, until := map[reconcile.ID]bool{}, map[reconcile.ID]time.Time{}
	for len(ordered) < len(s.lives) && ctx.Err() == nil {
		living := d.livingNow(ctx)
		due := s.due(ordered, func(id reconcile.ID) bool {
			return living[id] && (until[id].IsZero() || time.Now().Before(until[id]))
		})
		var wg sync.WaitGroup
		for _, id := range due {
			ordered[id], until[id] = true, time.Now().Add(s.takes[id]+stopSlack)
			for _, l := range s.lives[id] {
				n++
				say(api.Line{Type: "action", Verb: "stop", ID: id.Short(), Reason: "kitt shuts down"})
				wg.Go(func() { d.stopLife(ctx, l) })
			}
		}
		wg.Wait()
		if len(ordered) < len(s.lives) && len(due) == 0 {
			d.pokedWithin(ctx, 50*time.Millisecond)
		}
	}
	return n
}

func (d *Daemon) stopLife(ctx context.Context, l reconcile.Observed) {
	if err := d.rt.Stop(ctx, l.Life, d.howToStop(l), 0); err != nil {
		d.Log.Warn("stop", "life", l.Life, "err", err)
	}
}

// livingNow are the instances that live; where that cannot be seen, none, so that nothing waits for it.
func (d *Daemon) livingNow(ctx context.Context) map[reconcile.ID]bool {
	living := map[reconcile.ID]bool{}
	lives, _ := d.rt.Observe(ctx)
	for _, l := range lives {
		if l.State == reconcile.Running || l.State == reconcile.Stopping {
			living[l.ID] = true
		}
	}
	return living
}

// pokedWithin waits until a life has changed, or for so long.
func (d *Daemon) pokedWithin(ctx context.Context, most time.Duration) {
	select {
	case <-d.rt.Pokes():
	case <-time.After(most):
	case <-ctx.Done():
	}
}
