package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

// mostRevisions is how many of a project are kept; the oldest go first.
const mostRevisions = 50

// A cause is what makes a spec the one that is followed.
type cause struct{ why, by string }

// A revision is one spec as it was applied. The spec itself lies in a file beside the list, in the form of the last good one:
// values of environments are named there, and lie in desired.json alone.
type revision struct {
	api.Revision
	Values []string `json:"values,omitempty"` // the names of those it refers to
}

// A chronicle is the list of a project's revisions, oldest first, as it lies on the disk.
type chronicle struct {
	Version   int        `json:"version"` // 1
	Revisions []revision `json:"revisions"`
}

func (d *Daemon) revisionPath(project, name string) string {
	return d.statePath(filepath.Join("revisions", escape(project), name+".json"))
}

// chronicle reads the list; none is an empty one.
func (d *Daemon) chronicle(project string) (c chronicle, err error) {
	b, err := os.ReadFile(d.revisionPath(project, "index"))
	if errors.Is(err, fs.ErrNotExist) {
		return chronicle{Version: 1}, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err == nil && c.Version != 1 {
		err = fmt.Errorf("version %d is not one that this kitt reads", c.Version)
	}
	if err != nil {
		return c, fmt.Errorf("read history of %s: %w", project, err)
	}
	return c, nil
}

// noteRevision keeps s, which lies in b as it is on the disk, as the next revision of its project, if it differs from was in
// more than its places. What cannot be kept is told, and keeps nothing from being applied. The caller holds mu.
func (d *Daemon) noteRevision(was, s *spec.Spec, b []byte, values map[string]string, why cause) {
	changed := edits(was, s)
	if was != nil && (len(changed) == 0 || why.why == reasonScaled) {
		return
	}
	c, err := d.chronicle(s.Project)
	if err == nil {
		r := revision{Values: slices.Sorted(maps.Keys(values))}
		r.Revision = api.Revision{N: c.last().N + 1, At: api.Time{Time: time.Now()}, Why: why.why, By: why.by, File: s.File, Processes: len(s.Processes), Changes: changed}
		if n := len(c.Revisions); n > 0 && d.upAll(s.Project) {
			c.Revisions[n-1].Good = true
		}
		err = d.keepRevision(s.Project, c, r, b)
		d.events.add(api.Event{Kind: "revision", ID: s.Project, Reason: r.describe(), By: why.by})
	}
	if err != nil {
		d.Log.Warn("keep revision", "project", s.Project, "err", err)
	}
}

func (c chronicle) last() revision {
	if len(c.Revisions) == 0 {
		return revision{}
	}
	return c.Revisions[len(c.Revisions)-1]
}

// describe is what a revision is in one line: 7, applied: web: command; +worker.
func (r revision) describe() string {
	text := strconv.Itoa(r.N) + ", " + r.Why
	if len(r.Changes) > 0 {
		text += ": " + strings.Join(r.Changes, "; ")
	}
	return text
}

// keepRevision writes the spec, then the list that names it, then drops what the list no longer names.
func (d *Daemon) keepRevision(project string, c chronicle, r revision, spec []byte) error {
	path := d.revisionPath(project, strconv.Itoa(r.N))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := reconcile.Replace(path, spec, false); err != nil {
		return err
	}
	c.Revisions = append(c.Revisions, r)
	old := c.Revisions[:max(0, len(c.Revisions)-mostRevisions)]
	c.Revisions = c.Revisions[len(old):]
	if err := d.saveChronicle(project, c); err != nil {
		return err
	}
	for _, o := range old {
		_ = os.Remove(d.revisionPath(project, strconv.Itoa(o.N)))
	}
	return nil
}

func (d *Daemon) saveChronicle(project string, c chronicle) error {
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return reconcile.Replace(d.revisionPath(project, "index"), b, false)
}

// remembered adds to the values of the present spec those that revisions refer to. The caller holds mu.
func (d *Daemon) remembered(project string, values map[string]string) map[string]string {
	c, err := d.chronicle(project)
	if err != nil {
		return d.intents.Values[project] // nothing is dropped that may be needed
	}
	all, have := maps.Clone(values), d.intents.Values[project]
	for _, r := range c.Revisions {
		for _, name := range r.Values {
			if v, ok := have[name]; ok {
				all[name] = v
			}
		}
	}
	return all
}

// readRevision reads the spec of a revision, with its values. The caller holds mu.
func (d *Daemon) readRevision(project string, n int) (*spec.Spec, error) {
	s, err := readSpec(d.revisionPath(project, strconv.Itoa(n)), d.intents.Values[project])
	if errors.Is(err, fs.ErrNotExist) {
		return nil, failure{4, fmt.Sprintf("find revision %d of %s: it is not kept", n, project), "kitt history " + project}
	}
	return s, err
}

// upAll tells whether every instance of a project is as it should be. The caller holds mu.
func (d *Daemon) upAll(project string) bool {
	views, _, ok := d.rec.Look(time.Now())
	for _, v := range views {
		switch p := v.Verdict.Phase; {
		case v.ID.Project != project:
		case p != reconcile.PhaseRunning && p != reconcile.PhaseDone && p != reconcile.PhaseHeld && !v.Verdict.Rest:
			return false
		}
	}
	return ok
}

// markGood notes that all of a project came up as its last revision wants it.
func (d *Daemon) markGood(project string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.chronicle(project)
	if n := len(c.Revisions); err == nil && n > 0 && !c.Revisions[n-1].Good && !d.fenced {
		c.Revisions[n-1].Good = true
		_ = d.saveChronicle(project, c)
	}
}

// edits says in words what an edit changes: "+worker", "-old", "web: command, env.PORT". Of a first spec, nothing.
func edits(was, now *spec.Spec) (out []string) {
	if was == nil {
		return nil
	}
	for i := range now.Processes {
		is := &now.Processes[i]
		old := process(was, is.Name)
		if old == nil {
			out = append(out, "+"+is.Name)
			continue
		}
		if fields := fieldNames(spec.Diff(*old, *is)); len(fields) > 0 {
			out = append(out, is.Name+": "+strings.Join(fields, ", "))
		}
	}
	for i := range was.Processes {
		if name := was.Processes[i].Name; process(now, name) == nil {
			out = append(out, "-"+name)
		}
	}
	if was.Logs != now.Logs {
		out = append(out, "logs.max_total")
	}
	if (was.Service == nil) != (now.Service == nil) || was.Service != nil && was.Service.System != now.Service.System {
		out = append(out, "service")
	}
	if was.Sample != now.Sample {
		out = append(out, "sample")
	}
	notes := spec.DiffNotify(was.Notify, now.Notify)
	for _, name := range slices.Sorted(maps.Keys(notes)) {
		out = append(out, "notify "+name+": "+strings.Join(fieldNames(notes[name]), ", "))
	}
	if was.Rollback != now.Rollback {
		out = append(out, "rollback")
	}
	return out
}

func fieldNames(changes []spec.Change) (names []string) {
	for _, c := range changes {
		names = append(names, c.Field)
	}
	return names
}
