package reconcile

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// A Reconciler keeps one Runtime as it is wanted: look, plan, act, wait.
//
// Nothing is fatal to it. It holds no state that matters: what is wanted comes from outside, what there is comes
// from the Runtime. An instance is planned for only while no action on it is under way.
type Reconciler struct {
	Runtime Runtime
	Log     *slog.Logger
	Did     func(Action, error) // told of every action but forgetting, after it was tried; called from several goroutines

	now     func() time.Time // time.Now, but in the simulation
	mu      sync.Mutex
	world   World
	told    bool        // Want was called: before, nothing is known to be wanted, and nothing is done
	ready   bool        // the world was observed once
	resumed bool        // the edits that a daemon before this one had begun were taken up
	dirty   map[ID]bool // to be looked at
	all     bool        // all of them are
	busy    map[ID]bool // an action is under way
	tried   map[ID]try  // what was done last, until something else is to be done
	wakes   map[ID]time.Time
	waiters map[ID][]ID // process (N is 0) -> the instances that depend on it
	beneath map[ID][]ID // process (N is 0) -> the instances that it depends on
	askers  map[ID]asker
	kick    chan struct{}
	changed chan struct{} // closed and replaced when anything was looked at
	turns   int
	took    time.Duration
}

// retryAfter is how long an action waits that failed or changed nothing, unless something else is to be done before.
const retryAfter = time.Second

// parallel is how many instances are acted on at once.
const parallel = 16

// New returns a Reconciler. Run must be called for anything to happen, and Want before anything is done.
func New(rt Runtime, log *slog.Logger) *Reconciler {
	return &Reconciler{Runtime: rt, Log: log, now: time.Now, all: true,
		world: World{Want: map[ID]Instance{}, Have: map[ID][]Observed{}, Why: map[string]string{}},
		dirty: map[ID]bool{}, busy: map[ID]bool{}, tried: map[ID]try{}, wakes: map[ID]time.Time{},
		askers: map[ID]asker{}, kick: make(chan struct{}, 1), changed: make(chan struct{})}
}

// Run reconciles until ctx ends, and then waits for the actions under way; none is begun any more.
func (r *Reconciler) Run(ctx context.Context) error {
	var acting sync.WaitGroup
	defer acting.Wait()
	slots := make(chan struct{}, parallel)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		began := r.now()
		todo, next := r.turn(ctx)
		r.turned(r.now().Sub(began))
		for id, do := range todo {
			acting.Go(func() { r.inSlot(ctx, slots, id, do) })
		}
		rest(timer, next)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case <-r.kick:
		case id := <-r.Runtime.Pokes():
			r.poked(id)
		}
	}
}

// turned counts a turn.
func (r *Reconciler) turned(took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turns++
	r.took += max(took, 0)
}

// Turns is how many turns Run has taken, and how long they took in all.
func (r *Reconciler) Turns() (n int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turns, r.took
}

// rest sets the timer to fire at next; the zero time stops it.
func rest(t *time.Timer, next time.Time) {
	if next.IsZero() {
		t.Stop()
		return
	}
	t.Reset(max(time.Until(next), 0))
}

// inSlot acts once one of the slots is free, unless ctx ended before.
func (r *Reconciler) inSlot(ctx context.Context, slots chan struct{}, id ID, do []Action) {
	slots <- struct{}{}
	defer func() { <-slots }()
	if ctx.Err() == nil {
		r.act(ctx, id, do)
	}
}

// Kick makes the loop take a turn.
func (r *Reconciler) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// poked marks id, and every other poke that waits, as to be looked at.
func (r *Reconciler) poked(id ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		r.mark(id)
		select {
		case id = <-r.Runtime.Pokes():
		default:
			return
		}
	}
}

// mark wants id looked at; the zero ID means all. The caller holds mu.
func (r *Reconciler) mark(id ID) {
	if id == (ID{}) {
		r.all = true
		return
	}
	r.dirty[id] = true
}
