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
	for _, dep := range sortedKeys(want.Process.DependsOn) {
		if why, vain = unmet(now, w, want.ID.Project, dep, want.Process.DependsOn[dep]); why != "" {
			return why, vain
		}
	}
	return "", false
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
		if !fulfilled(w, want, condition) {
			return waiting(now, w, id, condition)
		}
		id.N++
	}
	return "", false
}

// waiting words the wait for one instance. If it is in vain, it says why that one does not come.
func waiting(now time.Time, w World, id ID, condition string) (why string, vain bool) {
	why = fmt.Sprintf("waits for %s to be %s", id.Short(), condition)
	if w.depth++; w.depth > maxDepth {
		return why + ", which waits for it in turn", true
	}
	v := Judge(now, w, id)
	if !v.Final || v.Phase == PhaseRunning {
		return why, false
	}
	return fmt.Sprintf("%s, which is %s: %s", why, v.Phase, v.Reason), true
}

// fulfilled tells whether one instance meets a condition now.
func fulfilled(w World, want Instance, condition string) bool {
	for _, l := range w.Have[want.ID] {
		current := l.Generation >= want.Generation && l.Run == want.Run
		switch {
		case condition == "completed" && current && l.State == Exited:
			return l.Exit.How == "exit" && l.Exit.Code == 0
		case condition == "completed":
		case condition == "started" && (l.State == Running || l.State == Exited):
			return true
		case current && l.State == Running:
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
