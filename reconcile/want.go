package reconcile

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Want replaces what is wanted. Only the instances that differ are looked at.
// why maps run digests that an edit replaced to the fields that changed; nil leaves what is known.
func (r *Reconciler) Want(want []Instance, why map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.world.Want
	r.world.Want = wanted(want)
	for id, in := range r.world.Want {
		if was, ok := old[id]; !ok || was.Generation != in.Generation || was.Hold != in.Hold || was.Note != in.Note || was.Process != in.Process {
			r.dirty[id] = true
		}
	}
	r.edits(old)
	for id := range old {
		if _, ok := r.world.Want[id]; !ok {
			r.dirty[id] = true
		}
	}
	r.all = r.all || !r.told // what runs and is not wanted was not judged yet
	r.told, r.waiters, r.beneath = true, waiters(want), beneath(want)
	r.world.Waiters = r.waiters
	r.because(why)
	r.Kick()
}

// edits notes which instances an edit has changed, beside those of the edits before it that are not done. The caller holds mu.
func (r *Reconciler) edits(old map[ID]Instance) {
	if !r.told {
		return // these are no edits: they were wanted when the daemon before this one ended
	}
	changed := map[string][]ID{}
	for id, in := range r.world.Want {
		if was, ok := old[id]; !ok || was.Run != in.Run {
			changed[id.Project] = append(changed[id.Project], id)
		}
	}
	for project, ids := range changed {
		for _, id := range r.world.Edits[project] {
			if in, ok := r.world.Want[id]; ok && !slices.Contains(ids, id) && r.world.progressOf(r.now(), in) != fresh {
				ids = append(ids, id)
			}
		}
		if r.world.Edits == nil {
			r.world.Edits = map[string][]ID{}
		}
		r.world.Edits[project] = edit(r.world.Want, ids)
	}
}

// Lost says of which projects it is not known what is wanted (see World); their instances are left alone.
// Call it before the Want that it is about.
func (r *Reconciler) Lost(projects map[string]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.world.Lost, r.all = maps.Clone(projects), true
}

// Renamed says which projects are no more because their spec file has another name now (see World).
// Call it before the Want that it is about.
func (r *Reconciler) Renamed(projects map[string]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.world.Renamed = projects
}

func wanted(want []Instance) map[ID]Instance {
	m := make(map[ID]Instance, len(want))
	for _, in := range want {
		m[in.ID] = in
	}
	return m
}

// because adds to the reasons of an edit, and drops those of runs that nobody has any more. The caller holds mu.
func (r *Reconciler) because(why map[string]string) {
	if len(why) == 0 {
		return
	}
	used := map[string]bool{}
	for _, lives := range r.world.Have {
		for _, l := range lives {
			used[l.Run] = true
		}
	}
	maps.DeleteFunc(r.world.Why, func(run, _ string) bool { return !used[run] })
	maps.Copy(r.world.Why, why)
}

// Asked notes that the next stop of id was asked for by process pid inside it: the first signal waits for its end.
func (r *Reconciler) Asked(id ID, pid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.askers[id] = asker{pid, r.now()}
}

// Retry forgets the ends of instances that are down for good, so that they are started again.
func (r *Reconciler) Retry(ctx context.Context, ids []ID) (err error) {
	for _, id := range ids {
		for _, l := range r.Lives(id) {
			if err == nil && (l.State == Exited || l.State == NoStart) {
				err = r.Runtime.Forget(ctx, l.Life)
			}
		}
		r.mu.Lock()
		r.dirty[id] = true // after an error too: what it was about may be done
		r.mu.Unlock()
	}
	r.Kick()
	return err
}

// Lives returns what is known of an instance's lives.
func (r *Reconciler) Lives(id ID) []Observed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Observed(nil), r.world.Have[id]...)
}

// A View is one instance as it stands: what is wanted, what there is, and the verdict.
type View struct {
	ID      ID
	Want    Instance // the zero Instance where it is only had
	Lives   []Observed
	Verdict Verdict
	Busy    bool // an action is under way or due at once
}

// Look returns every instance that is wanted or had, sorted, and a channel that is closed when it is out of date.
// ok is false until the Runtime was observed once.
func (r *Reconciler) Look(now time.Time) (views []View, changed <-chan struct{}, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.world
	w.turns, w.judged = map[string]turn{}, &judged{of: map[ID]Verdict{}}
	ids := w.IDs()
	views = make([]View, 0, len(ids))
	for _, id := range ids {
		v := View{ID: id, Want: w.Want[id], Lives: w.Have[id], Verdict: Judge(now, w, id)}
		v.Busy = r.busy[id] || r.dirty[id] || r.all || len(v.Verdict.Do) > 0
		views = append(views, v)
	}
	return views, r.changed, r.ready
}

// Would plans for another want than the present one, with the why and the names that come with it, without acting.
func (r *Reconciler) Would(now time.Time, want []Instance, why, renamed map[string]string) []Action {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := World{Want: wanted(want), Have: r.world.Have, Why: why, Renamed: renamed, Plain: true}
	do, _ := Plan(now, w, w.IDs())
	return do
}

// Wanted returns the instances that are wanted now, in no order.
func (r *Reconciler) Wanted() []Instance {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.world.Want))
}

// Wants returns what is wanted of one instance.
func (r *Reconciler) Wants(id ID) (Instance, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in, ok := r.world.Want[id]
	return in, ok
}

// Changed returns a channel that is closed when anything is looked at anew.
func (r *Reconciler) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// LookAt judges one instance as it is known now.
func (r *Reconciler) LookAt(now time.Time, id ID) Verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Judge(now, r.world, id)
}

// LookAgain has everything looked at anew: the clock was set, or the machine slept.
func (r *Reconciler) LookAgain() {
	r.mu.Lock()
	r.all = true
	r.mu.Unlock()
	r.Kick()
}
