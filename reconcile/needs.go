package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// maxDepth ends a circle of dependencies, which no good spec has.
const maxDepth = 100

// blocked says what want waits for before it may start, "" if nothing, and whether that is in vain: unless someone
// does something, it will not come.
func blocked(now time.Time, w World, want Instance) (why string, vain bool) {
	if old, ok := predecessor(w, want); ok {
		return "waits for " + old.String() + " to end", false
	}
	first := ""
	for dep, condition := range want.Process.DependsOn { // not sorted: a wide graph asks this often
		if (first == "" || dep < first) && !met(now, w, want.ID.Project, dep, condition) {
			first = dep
		}
	}
	if first == "" {
		return "", false
	}
	return unmet(now, w, want.ID.Project, first, want.Process.DependsOn[first])
}

// met tells whether every instance of process dep fulfils the condition, and there is one.
func met(now time.Time, w World, project, dep, condition string) bool {
	id := ID{project, dep, 1}
	for in, ok := w.Want[id]; ok; in, ok = w.Want[id] {
		if !fulfilled(now, w, in, condition) {
			return false
		}
		id.N++
	}
	return id.N > 1
}

// predecessor finds the same instance under a former name of its project, if that still lives: the two would want the
// same ports and files.
func predecessor(w World, want Instance) (ID, bool) {
	for _, name := range want.Was {
		old := ID{name, want.ID.Process, want.ID.N}
		if _, wanted := w.Want[old]; wanted {
			continue // another project took the name
		}
		if slices.ContainsFunc(w.Have[old], func(l Observed) bool { return l.alive() }) {
			return old, true
		}
	}
	return ID{}, false
}

// unmet says in words why process dep does not fulfil the condition yet; "" if it does.
func unmet(now time.Time, w World, project, dep, condition string) (why string, vain bool) {
	id := ID{project, dep, 1}
	if _, ok := w.Want[id]; !ok {
		return fmt.Sprintf("waits for %s, of which no instance is wanted", dep), true
	}
	for want, ok := w.Want[id]; ok; want, ok = w.Want[id] {
		if !fulfilled(now, w, want, condition) {
			return waiting(now, w, id, condition)
		}
		id.N++
	}
	return "", false
}

// waiting words the wait for one instance. If it is in vain, it says why that one does not come.
func waiting(now time.Time, w World, id ID, condition string) (why string, vain bool) {
	why = fmt.Sprintf("waits for %s to be %s", id.Short(), condition)
	v, followed := w.verdict(now, id)
	if !followed {
		return why + ", which waits for it in turn", true
	}
	if !v.Final || v.Phase == PhaseRunning && !v.Pending {
		return why, false
	}
	return fmt.Sprintf("%s, which is %s: %s", why, v.Phase, v.Reason), true
}

// fulfilled tells whether one instance meets a condition now.
func fulfilled(now time.Time, w World, want Instance, condition string) bool {
	for _, l := range w.Have[want.ID] {
		current := l.Generation >= want.Generation && l.Run == want.Run
		switch {
		case condition == "completed" && current && l.State == Exited:
			return l.Exit.How == "exit" && l.Exit.Code == 0
		case condition == "completed":
		case condition == "started" && (l.State == Running || l.State == Exited):
			return true
		case !current || l.State != Running:
		case condition == "ready" && !l.isReady(now, want.Process):
		case condition == "healthy" && !l.isHealthy(now, want.Process):
		default:
			return true
		}
	}
	return false
}

// waiters lists, for every process (N is 0) that others depend on or take the place of, their instances.
func waiters(want []Instance) map[ID][]ID {
	m := map[ID][]ID{}
	for _, in := range want {
		for dep := range in.Process.DependsOn {
			on := ID{Project: in.ID.Project, Process: dep}
			m[on] = append(m[on], in.ID)
		}
		for _, name := range in.Was {
			on := ID{Project: name, Process: in.ID.Process}
			m[on] = append(m[on], in.ID)
		}
	}
	return m
}

// process is the key of id's process in waiters.
func (id ID) process() ID { return ID{Project: id.Project, Process: id.Process} }

// A judged keeps the verdicts on what others wait for, within one look.
type judged struct {
	of  map[ID]Verdict
	cut int // how often a chain was too long to be followed: what was judged then hangs on where it began, and is not kept
}

// verdict is that on what another waits for; false where the chain of those is too long.
func (w World) verdict(now time.Time, id ID) (v Verdict, ok bool) {
	if w.judged == nil {
		w.judged = &judged{of: map[ID]Verdict{}}
	}
	if v, ok = w.judged.of[id]; ok {
		return v, true
	}
	if w.depth++; w.depth > maxDepth {
		w.judged.cut++
		return v, false
	}
	before := w.judged.cut
	if v = Judge(now, w, id); w.judged.cut == before {
		w.judged.of[id] = v
	}
	return v, true
}
