package reconcile

import (
	"context"
	"slices"
	"time"
)

// A try is what was done to an instance, and what there was of it before.
// The same once more is to wait until then: it failed, or it changed nothing.
type try struct {
	do    []Action
	have  []Observed
	until time.Time
}

// pause returns until when doing do must wait because the very same was just done to id in the very same world;
// zero: not at all. The caller holds mu.
func (r *Reconciler) pause(now time.Time, id ID, do []Action) time.Time {
	t, ok := r.tried[id]
	if ok && now.Before(t.until) && slices.EqualFunc(t.do, do, sameAction) && slices.EqualFunc(t.have, r.world.Have[id], sameLife) {
		return t.until
	}
	r.tried[id] = try{do: do, have: r.world.Have[id]}
	return time.Time{}
}

func sameAction(a, b Action) bool {
	return a.Verb == b.Verb && a.Life == b.Life && a.Reason == b.Reason &&
		a.Want.Generation == b.Want.Generation && a.Want.Process == b.Want.Process
}

func sameLife(a, b Observed) bool { return a.Life == b.Life && a.State == b.State }

// act does the actions on one instance in order, up to the first that fails, and has it looked at again.
// That something over could not be forgotten stops nothing.
func (r *Reconciler) act(ctx context.Context, id ID, do []Action) {
	for _, a := range do {
		if err := r.do(ctx, a); err != nil && a.Verb != Forget {
			break
		}
	}
	r.mu.Lock()
	delete(r.busy, id)
	r.dirty[id] = true
	t := r.tried[id]
	t.until = r.now().Add(retryAfter)
	r.tried[id] = t
	r.mu.Unlock()
	r.Kick()
}

func (r *Reconciler) do(ctx context.Context, a Action) (err error) {
	a.Begun = r.now()
	switch a.Verb {
	case Start:
		err = r.Runtime.Start(ctx, a.Want, a.History)
	case Stop:
		err = r.stop(ctx, a)
	case Tune:
		err = r.Runtime.Tune(ctx, a.Life, a.Want)
	case Forget:
		if err = r.Runtime.Forget(ctx, a.Life); err != nil {
			r.Log.Warn("forget", "id", a.ID.String(), "life", a.Life, "err", err)
		}
		return err
	default:
		panic("reconcile: unknown verb " + string(a.Verb))
	}
	if r.Did != nil {
		r.Did(a, err)
	}
	return err
}

// An asker is a process inside an instance that asked for its end.
type asker struct {
	pid int
	at  time.Time
}

// askerLasts is how long an asker is remembered for a stop that does not come; after that its pid may be another's.
const askerLasts = 30 * time.Second

// stop stops a life. Its asker, if there is one, is waited for; and again if the stop failed.
func (r *Reconciler) stop(ctx context.Context, a Action) error {
	r.mu.Lock()
	who := r.askers[a.ID]
	r.mu.Unlock()
	if r.now().Sub(who.at) > askerLasts {
		who.pid = 0
	}
	err := r.Runtime.Stop(ctx, a.Life, a.How, who.pid)
	if err == nil {
		r.mu.Lock()
		delete(r.askers, a.ID)
		r.mu.Unlock()
	}
	return err
}
