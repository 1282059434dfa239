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
	"kitt.sh/reconcile/failpoint"
	"kitt.sh/reconcile/keeper"
)

// Keeper is what Runtime needs of the keeper; *keeper.Client has it.
type Keeper interface {
	Spawn(ctx context.Context, s keeper.Spawn) (keeper.Life, error)
	Stop(ctx context.Context, s keeper.StopOrder) error
	Tune(ctx context.Context, life string, l keeper.Log) error
	SetMeta(ctx context.Context, life string, meta []byte) error
	Forget(ctx context.Context, life string) error
	Listen(ctx context.Context, list []keeper.Socket, more bool) error
	List(ctx context.Context) ([]keeper.Life, error)
}

// A Runtime runs instances as children of the keeper.
type Runtime struct {
	Keeper Keeper
	Home   string // KITT_HOME of the instances
	Exe    string // KITT_EXE of the instances: how they call kitt
	Logs   string // root of the log store

	// Ended is told each life that is over, before anybody acts on that: lives that ended while there was no daemon too,
	// and those that the one before this may have been told. It must not wait. May be nil.
	Ended func(o reconcile.Observed)

	// Invite makes the socket on which a life that is about to begin says how it is, and returns its path. May be nil.
	Invite func(ctx context.Context, life string) (string, error)

	// Say sends a message, as JSON, over the channel of a life. May be nil: then nothing is said.
	Say func(life string, message []byte) error

	// Failed is told of what a stop could not do, which ends the life all the same. May be nil.
	Failed func(o reconcile.Observed, text string)

	// Drain waits until a life that is being stopped has no connections left, or ctx ends. May be nil.
	Drain func(ctx context.Context, life string)

	// Reserved tells of a port that no life is to be given, though nobody listens there now. May be nil.
	Reserved func(port int) bool

	mu     sync.Mutex
	seen   bool                    // the list was read once
	over   map[string]bool         // lives that a list showed as over: an event about one of them may come late
	orders map[string]ordered      // life -> the stop that the keeper was asked for
	worlds map[string]func() world // life -> what its stop command is to run in, where that is known
	lives  map[reconcile.ID]map[string]reconcile.Observed
	ports  map[string]int          // of lives that are about to begin
	held   map[reconcile.ID]string // see PortHeld
	oom    shortage

	poking sync.Mutex
	pokes  chan reconcile.ID

	commands sync.WaitGroup // stop commands under way
	programs sync.Mutex     // the files of a cluster's primary and workers
}

// New returns a Runtime that knows of nothing yet; Refresh fills it.
func New(k Keeper, home, exe, logs string) *Runtime {
	return &Runtime{Keeper: k, Home: home, Exe: exe, Logs: logs, pokes: make(chan reconcile.ID, 1024),
		over: map[string]bool{}, lives: map[reconcile.ID]map[string]reconcile.Observed{}, worlds: map[string]func() world{}, ports: map[string]int{}, held: map[reconcile.ID]string{}, oom: shortage{seen: oomKills()}}
}

// Refresh reads the keeper's whole list. Call it once events are being delivered to Happened.
func (r *Runtime) Refresh(ctx context.Context) error {
	old := r.names()
	list, err := r.Keeper.List(ctx)
	if err != nil {
		return fmt.Errorf("list lives: %w", err)
	}
	listed := map[string]bool{}
	r.mu.Lock()
	for _, l := range list {
		listed[l.Name] = true
		if o, w, ok := observed(l); ok {
			noteSleep(&o, time.Now(), Asleep())
			o.Started, o.Exit.At = fresh(o.Started), fresh(o.Exit.At)
			r.tell(o)
			r.set(o, w)
			if o.State == reconcile.Exited {
				r.over[o.Life] = true
			}
		}
	}
	for name, id := range old { // what began while the list was read is not in it, and lives
		if !listed[name] && r.lives[id][name].State != reconcile.NoStart {
			r.drop(id, name)
		}
	}
	r.seen = true
	r.mu.Unlock()
	r.poke(reconcile.ID{})
	return nil
}

// names returns every life that is known.
func (r *Runtime) names() map[string]reconcile.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]reconcile.ID{}
	for id, lives := range r.lives {
		for name := range lives {
			out[name] = id
		}
	}
	return out
}

// Happened takes in a keeper's event and returns the instance it is about. It never waits.
func (r *Runtime) Happened(e keeper.Event) (reconcile.Observed, bool) {
	o, w, ok := observed(e.Life)
	if !ok {
		return o, false
	}
	r.mu.Lock()
	if _, known := r.lives[o.ID][o.Life]; !known && r.over[o.Life] { // it was acted on, and forgotten
		r.mu.Unlock()
		return o, true
	}
	o = r.merge(o, e)
	r.explainKill(&o)
	r.tell(o)
	r.set(o, w)
	r.mu.Unlock()
	r.poke(o.ID)
	return o, true
}

// tell passes on that a life is over, once. The caller holds mu, and remembers it after: a daemon that dies in between
// leaves the life to the next one.
func (r *Runtime) tell(o reconcile.Observed) {
	if r.Ended != nil && o.State == reconcile.Exited && r.lives[o.ID][o.Life].State != reconcile.Exited {
		r.Ended(o)
	}
}

// Poke has an instance looked at again.
func (r *Runtime) Poke(id reconcile.ID) { r.poke(id) }

// poke tells that an instance changed. Where nobody has listened for long, one poke about all instances takes the
// place of those that wait.
func (r *Runtime) poke(id reconcile.ID) {
	r.poking.Lock()
	defer r.poking.Unlock()
	for {
		select {
		case r.pokes <- id:
			return
		default:
		}
		id = reconcile.ID{}
		for len(r.pokes) > 0 {
			select {
			case <-r.pokes:
			default:
			}
		}
	}
}

// merge keeps of the life as it was known what an event does not tell, or tells as it was before a Tune. The caller
// holds mu.
func (r *Runtime) merge(o reconcile.Observed, e keeper.Event) reconcile.Observed {
	o.Exit.At = fresh(o.Exit.At)
	if was, known := r.lives[o.ID][o.Life]; known {
		o.Started, o.Limits, o.Stop, o.Ready, o.Note = was.Started, was.Limits, was.Stop, was.Ready, was.Note
		o.Slept = was.Slept
		o.Said, o.Sick, o.Healthy, o.Unwell = was.Said, was.Sick, was.Healthy, was.Unwell
		o.Asked = o.Asked || was.Asked
		if o.Trouble == "" {
			o.Trouble = was.Trouble
		}
	}
	switch e.Kind {
	case "stalled":
		o.Trouble = "its output waits: cannot write the log: " + e.Text
	case "dropping":
		o.Trouble = "its output is dropped: cannot write the log: " + e.Text
	case "resumed":
		o.Trouble = ""
	case "unkillable":
		o.Trouble = "SIGKILL does not end it: " + e.Text
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
	if o, w, ok := observed(l); ok {
		o.Started, o.Exit.At = fresh(o.Started), fresh(o.Exit.At)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.set(o, w)
	}
}

// set remembers a life, unless it is known to be further on already: an exit may overtake the answer to its spawn.
// The caller holds mu.
func (r *Runtime) set(o reconcile.Observed, w *world) {
	lives := r.lives[o.ID]
	if lives == nil {
		lives = map[string]reconcile.Observed{}
		r.lives[o.ID] = lives
	}
	if lives[o.Life].State <= o.State {
		lives[o.Life] = o
	}
	if w != nil && r.worlds[o.Life] == nil {
		r.worlds[o.Life] = func() world { return *w }
	}
}

// drop no longer knows a life. The caller holds mu.
func (r *Runtime) drop(id reconcile.ID, life string) {
	delete(r.worlds, life)
	delete(r.orders, life)
	delete(r.lives[id], life)
	if len(r.lives[id]) == 0 {
		delete(r.lives, id)
	}
}

// Tune gives a life the log limits and the way to stop it that are wanted now. That it is gone is no error.
func (r *Runtime) Tune(ctx context.Context, life string, in reconcile.Instance) error {
	was, known := r.known(life)
	if !known {
		return nil
	}
	in.Run = was.Run // what it was started with
	err := r.Keeper.Tune(ctx, life, r.log(in))
	if err == nil {
		m := newMeta(in, was.History)
		m.World, m.Ready, m.Said, m.Sick, m.Note = r.stopWorld(life, in), was.Ready, was.Said, was.Sick, was.Note
		m.Asleep = int64(was.Asleep)
		err = r.Keeper.SetMeta(ctx, life, m.bytes())
	}
	if err != nil && !errors.Is(err, keeper.ErrUnknown) {
		return fmt.Errorf("tune %s: %w", life, err)
	}
	r.mark(life, func(o *reconcile.Observed) { o.Limits, o.Stop = reconcile.Limits(in.Process.Log), in.Process.Stop })
	return nil
}

// Forget drops a life that is over. One that lives stays.
func (r *Runtime) Forget(ctx context.Context, life string) error {
	o, known := r.known(life)
	if known && alive(o) {
		return nil
	}
	failpoint.Here("daemon.forget.before")
	if o.State != reconcile.NoStart {
		if err := r.Keeper.Forget(ctx, life); err != nil && !errors.Is(err, keeper.ErrUnknown) {
			return fmt.Errorf("forget %s: %w", life, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	failpoint.Here("daemon.forget.after")
	r.drop(o.ID, life)
	return nil
}

func alive(o reconcile.Observed) bool {
	return o.State == reconcile.Running || o.State == reconcile.Stopping
}

// known returns a life as it is known.
func (r *Runtime) known(life string) (o reconcile.Observed, ok bool) {
	r.mark(life, func(is *reconcile.Observed) { o, ok = *is, true })
	return o, ok
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
