package reconcile

import (
	"context"
	"time"
)

const (
	RetryAfter = retryAfter
	Parallel   = parallel
	AskerLasts = askerLasts
)

// Turn, Act and Poked are the loop in single steps, for the simulation.
func (r *Reconciler) Turn(ctx context.Context) (map[ID][]Action, time.Time) { return r.turn(ctx) }

func (r *Reconciler) Act(ctx context.Context, id ID, do []Action) { r.act(ctx, id, do) }

func (r *Reconciler) Poked(id ID) { r.poked(id) }

// SetClock gives r another clock than the system's.
func (r *Reconciler) SetClock(now func() time.Time) { r.now = now }

// Sizes tells how much the reconciler remembers beside the world.
func (r *Reconciler) Sizes() (dirty, busy, tried, wakes, why int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.dirty), len(r.busy), len(r.tried), len(r.wakes), len(r.world.Why)
}
