// Package local is the Runtime on this machine: a client of the keeper.
//
// It mirrors the keeper's list of lives, so that looking costs nothing; every event carries the whole life, and
// the list is read anew when the connection is. What could not be started is remembered here alone.
package local

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
)

// Keeper is what Runtime needs of the keeper; *keeper.Client has it.
type Keeper interface {
	Spawn(ctx context.Context, s keeper.Spawn) (keeper.Life, error)
	Stop(ctx context.Context, s keeper.StopOrder) error
	Tune(ctx context.Context, life string, l keeper.Log) error
	SetMeta(ctx context.Context, life string, meta []byte) error
	Forget(ctx context.Context, life string) error
	List(ctx context.Context) ([]keeper.Life, error)
}

// A Runtime runs instances as children of the keeper.
type Runtime struct {
	Keeper Keeper
	Home   string // KITT_HOME of the instances
	Exe    string // KITT_EXE of the instances: how they call kitt
	Logs   string // root of the log store

	mu     sync.Mutex
	seen   bool                   // the list was read once
	worlds map[reconcile.ID]world // of instances that have a stop command
	lives  map[reconcile.ID]map[string]reconcile.Observed
	pokes  chan reconcile.ID

	commands sync.WaitGroup // stop commands under way
}

// New returns a Runtime that knows of nothing yet; Refresh fills it.
func New(k Keeper, home, exe, logs string) *Runtime {
	return &Runtime{Keeper: k, Home: home, Exe: exe, Logs: logs, pokes: make(chan reconcile.ID, 1024),
		lives: map[reconcile.ID]map[string]reconcile.Observed{}, worlds: map[reconcile.ID]world{}}
}

// Refresh reads the keeper's whole list. Call it once events are being delivered to Happened.
func (r *Runtime) Refresh(ctx context.Context) error {
	lives, err := r.Keeper.List(ctx)
	if err != nil {
		return fmt.Errorf("list lives: %w", err)
	}
	r.mu.Lock()
	r.lives, r.seen = map[reconcile.ID]map[string]reconcile.Observed{}, true
	r.mu.Unlock()
	for _, l := range lives {
		r.put(l)
	}
	r.poke(reconcile.ID{})
	return nil
}

// Happened takes in a keeper's event and returns the instance it is about.
func (r *Runtime) Happened(e keeper.Event) (reconcile.Observed, bool) {
	o, ok := observed(e.Life)
	if !ok {
		return o, false
	}
	o = r.merge(o, e)
	r.set(o)
	r.poke(o.ID)
	return o, true
}

// poke tells that an instance changed. If nobody has listened for long, one poke about all instances follows later.
func (r *Runtime) poke(id reconcile.ID) {
	select {
	case r.pokes <- id:
	default:
		time.AfterFunc(10*time.Millisecond, func() { r.poke(reconcile.ID{}) })
	}
}

// merge keeps of the life as it was known what an event does not tell.
func (r *Runtime) merge(o reconcile.Observed, e keeper.Event) reconcile.Observed {
	r.mu.Lock()
	was, known := r.lives[o.ID][o.Life]
	r.mu.Unlock()
	o.Exit.At = fresh(o.Exit.At)
	if known {
		o.Started, o.Trouble = was.Started, was.Trouble
		o.Asked = o.Asked || was.Asked
	}
	switch e.Kind {
	case "stalled":
		o.Trouble = "its output waits: cannot write the log: " + e.Text
	case "resumed":
		o.Trouble = ""
	}
	if e.Life.Escaped > 0 {
		o.Trouble = fmt.Sprintf("%d processes of it escaped the stop", e.Life.Escaped)
	}
	return o
}

// errUnseen keeps "nothing is known" from being taken for "nothing runs".
var errUnseen = errors.New("the keeper's list was not read yet")

// Observe returns the lives of the given instances, or all.
func (r *Runtime) Observe(_ context.Context, ids ...reconcile.ID) (out []reconcile.Observed, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.seen {
		return nil, errUnseen
	}
	if len(ids) == 0 {
		for _, lives := range r.lives {
			for _, l := range lives {
				out = append(out, l)
			}
		}
	}
	for _, id := range ids {
		for _, l := range r.lives[id] {
			out = append(out, l)
		}
	}
	return out, nil
}

// Pokes tells which instances changed.
func (r *Runtime) Pokes() <-chan reconcile.ID { return r.pokes }

// put takes in a life as the keeper told it.
func (r *Runtime) put(l keeper.Life) {
	if o, ok := observed(l); ok {
		o.Started, o.Exit.At = fresh(o.Started), fresh(o.Exit.At)
		r.set(o)
	}
}

// set remembers a life, unless it is known to be further on already: an exit may overtake the answer to its spawn.
func (r *Runtime) set(o reconcile.Observed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	lives := r.lives[o.ID]
	if lives == nil {
		lives = map[string]reconcile.Observed{}
		r.lives[o.ID] = lives
	}
	if lives[o.Life].State <= o.State {
		lives[o.Life] = o
	}
}

// Tune gives a life the log limits that are wanted now.
func (r *Runtime) Tune(ctx context.Context, life string, in reconcile.Instance) error {
	if err := r.Keeper.Tune(ctx, life, r.log(in)); err != nil {
		return fmt.Errorf("tune %s: %w", life, err)
	}
	var h reconcile.History
	r.mark(life, func(o *reconcile.Observed) {
		o.Limits, o.Stop, h = reconcile.Limits(in.Process.Log), in.Process.Stop, o.History
	})
	return r.Keeper.SetMeta(ctx, life, newMeta(in, h).bytes())
}

// Forget drops a life that is over.
func (r *Runtime) Forget(ctx context.Context, life string) error {
	var noStart bool
	r.mark(life, func(o *reconcile.Observed) { noStart = o.State == reconcile.NoStart })
	if !noStart {
		if err := r.Keeper.Forget(ctx, life); err != nil && !errors.Is(err, keeper.ErrUnknown) {
			return fmt.Errorf("forget %s: %w", life, err)
		}
	}
	id, _, err := reconcile.ParseLife(life)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lives[id], life)
	if len(r.lives[id]) == 0 {
		delete(r.lives, id)
	}
	return nil
}

// mark changes what is known of a life, if it is known.
func (r *Runtime) mark(life string, change func(*reconcile.Observed)) {
	id, _, err := reconcile.ParseLife(life)
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if o, ok := r.lives[id][life]; ok {
		change(&o)
		r.lives[id][life] = o
	}
}
