package service

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"syscall"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
)

// send passes a message on to the programs of the named instances, over their channels; or a text to their stdin.
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
		if o.Value == nil {
			if err := d.typed(id, life, o.Message); err != nil {
				return err
			}
			continue
		}
		if err := d.channels.say(life, o.Value); err != nil {
			return failure{1, fmt.Sprintf("send to %s: %v", id.Short(), err), `mode = "node" in its spec gives it one, from its next start on`}
		}
	}
	out.say(api.Line{Type: "done", Text: "sent to " + plural(len(ids), "instance", "instances")})
	return nil
}

// typed writes to the stdin of a life.
func (d *Daemon) typed(id reconcile.ID, life, text string) error {
	n, err := keeper.Type(d.Dirs.Run, life, []byte(text))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failure{1, fmt.Sprintf("type to %s: it has no stdin", id.Short()), "stdin = true in its spec gives it one, from its next start on"}
	case errors.Is(err, syscall.EAGAIN) || err == nil && n < len(text):
		return failure{1, fmt.Sprintf("type to %s: it does not read: %d of %d bytes were taken", id.Short(), n, len(text)), "kitt logs " + id.Short()}
	case err != nil:
		return failure{1, fmt.Sprintf("type to %s: %v", id.Short(), err), ""}
	}
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

// getMetrics answers with what the programs of all instances measured of themselves, in order.
func (d *Daemon) getMetrics(w http.ResponseWriter, _ *http.Request) {
	views, _, _ := d.rec.Look(time.Now())
	var all api.Show
	for _, v := range views {
		all.Instances = append(all.Instances, api.Instance{ID: v.ID.Short(), Project: v.ID.Project, Process: v.ID.Process, N: v.ID.N})
	}
	d.spoken(&all)
	if all.Metrics == nil {
		all.Metrics = []api.Metric{}
	}
	answer(w, all.Metrics)
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
