package service

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// getEnviron answers with what one instance finds in its environment at its next start: ?name=, ?project=. It is the
// only answer that ever holds values, and only with ?reveal=1.
func (d *Daemon) getEnviron(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	in, err := d.wanted(q.Get("project"), q.Get("name"), who(r))
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, d.environ(in, yes(q, "reveal")))
}

// wanted is the first instance that a name means.
func (d *Daemon) wanted(project, name string, c caller) (in reconcile.Instance, err error) {
	if project == "" {
		project = d.projectOf(c)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t, err := d.resolveOne(project, name)
	if err != nil {
		return in, err
	}
	for _, in := range d.wants(time.Now(), d.specs) {
		if in.ID.Project == t.project && in.ID.Process == t.process.Name && (t.n == 0 || t.n == in.ID.N) {
			return in, nil
		}
	}
	return in, failure{4, "show " + name + ": it has no instance", "kitt scale " + t.process.Name + "=1"}
}

// environ lists the variables, sorted, each with where it comes from.
func (d *Daemon) environ(in reconcile.Instance, reveal bool) api.Environ {
	_, _, own := in.Process.For(in.ID.N)
	kitt := d.rt.Identity(in.ID)
	env := d.rt.Environ(in)
	out := api.Environ{ID: in.ID.String(), Vars: make([]api.Var, 0, len(env))}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		v := api.Var{Name: name, From: "captured"}
		if _, ok := own[name]; ok {
			v.From = "spec"
		}
		if _, ok := kitt[name]; ok {
			v.From = "kitt"
		}
		if value := env[name]; reveal {
			v.Value = &value
		}
		out.Vars = append(out.Vars, v)
	}
	return out
}
