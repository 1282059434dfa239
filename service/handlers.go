package service

import (
	"net/http"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// getShow answers with everything about one process: ?name=, ?project=.
func (d *Daemon) getShow(w http.ResponseWriter, r *http.Request) {
	near := d.near(r, r.URL.Query().Get("project"))
	d.mu.Lock()
	t, err := d.resolveOne(near, r.URL.Query().Get("name"))
	d.mu.Unlock()
	if err != nil {
		refuse(w, err)
		return
	}
	s, err := d.status(r.Context(), t.project, "", []string{t.project + "/" + t.key()})
	if err != nil {
		refuse(w, err)
		return
	}
	show := api.Show{Process: api.Masked(*t.process), Instances: s.Instances, Events: d.eventsOf(t, 20), Tree: d.tree(s.Instances)}
	if len(s.Specs) > 0 {
		show.File = s.Specs[0].File
	}
	d.spoken(&show)
	answer(w, show)
}

// eventsOf is the last n events of a process.
func (d *Daemon) eventsOf(t target, n int) []api.Event {
	out := []api.Event{} // never null: docs/json.md says a list
	prefix := t.project + "/" + t.process.Name + "."
	for _, ev := range d.events.tail(2000) {
		if strings.HasPrefix(ev.ID, prefix) || ev.ID == strings.TrimSuffix(prefix, ".") {
			out = append(out, ev)
		}
	}
	return out[max(0, len(out)-n):]
}

// tree lists the processes of the given instances.
func (d *Daemon) tree(rows []api.Instance) []api.Proc {
	out := []api.Proc{}
	roots, ids := map[int]time.Time{}, map[int]string{}
	for _, in := range rows {
		if in.PID > 0 {
			roots[in.PID], ids[in.PID] = in.Since.Time, in.ID
		}
	}
	for root, procs := range trees(processes(), roots) {
		for _, p := range procs {
			out = append(out, api.Proc{ID: ids[root], PID: p.pid, Parent: p.parent, Command: p.name, Memory: p.memory})
		}
	}
	return out
}
