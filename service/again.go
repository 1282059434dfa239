package service

import (
	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// again asks for one more life of each instance, as restart does, but by kitt itself: no hold is lifted.
func (d *Daemon) again(ids []reconcile.ID, kind, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []reconcile.ID
	for _, id := range ids {
		if in, ok := d.rec.Wants(id); ok && in.Hold == "" && d.intents.Projects[id.Project] != nil {
			list = append(list, id)
		}
	}
	if len(list) == 0 || d.goingDown() {
		return
	}
	err := d.commit(func(to *reconcile.Intents) error {
		for _, id := range list {
			d.catchUp(to, map[reconcile.ID]bool{id: true})
			to.Projects[id.Project].RaiseFor(id, reason)
		}
		return nil
	})
	if err != nil {
		d.Log.Warn(kind, "why", reason, "err", err)
		return
	}
	for _, id := range list {
		d.events.add(api.Event{Kind: kind, ID: id.String(), Reason: reason})
	}
	d.rewant(nil)
}
