package service

import (
	"kitt.sh/reconcile"
)

// inside tells which of ids the caller runs in, if any: by the cookie in its environment, which every child
// inherits, or else by its ancestors.
func (d *Daemon) inside(c caller, ids map[reconcile.ID]bool) (reconcile.ID, bool) {
	if id, _, err := reconcile.ParseLife(c.life); err == nil && ids[id] {
		return id, true
	}
	for id := range ids {
		for _, l := range d.rec.Lives(id) {
			if l.PID > 0 && c.up[l.PID] {
				return id, true
			}
		}
	}
	return reconcile.ID{}, false
}

// asked has the first signal to the instance that the caller runs in wait for the caller's end, so that it can
// read its answer and exit 0. It tells whether the caller runs in any of ids.
func (d *Daemon) asked(verb string, ids map[reconcile.ID]bool, c caller) bool {
	if verb != "restart" && verb != "stop" && verb != "delete" && verb != "down" && verb != "reload" {
		return false
	}
	id, ok := d.inside(c, ids)
	if ok {
		d.rec.Asked(id, c.pid)
	}
	return ok
}

// ancestors is the set of the processes above pid, and pid itself.
func ancestors(pid int) map[int]bool {
	up := map[int]bool{}
	for pid > 1 && !up[pid] {
		up[pid] = true
		pid = parent(pid)
	}
	return up
}
