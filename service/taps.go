package service

import (
	"context"
	"sync"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
)

// taps lets many wait for the bytes of many lives: each life is watched at the keeper once, however many wait,
// and not at all while nobody does.
type taps struct {
	keeper *keeper.Client

	mu    sync.Mutex
	armed map[string]bool
	fires map[string]int // life -> how often it had bytes
	any   chan struct{}  // closed and replaced when any life had
}

// A tap waits for the next bytes of some lives, counted from when it was armed.
type tap struct {
	t    *taps
	from map[string]int
}

func newTaps(k *keeper.Client) *taps {
	return &taps{keeper: k, armed: map[string]bool{}, fires: map[string]int{}, any: make(chan struct{})}
}

// arm begins to watch the lives. What they write from now on ends the tap's wait.
func (t *taps) arm(ctx context.Context, lives []reconcile.Observed) tap {
	tp := tap{t, map[string]int{}}
	for _, l := range lives {
		if l.State == reconcile.NoStart {
			continue
		}
		t.mu.Lock()
		tp.from[l.Life] = t.fires[l.Life]
		watch := !t.armed[l.Life]
		t.armed[l.Life] = true
		t.mu.Unlock()
		if watch && t.keeper.Watch(ctx, l.Life) != nil { // the life is gone: nothing will come
			t.mu.Lock()
			delete(t.armed, l.Life)
			t.mu.Unlock()
		}
	}
	return tp
}

// fire tells those who wait that a life wrote.
func (t *taps) fire(life string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.armed, life)
	t.fires[life]++
	close(t.any)
	t.any = make(chan struct{})
}

// forget drops what is known of a life that is over.
func (t *taps) forget(life string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.fires, life)
	delete(t.armed, life)
}

// wait returns when one of the lives wrote or changed is closed, or with ctx's error.
func (tp tap) wait(ctx context.Context, changed <-chan struct{}) error {
	for {
		wrote, next := tp.look()
		if wrote {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			return nil
		case <-next:
		}
	}
}

func (tp tap) look() (wrote bool, next <-chan struct{}) {
	tp.t.mu.Lock()
	defer tp.t.mu.Unlock()
	for life, n := range tp.from {
		if tp.t.fires[life] != n {
			return true, nil
		}
	}
	return false, tp.t.any
}
