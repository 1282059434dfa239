package reconcile

import "time"

// resume takes up the edits that the daemon before this one had begun. It is called once, when it is known what is wanted and
// what there is. The caller holds mu.
func (r *Reconciler) resume(now time.Time) {
	for project, ids := range r.world.unfinished(now) {
		if r.world.Edits == nil {
			r.world.Edits = map[string][]ID{}
		}
		if r.world.Edits[project] == nil {
			r.world.Edits[project] = ids
		}
	}
}

// unfinished finds the edits that are under way, by what they leave: something of a project runs that was edited since. Of such a
// project all that is not as wanted belongs to it, for what began of it cannot be told from what began otherwise. Pure.
func (w World) unfinished(now time.Time) map[string][]ID {
	out, begun := map[string][]ID{}, map[string]bool{}
	for id, in := range w.Want {
		if p := w.progressOf(now, in); p == fresh || p == idle {
			continue
		}
		out[id.Project] = append(out[id.Project], id)
		for _, l := range w.Have[id] {
			if l.State == Running && l.Generation >= in.Generation && l.Run != in.Run {
				begun[id.Project] = true
			}
		}
	}
	for project, ids := range out {
		if out[project] = edit(w.Want, ids); !begun[project] {
			delete(out, project)
		}
	}
	return out
}
