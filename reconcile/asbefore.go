package reconcile

import "time"

// What runs as before waits for its turn, for what its successor needs, or for a successor that is ready. It is told of while it
// is well. Once it is found unhealthy it waits for none of these: it goes as soon as its successor may begin in its place, which
// is all that can be had of an edit, for what it ran is wanted no more (rollback = true wants it again). Where none can begin, it
// is better than nothing.

// asBefore is the verdict on a life that runs as before; end is that of its last successor, or nil.
func (v Verdict) asBefore(now time.Time, w World, want Instance, l, end *Observed, why string, vain bool) Verdict {
	if l.Sick == "" {
		v = v.kept(l, why, vain)
		if needs, _ := w.lacks(now, want); vain && needs == why {
			v.Hint = "mend what it waits for: kitt restart " + l.ID.Process + " would end what runs, and wait"
		}
		return v
	}
	return v.unfit(now, w, want, l, end)
}

// unfit is the verdict on one that is unhealthy. Nothing of it is done twice: what follows it is the life that is wanted.
func (v Verdict) unfit(now time.Time, w World, want Instance, l, end *Observed) Verdict {
	why, vain := blocked(now, w, want)
	if end != nil && want.current(end) && end.State == NoStart && !end.Exit.Retry {
		why, vain = "cannot start: "+end.Exit.Text, true
	}
	if why != "" {
		v = v.kept(l, l.Sick+"; it runs on, for its successor "+why, vain)
		if vain {
			v.Hint = "kitt rollback makes what it runs the wanted one again, and begins it anew"
		}
		return v
	}
	v.Do = append(v.Do, Action{Verb: Stop, ID: want.ID, Life: l.Life, Reason: l.Sick, How: howToStop(want, *l)})
	v.Phase, v.Since, v.Final = PhaseStopping, l.Started, false
	v.Reason = l.Sick + "; its successor takes its place"
	return v
}

// lacks says what an edited instance needs and has not got yet, "" if nothing, and whether that is in vain. Until it has, what
// runs has no reason to end: it would be down and wait.
func (w World) lacks(now time.Time, want Instance) (why string, vain bool) {
	for _, dep := range sortedKeys(want.Process.DependsOn) {
		if why, vain = unmet(now, w, want.ID.Project, dep, want.Process.DependsOn[dep]); why != "" {
			return "runs as before: its successor " + why, vain
		}
	}
	return "", false
}
