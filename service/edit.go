package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// A Loader reads a spec apart from this process. The Loaded says what it read even where it is wrong.
type Loader func(ctx context.Context, req spec.Request) (Loaded, error)

// Loaded is what a Loader found: a spec, or what is wrong with the file.
type Loaded struct {
	Spec       *spec.Spec       `json:"spec"` // where there are complaints, only Reads is meant
	Complaints []spec.Complaint `json:"complaints,omitempty"`
	Error      string           `json:"error,omitempty"` // a failure with no place in a file
}

// edited reads a project's file again and applies it, unless it is wrong or would do too much.
func (d *Daemon) edited(ctx context.Context, project string) {
	for d.reread(ctx, project) {
	}
}

// reread is one try of that; again where somebody applied it in the meantime: what was read here may be older than that, and
// would undo it.
func (d *Daemon) reread(ctx context.Context, project string) (again bool) {
	d.mu.Lock()
	p := d.intents.Projects[project]
	var req spec.Request
	if p != nil {
		req = p.Request
		req.Path, req.Scale, req.Ports = p.File, scaled(p), d.portsOf(project)
	}
	d.mu.Unlock()
	if p == nil || d.goingDown() || d.stillPinned(project) {
		return false
	}
	l, err := d.read(ctx, req)
	if ctx.Err() != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch now := d.intents.Projects[project]; {
	case now == nil || now.File != p.File:
		return false
	case now.Applies != p.Applies:
		return true
	}
	t := d.trouble(p.File, project, l, err)
	if t == nil {
		t = d.follow1(l.Spec)
	}
	d.setTrouble(project, t)
	if l.Spec != nil && t != nil {
		d.watch.follow(project, append(l.Spec.Reads, d.specs[project].Reads...))
	}
	return false
}

// stillPinned is pinned for who does not hold mu.
func (d *Daemon) stillPinned(project string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.pinned(project)
}

func scaled(p *reconcile.Project) map[string]int {
	out := map[string]int{}
	for name, s := range p.Scale {
		out[name] = s.N
	}
	return out
}

// trouble says what keeps an edit from being followed; nil if nothing does.
func (d *Daemon) trouble(file, project string, l Loaded, err error) *api.Trouble {
	if _, serr := os.Stat(file); errors.Is(serr, fs.ErrNotExist) {
		return &api.Trouble{Text: file + ": the file has vanished; what runs is left as it is",
			Hint: "put it back, or kitt down " + project}
	}
	switch {
	case err != nil:
		return &api.Trouble{Text: "read " + file + ": " + err.Error()}
	case len(l.Complaints) > 0:
		return &api.Trouble{Text: l.Complaints[0].Error(), Complaints: l.Complaints, Hint: l.Complaints[0].Hint}
	case l.Error != "":
		return &api.Trouble{Text: l.Error}
	case l.Spec.Project != project:
		return &api.Trouble{Text: fmt.Sprintf("%s: project %s is now called %s; this edit is held, it runs on as %s", file, project, l.Spec.Project, project),
			Hint: fmt.Sprintf("kitt apply -f %s ends what runs as %s and starts it as %s", file, project, l.Spec.Project)}
	}
	return nil
}

// follow1 applies an edit, or returns why it is held: it would remove more than half of what runs.
// The caller holds mu.
func (d *Daemon) follow1(s *spec.Spec) *api.Trouble {
	gone, of := d.removes(s)
	if gone*2 > of {
		return &api.Trouble{Text: fmt.Sprintf("%s: this edit would remove %d of %d running processes; it is held", s.File, gone, of),
			Hint: "kitt apply does it"}
	}
	if err := d.mayListen(context.Background(), s, d.notHeld(s.Project)); err != nil {
		f := asFailure(err)
		return &api.Trouble{Text: f.Error, Hint: f.Hint}
	}
	anew, err := d.givePorts(s)
	if _, other := err.(otherPorts); other { // somebody took one of them meanwhile
		d.watch.poke(s.Project)
		return d.troubles[s.Project]
	}
	if err != nil {
		f := asFailure(err)
		return &api.Trouble{Text: f.Error, Hint: f.Hint}
	}
	s.Differs = toldOf(d.specs[s.Project], s)
	why, err := d.adopt(s, cause{why: "edited"})
	if err != nil {
		return &api.Trouble{Text: "keep spec: " + err.Error()}
	}
	if len(why) > 0 {
		d.events.add(api.Event{Kind: "apply", ID: s.Project, Reason: s.File + " was edited"})
	}
	for _, text := range portsGiven(s, anew, "is") { // nobody waits for the answer
		d.events.add(api.Event{Kind: "apply", ID: s.Project, Reason: text})
	}
	d.rewant(why)
	d.gate.watch(s.Project)
	return nil
}

// notHeld tells which processes of a project a user does not keep down. The caller holds mu.
func (d *Daemon) notHeld(project string) func(process string) bool {
	p := d.intents.Projects[project]
	return func(process string) bool {
		_, held := p.Held(time.Now(), reconcile.ID{Project: project, Process: process})
		return !held
	}
}

// removes counts the running processes of a project, and those of them that s does not name.
func (d *Daemon) removes(s *spec.Spec) (gone, of int) {
	views, _, _ := d.rec.Look(time.Now())
	seen := map[string]bool{}
	for _, v := range views {
		if v.ID.Project != s.Project || seen[v.ID.Process] || v.Verdict.Phase != reconcile.PhaseRunning {
			continue
		}
		seen[v.ID.Process] = true
		of++
		if process(s, v.ID.Process) == nil {
			gone++
		}
	}
	return gone, of
}

// setTrouble remembers what is wrong with a project's file, and tells of every change of it. The caller holds mu.
func (d *Daemon) setTrouble(project string, t *api.Trouble) {
	was := d.troubles[project]
	if t != nil {
		t.Complaints = append([]spec.Complaint{}, veiled(t.Complaints)...) // a list also where there are none
	}
	switch {
	case t == nil && was != nil:
		delete(d.troubles, project)
		d.events.add(api.Event{Kind: "spec-ok", ID: project, Reason: "the spec file is followed again"})
	case t != nil && (was == nil || was.Text != t.Text):
		t.Since = api.Time{Time: time.Now()}
		d.troubles[project] = t
		d.events.add(api.Event{Kind: "spec-error", ID: project, Reason: t.Text})
		d.Log.Warn("read spec", "project", project, "err", t.Text)
	case t != nil:
		t.Since = was.Since
		d.troubles[project] = t
	}
}
