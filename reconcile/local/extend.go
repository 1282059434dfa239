package local

import (
	"context"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
)

// moreMost is how long a program may put off its being ready, or its end, by asking for more time again and again.
const moreMost = 24 * time.Hour

// An ordered is the stop that the keeper was asked for.
type ordered struct {
	keeper.StopOrder
	at time.Time
}

// ordering notes a stop before the keeper hears of it: the program may ask for more time as soon as it does.
func (r *Runtime) ordering(o keeper.StopOrder) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.orders == nil {
		r.orders = map[string]ordered{}
	}
	r.orders[o.Life] = ordered{o, time.Now()}
}

// Extend gives a life more time, until it must be ready or must have ended; never less than it has. What it has of it is not
// recorded. A stop that an earlier daemon began, or that waits for the one who asked for it, is not put off.
func (r *Runtime) Extend(ctx context.Context, life string, until time.Time) error {
	var id reconcile.ID
	var order keeper.StopOrder
	moved, now := false, time.Now()
	r.mu.Lock()
	given, known := r.orders[life]
	r.mu.Unlock()
	r.mark(life, func(o *reconcile.Observed) {
		id = o.ID
		switch o.State {
		case reconcile.Running:
			until = earlier(until, o.Started.Add(moreMost))
			if moved = until.After(o.More); moved {
				o.More = until
			}
		case reconcile.Stopping:
			until = earlier(until, given.at.Add(moreMost))
			if moved = known && given.After == 0 && until.After(o.Deadline); moved {
				o.More, o.Deadline = until, until
				order = given.again(now, until)
			}
		}
	})
	if !moved {
		return nil
	}
	r.poke(id)
	if order.Life == "" {
		return nil
	}
	return r.Keeper.Stop(ctx, order)
}

// again is the same order with another deadline, and without the signal that was sent.
func (g ordered) again(now, until time.Time) keeper.StopOrder {
	o := g.StopOrder
	o.Signal, o.Grace = keeper.NoSignal, until.Sub(now)
	if o.SecondAfter = g.at.Add(o.SecondAfter).Sub(now); o.SecondAfter <= 0 {
		o.Second, o.SecondAfter = 0, 0
	}
	return o
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
