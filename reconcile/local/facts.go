package local

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
)

// Ready notes that a life was found ready. It is recorded, so that it outlives this daemon.
func (r *Runtime) Ready(ctx context.Context, life string) error {
	return r.record(ctx, life, func(o *reconcile.Observed) bool {
		was := o.Ready
		o.Ready, o.Unwell = true, ""
		return !was
	})
}

// Said notes one of the things that a life must say to be ready. It is recorded.
func (r *Runtime) Said(ctx context.Context, life, what string) error {
	return r.record(ctx, life, func(o *reconcile.Observed) bool {
		if o.HasSaid(what) {
			return false
		}
		o.Said = strings.TrimSpace(o.Said + " " + what)
		return true
	})
}

// Sicken notes why a life must be ended and begun anew. It is recorded: the life that follows is one after a death.
func (r *Runtime) Sicken(ctx context.Context, life, why string) error {
	return r.record(ctx, life, func(o *reconcile.Observed) bool {
		was := o.Sick
		o.Sick, o.Healthy = why, false
		return was == ""
	})
}

// Life is a life as it is known now.
func (r *Runtime) Life(life string) (reconcile.Observed, bool) { return r.known(life) }

// Unwell notes a bad answer that does not decide anything yet. It is not recorded.
func (r *Runtime) Unwell(life, text string) {
	changed, id := false, reconcile.ID{}
	r.mark(life, func(o *reconcile.Observed) {
		changed, id = o.Unwell != text, o.ID
		o.Unwell = text
	})
	if changed {
		r.poke(id)
	}
}

// Feels notes what a life answered last; "" is as expected. It is not recorded: the next daemon asks again.
func (r *Runtime) Feels(life string, healthy bool, unwell string) {
	changed, id := false, reconcile.ID{}
	r.mark(life, func(o *reconcile.Observed) {
		changed, id = o.Healthy != healthy || o.Unwell != unwell, o.ID
		o.Healthy, o.Unwell = healthy, unwell
	})
	if changed {
		r.poke(id)
	}
}

// record changes what is known of a life that runs, and has the keeper record it. change tells whether it did.
func (r *Runtime) record(ctx context.Context, life string, change func(*reconcile.Observed) bool) error {
	var m meta
	var id reconcile.ID
	changed := false
	r.mark(life, func(o *reconcile.Observed) {
		if o.State == reconcile.Running && change(o) {
			changed, id, m = true, o.ID, metaOf(o)
		}
	})
	if !changed {
		return nil
	}
	r.mu.Lock()
	if known := r.worlds[life]; known != nil && m.Stop.Runs() {
		w := known()
		m.World = &w
	}
	r.mu.Unlock()
	r.poke(id)
	if m.Run == "" {
		return nil // its record could not be read: it is not written over
	}
	if err := r.Keeper.SetMeta(ctx, life, m.bytes()); err != nil && !errors.Is(err, keeper.ErrUnknown) {
		return fmt.Errorf("record what is known of %s: %w", life, err)
	}
	return nil
}
