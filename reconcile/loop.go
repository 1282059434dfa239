package reconcile

import (
	"context"
	"errors"
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

	mu      sync.Mutex
	world   World
	dirty   map[ID]bool // to be looked at
	all     bool        // all of them are
	busy    map[ID]bool // an action is under way
	wakes   map[ID]time.Time
	askers  map[ID]int
	kick    chan struct{}
	changed chan struct{} // closed and replaced when anything was looked at
	ready   bool          // the world was observed once
}

// retryAfter is how long a failed action waits, unless something pokes before.
const retryAfter = time.Second

// parallel is how many instances are acted on at once.
const parallel = 16

// New returns a Reconciler that wants nothing yet. Run must be called for anything to happen.
func New(rt Runtime, log *slog.Logger) *Reconciler {
	return &Reconciler{Runtime: rt, Log: log, all: true,
		world: World{Want: map[ID]Instance{}, Have: map[ID][]Observed{}, Why: map[string]string{}},
		dirty: map[ID]bool{}, busy: map[ID]bool{}, wakes: map[ID]time.Time{}, askers: map[ID]int{},
		kick: make(chan struct{}, 1), changed: make(chan struct{})}
}

// Run reconciles until ctx ends, and then waits for the actions under way.
func (r *Reconciler) Run(ctx context.Context) error {
	var acting sync.WaitGroup
	defer acting.Wait()
	slots := make(chan struct{}, parallel)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		next := r.turn(ctx, &acting, slots)
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

// rest sets the timer to fire at next; the zero time stops it.
func rest(t *time.Timer, next time.Time) {
	if next.IsZero() {
		t.Stop()
		return
	}
	t.Reset(max(time.Until(next), 0))
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

// turn looks at what is dirty, plans, and begins to act. It returns when to look again.
func (r *Reconciler) turn(ctx context.Context, acting *sync.WaitGroup, slots chan struct{}) time.Time {
	now := time.Now()
	ids, err := r.observe(ctx, now)
	if err != nil {
		r.Log.Warn("observe", "err", err)
		r.mu.Lock()
		r.all = true
		r.mu.Unlock()
		return now.Add(retryAfter)
	}
	for id, do := range r.plan(now, ids) {
		acting.Go(func() {
			slots <- struct{}{}
			r.act(ctx, id, do)
			<-slots
		})
	}
	return r.nextWake()
}

// observe refreshes what is had of the dirty instances and returns these.
func (r *Reconciler) observe(ctx context.Context, now time.Time) ([]ID, error) {
	ids, all := r.take(now)
	if !all && len(ids) == 0 {
		return nil, nil
	}
	var asked []ID
	if !all {
		asked = ids
	}
	lives, err := r.Runtime.Observe(ctx, asked...)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		r.world.Have = map[ID][]Observed{}
		r.ready = true
	}
	for _, id := range ids {
		delete(r.world.Have, id)
	}
	for _, l := range lives {
		r.world.Have[l.ID] = append(r.world.Have[l.ID], l)
	}
	if all {
		ids = r.world.IDs()
	}
	return ids, nil
}

// take empties the set of the dirty, with those whose time has come and those that depend on them.
func (r *Reconciler) take(now time.Time) (ids []ID, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, r.all = r.all, false
	for id, at := range r.wakes {
		if !now.Before(at) {
			delete(r.wakes, id)
			r.dirty[id] = true
		}
	}
	for id := range r.dirty {
		ids = append(ids, id)
		ids = append(ids, dependents(r.world, id)...)
	}
	clear(r.dirty)
	return ids, all
}

// plan decides for each of ids that is not busy, marks those to be acted on as busy, and tells the watchers.
func (r *Reconciler) plan(now time.Time, ids []ID) map[ID][]Action {
	if len(ids) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	todo := map[ID][]Action{}
	for _, id := range ids {
		if r.busy[id] {
			continue
		}
		do, wake := Plan(now, r.world, []ID{id})
		delete(r.wakes, id)
		if !wake.IsZero() {
			r.wakes[id] = wake
		}
		if len(do) > 0 {
			r.busy[id], todo[id] = true, do
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return todo
}

func (r *Reconciler) nextWake() (next time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, at := range r.wakes {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// act does the actions on one instance in order, up to the first that fails, and has it looked at again.
func (r *Reconciler) act(ctx context.Context, id ID, do []Action) {
	var err error
	for _, a := range do {
		if err = r.do(ctx, a); err != nil {
			break
		}
	}
	r.mu.Lock()
	delete(r.busy, id)
	r.dirty[id] = true
	if err != nil && !errors.Is(err, context.Canceled) {
		delete(r.dirty, id)
		r.wakes[id] = time.Now().Add(retryAfter)
	}
	r.mu.Unlock()
	r.Kick()
}

func (r *Reconciler) do(ctx context.Context, a Action) (err error) {
	switch a.Verb {
	case Start:
		err = r.Runtime.Start(ctx, a.Want, a.History)
	case Stop:
		err = r.Runtime.Stop(ctx, a.Life, a.How, r.asker(a.ID))
	case Tune:
		err = r.Runtime.Tune(ctx, a.Life, a.Want)
	case Forget:
		return r.Runtime.Forget(ctx, a.Life)
	default:
		panic("reconcile: unknown verb " + string(a.Verb))
	}
	if r.Did != nil {
		r.Did(a, err)
	}
	return err
}

// Kick makes the loop take a turn.
func (r *Reconciler) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}
