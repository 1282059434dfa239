package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// What starts in the order of depends_on stops in the reverse one: an instance that is to be down waits until those that
// depend on it and are to be down too have ended. What is replaced waits for nobody.

// above names an instance that depends on id, is to be down for good, and still lives; ok is false if there is none.
func (w World) above(id ID) (ID, bool) {
	for _, up := range w.dependents(id) {
		want, wanted := w.Want[up]
		if wanted && want.Hold != "" && slices.ContainsFunc(w.Have[up], func(l Observed) bool { return l.alive() }) {
			return up, true
		}
	}
	return ID{}, false
}

// dependents are the instances that depend on the process of id.
func (w World) dependents(id ID) []ID {
	if w.Waiters == nil {
		return waiters(values(w.Want))[id.process()]
	}
	return w.Waiters[id.process()]
}

func values(m map[ID]Instance) (out []Instance) {
	for _, in := range m {
		out = append(out, in)
	}
	return out
}

// lasts is why a life that is to be down for good may not be stopped yet; "" if it may.
func (w World) lasts(want Instance, id ID) string {
	if want.Hold == "" {
		return ""
	}
	if up, ok := w.above(id); ok {
		return want.Hold + "; waits for " + up.Short() + " to end"
	}
	return ""
}

// cascaded is why a life begins anew since one that it depends on did, where the spec wants that; "" if none did. It waits
// until that one fulfils the condition: to begin before would be too early.
func cascaded(now time.Time, w World, want Instance, l *Observed) string {
	if !want.Process.Cascade {
		return ""
	}
	for _, dep := range sortedKeys(want.Process.DependsOn) {
		id := ID{want.ID.Project, dep, 1}
		for on, ok := w.Want[id]; ok; on, ok = w.Want[id] {
			if newer(w.Have[id], l.Started) && fulfilled(now, w, on, want.Process.DependsOn[dep]) {
				return fmt.Sprintf("cascade: %s began anew", id.Short())
			}
			id.N++
		}
	}
	return ""
}

// newer tells whether a life, not the first of its instance, began after a time.
func newer(lives []Observed, than time.Time) bool {
	return slices.ContainsFunc(lives, func(l Observed) bool {
		return l.Started.After(than) && (l.History.Before > 0 || l.Generation > 1)
	})
}

// beneath lists, for every process (N is 0) that depends on others, the instances of those: they may wait for its end.
func beneath(want []Instance) map[ID][]ID {
	instances, m := map[ID][]ID{}, map[ID][]ID{}
	for _, in := range want {
		instances[in.ID.process()] = append(instances[in.ID.process()], in.ID)
	}
	for _, in := range want {
		up := in.ID.process()
		if _, seen := m[up]; seen {
			continue
		}
		for dep := range in.Process.DependsOn {
			m[up] = append(m[up], instances[ID{Project: up.Project, Process: dep}]...)
		}
	}
	return m
}

// StopsAfter lists, for each of ids, those that must have ended before it is stopped, when all are: needs says on which
// processes one depends.
func StopsAfter(ids []ID, needs func(ID) map[string]string) map[ID][]ID {
	after := map[ID][]ID{}
	for _, up := range ids {
		on := needs(up)
		for _, id := range ids {
			if _, depends := on[id.Process]; depends && id.Project == up.Project && id.Process != up.Process {
				after[id] = append(after[id], up)
			}
		}
	}
	return after
}
