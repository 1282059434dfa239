package reconcile

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"kitt.sh/spec"
)

// turn looks at what is dirty and plans. It returns what to do, its instances marked busy, and when to look again.
func (r *Reconciler) turn(ctx context.Context) (todo map[ID][]Action, next time.Time) {
	now := r.now()
	ids, all := r.take(now)
	if all || len(ids) > 0 {
		if err := r.observe(ctx, ids, all); err != nil {
			r.Log.Warn("observe", "err", err)
			return nil, r.lookAgain(now)
		}
		todo = r.plan(now, ids, all)
	}
	return todo, r.nextWake()
}

// take empties the set of the dirty and returns it, with those whose time has come and those that depend on any of
// them. Each is named once.
func (r *Reconciler) take(now time.Time) (ids []ID, all bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, at := range r.wakes {
		if !now.Before(at) {
			delete(r.wakes, id)
			r.dirty[id] = true
		}
	}
	for id := range r.dirty {
		ids = append(ids, id)
	}
	for _, id := range ids {
		for _, waiter := range slices.Concat(r.waiters[id.process()], r.beneath[id.process()]) {
			if !r.dirty[waiter] {
				r.dirty[waiter] = true
				ids = append(ids, waiter)
			}
		}
	}
	ids = append(ids, r.inTurn(ids)...)
	clear(r.dirty)
	all, r.all = r.all, false
	return ids, all
}

// inTurn lists those that may wait for one of ids: the others of an edit, and the other instances of a process that gives way in
// turns. Edits that are done are forgotten. The caller holds mu.
func (r *Reconciler) inTurn(ids []ID) (more []ID) {
	add := func(id ID) {
		if !r.dirty[id] {
			r.dirty[id] = true
			more = append(more, id)
		}
	}
	edits := map[string]bool{}
	for _, id := range ids {
		if edits[id.Project] = r.world.Edits[id.Project] != nil; r.world.Want[id].Process == nil || r.world.Want[id].Process.Replacing() == spec.Recreate {
			continue
		}
		for n := 1; r.world.Want[ID{id.Project, id.Process, n}].Process != nil; n++ {
			add(ID{id.Project, id.Process, n})
		}
	}
	for project, any := range edits {
		if !any {
			continue
		}
		done := true
		for _, id := range r.world.Edits[project] {
			if in, ok := r.world.Want[id]; ok {
				p := r.world.progressOf(r.now(), in)
				done = done && (p == fresh || p == idle)
				add(id)
			}
		}
		if done {
			delete(r.world.Edits, project)
		}
	}
	return more
}

// lookAgain has everything looked at after a while, since what was dirty is no longer known.
func (r *Reconciler) lookAgain(now time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = true
	return now.Add(retryAfter)
}

// observe refreshes what is had of ids, or of all.
func (r *Reconciler) observe(ctx context.Context, ids []ID, all bool) error {
	if all {
		ids = nil
	}
	lives, err := r.Runtime.Observe(ctx, ids...)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		r.world.Have, r.ready = make(map[ID][]Observed, len(lives)), true
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
	for _, id := range ids { // so that two looks at the same lives compare
		slices.SortFunc(r.world.Have[id], func(a, b Observed) int { return cmp.Compare(a.Life, b.Life) })
	}
	return nil
}

// plan decides for each of ids that is not busy, marks those to be acted on as busy, and tells the watchers.
func (r *Reconciler) plan(now time.Time, ids []ID, all bool) map[ID][]Action {
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		ids = r.world.IDs()
		clear(r.wakes)
		maps.DeleteFunc(r.tried, func(id ID, _ try) bool { return !r.busy[id] && !r.world.has(id) })
	}
	if all && r.told && !r.resumed {
		r.resumed = true
		r.resume(now)
	}
	todo := map[ID][]Action{}
	r.world.turns, r.world.judged = map[string]turn{}, &judged{of: map[ID]Verdict{}}
	defer func() { r.world.turns, r.world.judged = nil, nil }()
	for _, id := range ids {
		if r.busy[id] || !r.told {
			continue // it is looked at again once that action ends, or all are once Want is called
		}
		do, wake := Plan(now, r.world, []ID{id})
		if len(do) == 0 {
			delete(r.tried, id)
		} else if wake = r.pause(now, id, do); wake.IsZero() {
			r.busy[id], todo[id] = true, do
		}
		r.wake(now, id, wake)
	}
	close(r.changed)
	r.changed = make(chan struct{})
	return todo
}

// wake has id looked at again at the given time, zero for never. The caller holds mu.
// The time is kept by now's monotonic clock: a wall clock set back must not make a pause last for hours.
func (r *Reconciler) wake(now time.Time, id ID, at time.Time) {
	delete(r.wakes, id)
	if !at.IsZero() {
		r.wakes[id] = now.Add(at.Sub(now))
	}
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
