package service

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/failpoint"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// apply makes a spec that the client has read the project's own, lifts its holds, and tries again what had failed.
func (d *Daemon) apply(ctx context.Context, l api.Load, out *lines) error {
	acts, stop := d.actions.listen()
	defer stop()
	since := time.Now()
	old, err := d.take(ctx, l, out.say)
	if err != nil {
		return err
	}
	w := wait{d: d, acts: acts, out: out, since: since, settle: settleTime, timeout: l.Timeout, skip: !l.Wait,
		mine: func(id reconcile.ID) bool {
			return id.Project == l.Spec.Project && l.Means(id.Process) || slices.Contains(old, id.Project)
		}, foreign: old}
	code, text, hint := w.run(ctx)
	if code == 0 && w.said == 0 && w.todo == 0 {
		text = fmt.Sprintf("nothing to do: %s as %s wants them", plural(len(w.ids()), "instance is", "instances are"), filepath.Base(l.Spec.File))
		if n := len(l.Spec.Notify); n > 0 {
			text += fmt.Sprintf("; it has %s: kitt notify test", plural(n, "notify block", "notify blocks"))
		}
	}
	d.sayReplaced(out.say)
	switch {
	case w.skip, code == 1:
		d.mu.Lock()
		d.gate.watch(l.Spec.Project)
		d.mu.Unlock()
	case code == 0:
		d.markGood(l.Spec.Project)
	case code != codeMoved:
		text, hint = w.gate(ctx, l.Spec.Project, text, hint)
	}
	w.finish(code, text, hint)
	return nil
}

// take is the part of apply that changes the state. What runs is not touched if it fails.
// It returns the former names of the project, which end here.
func (d *Daemon) take(ctx context.Context, l api.Load, say func(api.Line)) (old []string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.goingDown() {
		return nil, failure{1, "apply: kitt is shutting down", "kitt apply again in a moment"}
	}
	s := &l.Spec
	if err := d.claim(s); err != nil {
		return nil, err
	}
	old = formerly(d.intents, s)
	if !l.Capture { // from inside a managed process: the captured environment stays
		for _, name := range append([]string{s.Project}, old...) {
			if p := d.intents.Projects[name]; p != nil {
				l.Request.Env = p.Request.Env
				break
			}
		}
	}
	anew, err := d.givePorts(s)
	if err != nil {
		return nil, err
	}
	l.Request.Ports = nil // the spec has them
	if err := d.mayListen(ctx, s, l.Means); err != nil {
		return nil, err
	}
	before := d.before(s, old)
	by, _ := ctx.Value(callerKey{}).(caller)
	why, err := d.adopt(s, cause{"applied", by.String()})
	if err != nil {
		return nil, err
	}
	failpoint.Here("daemon.apply.adopted")
	if err := d.applied(l, old, before, say); err != nil {
		return nil, err
	}
	failpoint.Here("daemon.apply.committed")
	sayDiffers(before, s, say)
	sayPorts(s, anew, say)
	d.drop(old, s.Project)
	d.watching.resume(d.instancesOf(s.Project))
	delete(d.troubles, s.Project)
	d.rewant(why)
	again := slices.DeleteFunc(d.failed(s.Project), func(id reconcile.ID) bool { return !l.Means(id.Process) })
	return old, d.rec.Retry(ctx, again)
}

// claim refuses a project whose name already belongs to another folder's file.
func (d *Daemon) claim(s *spec.Spec) error {
	p := d.intents.Projects[s.Project]
	if p == nil || p.File == s.File || filepath.Dir(p.File) == filepath.Dir(s.File) {
		return nil
	}
	if _, err := os.Stat(p.File); err != nil {
		return nil // moved
	}
	return failure{1, fmt.Sprintf("apply %s: project %q already follows %s", s.File, s.Project, p.File),
		fmt.Sprintf("name this one otherwise: project = %q", s.Project+"-2")}
}

// applied records what an apply says: the file, how to read it, and that nothing is held any more, or only what l
// does not mean. The projects of the old names become this one; before is the spec followed until now.
func (d *Daemon) applied(l api.Load, old []string, before *spec.Spec, say func(api.Line)) error {
	s := &l.Spec
	p := d.intents.Projects[s.Project]
	if len(old) == 0 && p != nil && p.Pin == nil && p.Down == nil && len(p.Holds) == 0 && len(l.Only) == 0 && p.File == s.File && sameRequest(p.Request, l.Request) {
		return nil
	}
	for _, name := range append([]string{s.Project}, old...) {
		if p := d.intents.Projects[name]; p != nil {
			sayLifted(p, heldAfter(time.Now(), p, before, l), say)
			sayUnpinned(p, say)
		}
	}
	return d.commit(func(in *reconcile.Intents) error {
		rename(in, old, s.Project)
		p := in.Projects[s.Project]
		if p == nil {
			p = &reconcile.Project{}
			in.Projects[s.Project] = p
		}
		p.File, p.Request, p.Down, p.Holds = s.File, l.Request, nil, heldAfter(time.Now(), p, before, l)
		p.Pin = nil
		p.Applies++
		return nil
	})
}

func sameRequest(a, b spec.Request) bool {
	return a.Path == b.Path && a.Cwd == b.Cwd && a.Profile == b.Profile && a.Port == b.Port &&
		maps.Equal(a.Env, b.Env) && maps.Equal(a.Formation, b.Formation)
}

// failed lists the instances of a project that are down for good though they should run.
func (d *Daemon) failed(project string) (ids []reconcile.ID) {
	views, _, _ := d.rec.Look(time.Now())
	for _, v := range views {
		if v.ID.Project == project && v.Verdict.Phase == reconcile.PhaseFailed {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

// plan says what apply would do, without doing it.
func (d *Daemon) plan(l api.Load, say func(api.Line)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := &l.Spec
	if err := d.claim(s); err != nil {
		return err
	}
	names := formerly(d.intents, s)
	anew, err := d.givePorts(s)
	if err != nil {
		return err
	}
	l.Request.Ports = nil
	in := d.intents.Clone()
	rename(in, names, s.Project)
	old, p := d.specs[s.Project], in.Projects[s.Project]
	if old == nil && len(names) > 0 {
		old = d.specs[names[0]]
	}
	lifted := reconcile.Project{File: s.File, Request: l.Request}
	if p != nil {
		sayLifted(p, heldAfter(time.Now(), p, old, l), say)
		sayUnpinned(p, say)
		lifted.Scale, lifted.Generations = p.Scale, p.Generations
	}
	lifted.Holds = heldAfter(time.Now(), p, old, l)
	digests := reconcile.Digests{}
	var want []reconcile.Instance
	for _, in := range d.wants(time.Now(), d.specs) {
		if in.ID.Project != s.Project && !slices.Contains(names, in.ID.Project) {
			want = append(want, in)
		}
	}
	want = append(want, reconcile.Expand(time.Now(), s, &lifted, digests)...)
	n := sayPlan(d.rec.Would(time.Now(), want, changes(old, s, d.digests), renamed(in)), s.Project, names, say)
	n += sayEdits(old, s, say) + sayNotify(old, s, say)
	for _, text := range portsGiven(s, anew, "would be") {
		say(api.Line{Type: "note", Text: text})
	}
	if p != nil && !maps.Equal(p.Request.Env, l.Request.Env) && l.Capture {
		say(api.Line{Type: "note", Text: "the captured environment differs; the next start of each process uses the new one, nothing restarts for it"})
	}
	if text := d.driftFor(s.Service); text != "" {
		n++
		say(api.Line{Type: "action", Verb: "service", ID: "kitt", Reason: text})
	}
	say(api.Line{Type: "done", Text: plural(n, "change", "changes"), Up: n})
	return nil
}

// sayPlan tells the actions on one project, and on those whose place it takes, a line an instance, and counts them.
func sayPlan(do []reconcile.Action, project string, old []string, say func(api.Line)) (n int) {
	seen := map[reconcile.ID]reconcile.Verb{}
	for _, a := range do {
		if a.ID.Project != project && !slices.Contains(old, a.ID.Project) {
			continue
		}
		if l, ok := line(a, seen); ok {
			l.ID = inFull(l.ID, a.ID, old)
			say(l)
			n++
		}
	}
	return n
}

// sayEdits tells, field by field, what an edit changes in processes that stay, and counts the live ones.
func sayEdits(old, now *spec.Spec, say func(api.Line)) (live int) {
	if old == nil {
		return 0
	}
	for i := range now.Processes {
		was := process(old, now.Processes[i].Name)
		if was == nil {
			continue
		}
		if l, ok := edited(*was, now.Processes[i]); ok {
			say(l)
			for _, c := range l.Changes {
				if c.Live {
					live++
				}
			}
		}
	}
	return live
}

// edited is the line that lists the fields in which a process differs.
func edited(was, is spec.Process) (api.Line, bool) {
	l := api.Line{Type: "action", Verb: "edit", ID: is.Name}
	for _, c := range spec.Diff(was, is) {
		l.Changes = append(l.Changes, api.Change{Field: c.Field, From: c.From, To: c.To, Live: c.Live})
	}
	return l, len(l.Changes) > 0
}

// plural words a number of things.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
