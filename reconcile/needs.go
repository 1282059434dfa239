package reconcile

import "fmt"

// blocked says what want waits for before it may start; "" if nothing.
func blocked(w World, want Instance) string {
	for _, dep := range sortedKeys(want.Process.DependsOn) {
		if why := unmet(w, want.ID.Project, dep, want.Process.DependsOn[dep]); why != "" {
			return why
		}
	}
	return ""
}

// unmet says in words why process dep does not fulfil the condition yet; "" if it does.
func unmet(w World, project, dep, condition string) string {
	found := false
	for n := 1; ; n++ {
		id := ID{project, dep, n}
		want, ok := w.Want[id]
		if !ok {
			break
		}
		found = true
		if !fulfilled(w, want, condition) {
			return fmt.Sprintf("waits for %s to be %s", id.Short(), condition)
		}
	}
	if !found {
		return fmt.Sprintf("waits for %s, of which no instance is wanted", dep)
	}
	return ""
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

// dependents lists the instances of id's project that wait on its process.
func dependents(w World, id ID) (ids []ID) {
	for other, want := range w.Want {
		if other.Project == id.Project && want.Process.DependsOn[id.Process] != "" {
			ids = append(ids, other)
		}
	}
	return ids
}
