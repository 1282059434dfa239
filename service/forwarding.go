package service

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"time"

	"kitt.sh/internal/forward"
	"kitt.sh/reconcile"
	"kitt.sh/reconcile/local"
	"kitt.sh/spec"
)

// forwarding tells each forwarder which lives it is to pass connections on to, whenever that changes: always the whole table.
type forwarding struct {
	d     *Daemon
	pokes chan struct{}

	telling sync.Mutex // what is told later was looked at later

	mu      sync.Mutex
	rev     uint64
	fronts  map[string]*front // by the forwarder's life
	changed chan struct{}     // closed when a forwarder has answered
}

// A front is one life of a forwarder: what it was told, and what it said.
type front struct {
	told forward.Table
	said forward.Answer
}

func newForwarding(d *Daemon) *forwarding {
	return &forwarding{d: d, pokes: make(chan struct{}, 1), rev: uint64(time.Now().UnixNano()), fronts: map[string]*front{}, changed: make(chan struct{})}
}

func (f *forwarding) poke() {
	if f == nil { // the daemon does not run yet
		return
	}
	select {
	case f.pokes <- struct{}{}:
	default:
	}
}

// tellAgain is the pause after a forwarder could not be told.
const tellAgain = time.Second

// run tells them until ctx ends. Where nothing is exposed it sleeps.
func (f *forwarding) run(ctx context.Context) error {
	for {
		changed := f.d.rec.Changed() // before looking: what comes later wakes
		some, ok := f.tell(ctx)
		if !some {
			changed = nil
		}
		var again <-chan time.Time
		if !ok {
			again = time.After(tellAgain)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.pokes:
		case <-changed:
		case <-again:
		}
	}
}

// tell gives every forwarder its table, if that is news to it. some: there are forwarders; ok: all of them know.
func (f *forwarding) tell(ctx context.Context) (some, ok bool) {
	f.telling.Lock()
	defer f.telling.Unlock()
	lives, err := f.d.rt.Observe(ctx)
	if err != nil {
		return true, false
	}
	tables := map[reconcile.ID]forward.Table{}
	alive := map[string]bool{}
	ok = true
	for _, l := range lives {
		in, known := f.d.rec.Wants(l.ID)
		if !known || in.Process.Fronts() == "" || l.State != reconcile.Running {
			continue
		}
		t, made := tables[l.ID]
		if !made {
			t = f.table(l.ID.Project, in.Process.Fronts(), lives)
			tables[l.ID] = t
		}
		some, alive[l.Life] = true, true
		ok = f.give(l.Life, t) && ok
	}
	f.forget(alive)
	return some || f.exposed(), ok
}

// exposed tells whether there will be forwarders.
func (f *forwarding) exposed() bool {
	return slices.ContainsFunc(f.d.rec.Wanted(), func(in reconcile.Instance) bool { return in.Process.Expose != "" })
}

// give sends a table to a forwarder that does not have it. One that has no channel yet is told when it has.
func (f *forwarding) give(life string, t forward.Table) bool {
	c := f.d.channels.get(life)
	if c == nil {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	fr := f.fronts[life]
	if fr == nil {
		fr = &front{}
		f.fronts[life] = fr
	}
	if t.Rev = fr.told.Rev; t.Rev > 0 && reflect.DeepEqual(t, fr.told) {
		return true
	}
	f.rev++
	t.Rev = f.rev
	b, err := json.Marshal(t)
	if err == nil {
		err = c.say(b)
	}
	if err != nil {
		f.d.Log.Warn("tell forwarder", "life", life, "err", err)
		return false
	}
	fr.told = t
	return true
}

// forget drops what is known of forwarders that are over.
func (f *forwarding) forget(alive map[string]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for life := range f.fronts {
		if !alive[life] {
			delete(f.fronts, life)
			f.news()
		}
	}
}

// news wakes those that wait for an answer. The caller holds mu.
func (f *forwarding) news() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// answered takes in what a forwarder says.
func (f *forwarding) answered(life string, line []byte) {
	var a forward.Answer
	if json.Unmarshal(line, &a) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if fr := f.fronts[life]; fr != nil {
		fr.said = a
		f.news()
	}
}

// table is where connections to a process are passed on to now.
func (f *forwarding) table(project, process string, lives []reconcile.Observed) forward.Table {
	now := time.Now()
	var mine []reconcile.Observed
	hope, wants := false, map[reconcile.ID]reconcile.Instance{}
	for _, l := range lives {
		if l.ID.Project == project && l.ID.Process == process {
			mine = append(mine, l)
		}
	}
	for _, in := range f.d.rec.Wanted() {
		if in.ID.Project != project || in.ID.Process != process {
			continue
		}
		wants[in.ID] = in
		switch f.d.rec.LookAt(now, in.ID).Phase {
		case reconcile.PhaseFailed, reconcile.PhaseHeld, reconcile.PhaseDone:
		default:
			hope = true
		}
	}
	return tableOf(now, mine, func(id reconcile.ID) *spec.Process { return wants[id].Process }, hope)
}

// tableOf is the table for these lives: those that are ready, and those that are being stopped, to which nothing new is passed.
// want is what is wanted of an instance, nil for nothing. hope tells whether more may come up. Pure.
func tableOf(now time.Time, lives []reconcile.Observed, want func(reconcile.ID) *spec.Process, hope bool) forward.Table {
	t := forward.Table{Kitt: forward.Targets}
	takes := false
	for i := range lives {
		l := &lives[i]
		p := want(l.ID)
		ready := l.Ready || p != nil && l.IsReady(now, p)
		if l.Port == 0 || l.State != reconcile.Stopping && (l.State != reconcile.Running || !ready) {
			continue
		}
		t.To = append(t.To, forward.Target{Life: l.Life, Addr: local.Address(l.Port), Drain: l.State == reconcile.Stopping})
		takes = takes || l.State == reconcile.Running
	}
	slices.SortFunc(t.To, func(a, b forward.Target) int { return cmp.Compare(a.Life, b.Life) })
	t.Refuse = !takes && !hope
	return t
}
