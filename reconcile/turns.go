package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"kitt.sh/spec"
)

// What runs gives way in turns: the instances of a process as its reload {} says, and the processes of one edit in the order of
// depends_on, each once those before it are ready that say when they are. The first that does not come up ends it: what was not
// begun runs as before.

// A turn is what those of an edit wait for that come later: the first of it that is not done.
type turn struct {
	id ID
	at int // its place in the edit; len(edit): all are done
}

// awaits says why an instance that runs as before is not replaced yet, "" if it may be, and whether that is in vain.
func (w World) awaits(now time.Time, want Instance, l *Observed) (why string, vain bool) {
	if w.Plain || want.Hold != "" || want.Process.Schedule.Job() || want.current(l) {
		return "", false
	}
	if l.Generation >= want.Generation {
		why, vain = w.lacks(now, want)
	}
	if why == "" && want.Process.Replacing() != spec.Recreate {
		why, vain = w.siblings(now, want)
	}
	if why == "" && l.Generation >= want.Generation {
		why, vain = w.edited(now, want)
	}
	return why, vain
}

// siblings lets only so many instances of a process be on the way at once, the first ones first.
func (w World) siblings(now time.Time, want Instance) (why string, vain bool) {
	free, id := want.Process.AtOnce(), ID{want.ID.Project, want.ID.Process, 1}
	for in, ok := w.Want[id]; ok; in, ok = w.Want[id] {
		id.N++
		p := w.progressOf(now, in)
		if in.ID == want.ID || p == fresh || p == idle || p == before && in.ID.N > want.ID.N {
			continue
		}
		if free--; free <= 0 {
			return w.behind(now, in, p)
		}
	}
	return "", false
}

// edited lets an instance of an edit wait for those that come before it there.
func (w World) edited(now time.Time, want Instance) (why string, vain bool) {
	edit := w.Edits[want.ID.Project]
	at := slices.Index(edit, want.ID)
	if at < 0 {
		return "", false
	}
	t := w.turnOf(now, want.ID.Project, edit)
	if t.at >= at || t.id.process() == want.ID.process() {
		return "", false
	}
	return w.behind(now, w.Want[t.id], w.progressOf(now, w.Want[t.id]))
}

// turnOf finds the first of an edit that is not done and that the others wait for. A loop's turn finds it once.
func (w World) turnOf(now time.Time, project string, edit []ID) turn {
	if t, ok := w.turns[project]; ok {
		return t
	}
	t := turn{at: len(edit)}
	for i, id := range edit {
		in, ok := w.Want[id]
		if !ok {
			continue
		}
		if p := w.progressOf(now, in); in.Process.Within() > 0 && p != fresh && p != idle {
			t = turn{id: id, at: i}
			break
		}
	}
	if w.turns != nil {
		w.turns[project] = t
	}
	return t
}

// behind words the wait for another instance that is on its way.
func (w World) behind(now time.Time, in Instance, p progress) (why string, vain bool) {
	if p != stuck && p != before {
		return fmt.Sprintf("waits for %s, which is replaced first", in.ID.Short()), false
	}
	if w.depth++; w.depth > maxDepth {
		return "runs as before: " + in.ID.Short() + " does not come up", true
	}
	v := Judge(now, w, in.ID)
	if p == before && !(v.Final && v.Pending) {
		return fmt.Sprintf("waits for %s, which is replaced first", in.ID.Short()), false
	}
	return fmt.Sprintf("runs as before, since %s does not come up: %s", in.ID.Short(), strings.TrimPrefix(v.Reason, "runs as before: ")), v.Final
}

// kept is the verdict on an instance that runs as before until it is its turn.
func (v Verdict) kept(l *Observed, why string, vain bool) Verdict {
	v.Phase, v.Reason, v.Since, v.Pending, v.Final = PhaseRunning, why, l.Started, true, vain
	if l.Unwell != "" && l.Sick == "" {
		v.Reason += "; it " + l.Unwell
	}
	if vain {
		v.Hint = "kitt restart " + l.ID.Process + " replaces it all the same"
	}
	return v
}

// edit is the order in which the instances of an edit give way: what others depend on first, and else as in now.
func edit(want map[ID]Instance, changed []ID) []ID {
	depth := map[ID]int{}
	slices.SortFunc(changed, func(a, b ID) int {
		return cmp.Or(cmp.Compare(depthOf(want, a, depth, 0), depthOf(want, b, depth, 0)), cmp.Compare(want[a].Place, want[b].Place), CompareIDs(a, b))
	})
	return changed
}

// depthOf is how many dependencies lie beneath an instance, at most, in a row.
func depthOf(want map[ID]Instance, id ID, known map[ID]int, level int) (n int) {
	key := id.process()
	if d, ok := known[key]; ok || level > maxDepth {
		return d
	}
	for dep := range want[id].Process.DependsOn {
		if on := (ID{id.Project, dep, 1}); want[on].Process != nil {
			n = max(n, depthOf(want, on, known, level+1)+1)
		}
	}
	known[key] = n
	return n
}
