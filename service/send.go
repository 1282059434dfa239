package service

import (
	"fmt"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// send passes a message on to the programs of the named instances, over their channels.
func (d *Daemon) send(o api.Order, out *lines) error {
	d.mu.Lock()
	targets, err := d.targets("send", o)
	var ids []reconcile.ID
	for _, t := range targets {
		ids = append(ids, d.ids(t)...)
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	for _, id := range ids {
		life := d.runningLife(id)
		if life == "" {
			return failure{1, fmt.Sprintf("send to %s: it does not run", id.Short()), "kitt status " + id.Process}
		}
		if err := d.channels.say(life, o.Value); err != nil {
			return failure{1, fmt.Sprintf("send to %s: %v", id.Short(), err), `mode = "node" in its spec gives it one, from its next start on`}
		}
	}
	out.say(api.Line{Type: "done", Text: "sent to " + plural(len(ids), "instance", "instances")})
	return nil
}

// runningLife is the life of an instance that runs, or "".
func (d *Daemon) runningLife(id reconcile.ID) string {
	for _, l := range d.rec.Lives(id) {
		if l.State == reconcile.Running {
			return l.Life
		}
	}
	return ""
}

// spoken adds to an answer what the programs of its instances said over their channels.
func (d *Daemon) spoken(show *api.Show) {
	for _, in := range show.Instances {
		c := d.channels.get(d.runningLife(reconcile.ID{Project: in.Project, Process: in.Process, N: in.N}))
		if c == nil {
			continue
		}
		c.mu.Lock()
		if c.cluster != nil {
			show.Cluster = c.cluster
		}
		for name, m := range c.metrics {
			m.ID, m.Name = in.ID, name
			show.Metrics = append(show.Metrics, m)
		}
		c.mu.Unlock()
	}
	show.SortMetrics()
}
