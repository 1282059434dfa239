package service

import (
	"context"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// drain waits until no forwarder passes anything to a life that is being stopped: no new connections, and, where another takes
// them, until those that it has are over. It ends with ctx, and where kitt goes down.
func (f *forwarding) drain(ctx context.Context, life string) {
	id, _, err := reconcile.ParseLife(life)
	if err != nil {
		return
	}
	front, ok := f.d.rec.Wants(reconcile.ID{Project: id.Project, Process: (&spec.Process{Name: id.Process}).Forwarder(), N: 1})
	if !ok || front.Hold != "" {
		return
	}
	for {
		f.mu.Lock()
		changed := f.changed
		f.mu.Unlock()
		f.tell(ctx)
		if f.clear(front.ID, life) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-f.d.stopping:
			return
		case <-changed:
		}
	}
}

// clear tells whether every forwarder of a process has let go of a life, as far as it will.
func (f *forwarding) clear(front reconcile.ID, life string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, fr := range f.fronts {
		if id, _, err := reconcile.ParseLife(name); err == nil && id == front && !fr.clear(life) {
			return false
		}
	}
	return true
}

// clear tells whether it goes by its table, which passes nothing new to life, and has no connections to that, or no other to
// pass new ones to: those would only wait for longer.
func (fr *front) clear(life string) bool {
	takes := false
	for _, to := range fr.told.To {
		if to.Life == life && !to.Drain {
			return false
		}
		takes = takes || !to.Drain
	}
	return fr.said.Rev == fr.told.Rev && (fr.said.Open[life] == 0 || !takes)
}

// open is how many connections a life that is being stopped has left.
func (f *forwarding) open(life string) (n int) {
	if f == nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fr := range f.fronts {
		n += fr.said.Open[life]
	}
	return n
}
