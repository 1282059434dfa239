package service

import (
	"context"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// What runs of a project whose spec cannot be read is left alone, until the user says what is to become of it.

// giveUp has what runs of unreadable projects ended where a verb says so: down of the one, down or delete of all.
// It returns the instances that end. The caller holds mu, and calls rewant.
func (d *Daemon) giveUp(verb string, o api.Order) (ids []reconcile.ID) {
	if len(d.lost) == 0 || verb != "down" && (verb != "delete" || !o.All) {
		return nil
	}
	for _, l := range d.unreadLives() {
		if o.All || l.ID.Project == o.Project {
			ids = append(ids, l.ID)
		}
	}
	for name := range d.lost {
		if o.All || name == o.Project {
			d.lost[name] = false
		}
	}
	return ids
}

// endUnread stops the lives of unreadable projects that the names of a stop or delete mean: no spec names them, and
// nothing wants them back. It returns their instances.
func (d *Daemon) endUnread(ctx context.Context, verb string, o api.Order) map[reconcile.ID]bool {
	ids := map[reconcile.ID]bool{}
	if len(d.lost) == 0 || verb != "delete" && verb != "stop" {
		return ids
	}
	for _, l := range d.unreadLives() {
		if !means(o.Targets, l.ID) {
			continue
		}
		ids[l.ID] = true
		if err := d.rt.Stop(context.WithoutCancel(ctx), l.Life, l.Stop, 0); err != nil {
			d.Log.Warn("stop", "life", l.Life, "err", err)
		}
		_ = d.rec.Retry(ctx, []reconcile.ID{l.ID}) // it lives: this only has it looked at before anyone waits for it
	}
	return ids
}

// unreadLives are the living of projects whose spec cannot be read.
func (d *Daemon) unreadLives() (out []reconcile.Observed) {
	views, _, _ := d.rec.Look(time.Now())
	for _, v := range views {
		known, named := d.lost[v.ID.Project]
		if !known && (named || !d.lost[""]) {
			continue
		}
		for _, l := range v.Lives {
			if l.State == reconcile.Running {
				out = append(out, l)
			}
		}
	}
	return out
}

// means tells whether one of names is that of an instance: web, web.1, shop/web or shop/web.1.
func means(names []string, id reconcile.ID) bool {
	for _, n := range names {
		if n == id.Process || n == id.Short() || n == id.Project+"/"+id.Process || n == id.String() {
			return true
		}
	}
	return false
}
