package service

import (
	"errors"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/logs"
	"kitt.sh/service/api"
)

// postFlush empties the stored output of the named, and the copies of it that their spec names.
func (d *Daemon) postFlush(w http.ResponseWriter, r *http.Request) {
	var o api.Order
	if !sent(w, r, &o) {
		return
	}
	o.Project = d.near(r, o.Project)
	d.mu.Lock()
	targets, err := d.targets("flush", o)
	ids := map[reconcile.ID]bool{}
	for _, t := range targets {
		for _, id := range d.ids(t) {
			ids[id] = true
		}
	}
	d.mu.Unlock()
	if err != nil {
		refuse(w, err)
		return
	}
	s := newLines(w, r)
	var errs []error
	n, flushed := 0, map[string]bool{}
	views, _, _ := d.rec.Look(time.Now())
	for _, v := range views {
		if !ids[v.ID] || v.Want.Process == nil {
			continue
		}
		n++
		for _, stream := range []string{"out", "err"} {
			dir := filepath.Join(d.rt.Folder(v.Want), stream)
			flushed[dir] = true
			errs = append(errs, logs.Flush(dir))
		}
	}
	for path, c := range d.copiesWanted() {
		if slices.ContainsFunc(c.From, func(f logs.Feed) bool { return flushed[f.Dir] }) {
			errs = append(errs, logs.Empty(path))
		}
	}
	if err := errors.Join(errs...); err != nil {
		s.fail(err)
		return
	}
	d.events.add(api.Event{Kind: "flush", ID: describe(targets), By: who(r).String()})
	s.say(api.Line{Type: "done", Text: "logs of " + plural(n, "instance", "instances") + " emptied"})
}
