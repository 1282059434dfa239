package reconcile

import "maps"

// Number gives each instance of want a small number that it keeps as long as it is wanted: what pm2 calls pm_id. New
// ones come after the highest, in the order of want, and begin with 0 where there are none. It returns old itself
// where nothing changes. Pure.
func Number(old map[string]int, want []Instance) map[string]int {
	missing, kept := 0, 0
	for i := range want {
		if _, ok := old[want[i].ID.String()]; ok {
			kept++
		} else {
			missing++
		}
	}
	if missing == 0 && kept == len(old) {
		return old
	}
	now, wanted := make(map[string]int, len(want)), make(map[string]bool, len(want))
	next := 0
	for i := range want {
		id := want[i].ID.String()
		wanted[id] = true
		if n, ok := old[id]; ok {
			now[id] = n
			next = max(next, n+1)
		}
	}
	for i := range want {
		if id := want[i].ID.String(); wanted[id] {
			if _, ok := now[id]; !ok {
				now[id] = next
				next++
			}
		}
	}
	if maps.Equal(now, old) {
		return old
	}
	return now
}

// Count is how many restarts of an instance are shown: those since the user had them forgotten.
func (p *Project) Count(id ID, restarts int) int {
	if p == nil || p.Forgiven[id.Short()] > restarts { // another boot: counted anew
		return restarts
	}
	return restarts - p.Forgiven[id.Short()]
}

// Forgive has the restarts that there were so far counted no more.
func (p *Project) Forgive(id ID, restarts int) {
	if p.Forgiven == nil {
		p.Forgiven = map[string]int{}
	}
	p.Forgiven[id.Short()] = restarts
}
