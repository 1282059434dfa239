package service

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// getStatus answers with all instances, or those of ?project= or ?targets=a,b (looked up first in ?near=); as JSON or
// as ?view=table.
func (d *Daemon) getStatus(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s, err := d.status(r.Context(), q.Get("project"), d.near(r, q.Get("near")), words(q.Get("targets")))
	if err != nil {
		refuse(w, err)
		return
	}
	b := d.viewOf(s, q)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b)
}

// viewOf is s in the form that was asked for.
func (d *Daemon) viewOf(s *api.Status, q url.Values) []byte {
	switch view := q.Get("view"); {
	case view == "table":
		return api.AppendTable(nil, s)
	case view == "text" && d.Screen != nil:
		return d.Screen(s, number(q, "columns", 0), yes(q, "colour"))
	}
	return append(api.Harmless(api.AppendStatus(nil, s)), '\n')
}

// words are the names of a query, parted by commas; a /regexp/ may hold some.
func words(s string) (out []string) {
	if s == "" {
		return nil
	}
	for parts := strings.Split(s, ","); len(parts) > 0; {
		n := 1
		for i := 1; strings.HasPrefix(parts[0], "/") && !strings.HasSuffix(strings.Join(parts[:n], ","), "/") && i < len(parts); i++ {
			if strings.HasSuffix(parts[i], "/") && !strings.HasPrefix(parts[i], "/") {
				n = i + 1
			}
		}
		out, parts = append(out, strings.Join(parts[:n], ",")), parts[n:]
	}
	return out
}

// Status is what everything looks like now.
func (d *Daemon) status(ctx context.Context, project, near string, names []string) (*api.Status, error) {
	views, clash, err := d.views(ctx, project, near, names)
	if err != nil {
		return nil, err
	}
	s := &api.Status{Keeper: api.Keeper{PID: d.Keeper.PID()}, Daemon: api.Daemon{PID: os.Getpid(), Version: d.Version, Replaced: d.replaced(), Service: d.drift()},
		Specs: d.projects(project), Instances: make([]api.Instance, 0, len(views))}
	use, said := d.sample.use(views), d.said()
	if project == "" && len(names) == 0 {
		d.sampling.note(time.Now(), views, use)
	}
	for _, v := range views {
		in := d.instance(v, use[v.ID], clash[v.ID.Process])
		in.Restarts = said.Projects[v.ID.Project].Count(v.ID, in.Restarts)
		if number, ok := said.Numbers[v.ID.String()]; ok {
			in.Number = &number
		}
		s.Instances = append(s.Instances, in)
	}
	return s, nil
}

// said is what the user has said; it is not to be changed.
func (d *Daemon) said() *reconcile.Intents {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.intents
}

// views lists the instances that people are shown: all but the deleted ones that are down. With a project only its
// own, with names only theirs, which are looked up in the project near first. clash holds the process names that more
// than one project has, shown or not: an instance's id does not hang on what else is asked for.
func (d *Daemon) views(ctx context.Context, project, near string, names []string) (out []reconcile.View, clash map[string]bool, err error) {
	all := d.settled(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	keep := map[reconcile.ID]bool{}
	targets, err := d.resolve(near, names)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range targets {
		for _, id := range d.ids(t) {
			keep[id] = true
		}
	}
	all = slices.DeleteFunc(all, d.deleted)
	for _, v := range all {
		switch {
		case project != "" && v.ID.Project != project:
		case len(names) > 0 && !keep[v.ID]:
		default:
			out = append(out, v)
		}
	}
	return out, clashes(all), nil
}

// settled looks at the world, waiting at most 2 s for the first look after the daemon's start.
func (d *Daemon) settled(ctx context.Context) []reconcile.View {
	limit := time.After(2 * time.Second)
	for {
		views, changed, ok := d.rec.Look(time.Now())
		if ok {
			return views
		}
		select {
		case <-changed:
		case <-limit:
			return views
		case <-ctx.Done():
			return views
		}
	}
}

// deleted tells whether a view is of a process that the user deleted and that is down. The caller holds mu.
func (d *Daemon) deleted(v reconcile.View) bool {
	p := d.intents.Projects[v.ID.Project]
	if p == nil || v.Verdict.Phase != reconcile.PhaseHeld {
		return false
	}
	return deleted(time.Now(), p, v.ID)
}

// projects lists the specs that are followed.
func (d *Daemon) projects(only string) []api.Spec {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]api.Spec, 0, len(d.intents.Projects))
	for _, name := range sorted(d.intents.Projects) {
		if only == "" || only == name {
			s := api.Spec{Project: name, File: d.intents.Projects[name].File, Error: d.troubles[name]}
			if s.Error != nil && d.idle(name) {
				s.Error = nil
			}
			s.Alerts = d.alerts.troubles(name)
			out = append(out, s)
		}
	}
	return out
}

// idle tells whether nothing of a project lives or would: no file matters to it then, whatever is wrong with it.
// The caller holds mu.
func (d *Daemon) idle(project string) bool {
	views, _, ok := d.rec.Look(time.Now())
	for _, v := range views {
		if v.ID.Project == project && v.Verdict.Phase != reconcile.PhaseHeld {
			return false
		}
	}
	return ok && !d.lost[project]
}

// clashes lists the process names that more than one project has.
func clashes(views []reconcile.View) map[string]bool {
	owner, clash := map[string]string{}, map[string]bool{}
	for _, v := range views {
		if p, ok := owner[v.ID.Process]; ok && p != v.ID.Project {
			clash[v.ID.Process] = true
		}
		owner[v.ID.Process] = v.ID.Project
	}
	return clash
}

// instance turns a view into a row.
func (d *Daemon) instance(v reconcile.View, u usage, inFull bool) api.Instance {
	dir := d.rt.Folder(v.Want)
	if v.Want.Process == nil {
		dir = d.rt.Folder(reconcile.Instance{ID: v.ID})
	}
	in := api.Instance{ID: v.ID.Short(), Project: v.ID.Project, Process: v.ID.Process, N: v.ID.N,
		Phase: string(v.Verdict.Phase), Ready: v.Verdict.Phase == reconcile.PhaseRunning, Reason: d.reason(time.Now(), v), Hint: v.Verdict.Hint,
		Since: api.Time{Time: v.Verdict.Since}, Generation: v.Want.Generation, CPU: u.cpu, Memory: u.memory,
		Log: api.Log{Out: filepath.Join(dir, "out"), Err: filepath.Join(dir, "err")}}
	if inFull {
		in.ID = v.ID.String()
	}
	if v.Want.Process != nil {
		in.Port = v.Want.Process.Port(v.ID.N)
	}
	for _, l := range v.Lives {
		addLife(&in, l)
		if in.PID > 0 && l.PID == in.PID {
			status, word := d.probing.says(l.Life)
			in.Says, in.Reason = status, tells(in.Reason, word)
		}
		if in.Reason == "" && v.Want.Process != nil && v.Want.Process.Mode == spec.ModeCluster {
			in.Reason = d.clusterState(l.Life).Reason()
		}
	}
	return in
}

// addLife adds what one life tells: its pid if it lives, its end if it is over, the restarts before it.
func addLife(in *api.Instance, l reconcile.Observed) {
	in.Restarts = max(in.Restarts, l.History.Restarts)
	in.Generation = max(in.Generation, l.Generation)
	if l.State == reconcile.Running || l.State == reconcile.Stopping && in.PID == 0 { // of one that stops and its successor, that one
		in.PID, in.Adopted = l.PID, l.Adopted
		in.Port = cmp.Or(l.Port, in.Port)
	}
	if e := exitOf(l); e != nil && (in.Exit == nil || e.At.After(in.Exit.At.Time)) {
		in.Exit = e
	}
}

// exitOf is the end of a life, or of the one before it, in the API's form; nil if there was none.
func exitOf(l reconcile.Observed) *api.Exit {
	switch l.State {
	case reconcile.Exited:
		return apiExit(l.Exit)
	case reconcile.Running, reconcile.Stopping:
		if l.History.Last.How != "" {
			return apiExit(l.History.Last)
		}
	}
	return nil
}

func apiExit(e reconcile.Exit) *api.Exit {
	out := &api.Exit{Signal: e.Signal, At: api.Time{Time: e.At}}
	if e.How == "exit" {
		code := e.Code
		out.Code = &code
	}
	return out
}

// near is the project in which the names of a request are looked up first: the one it says, else the caller's.
func (d *Daemon) near(r *http.Request, said string) string {
	if said != "" {
		return said
	}
	return d.projectOf(who(r))
}

// projectOf guesses the project that a caller means: the one of the life it runs in, or whose file lies in its folder.
func (d *Daemon) projectOf(c caller) string {
	if id, _, err := reconcile.ParseLife(c.life); err == nil {
		return id.Project
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, name := range sorted(d.intents.Projects) {
		if filepath.Dir(d.intents.Projects[name].File) == c.dir {
			return name
		}
	}
	return ""
}
