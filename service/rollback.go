package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// getHistory answers with the revisions of a project, oldest first: ?project=.
func (d *Daemon) getHistory(w http.ResponseWriter, r *http.Request) {
	project := d.near(r, r.URL.Query().Get("project"))
	d.mu.Lock()
	c, err := d.chronicleOf(project)
	d.mu.Unlock()
	if err != nil {
		refuse(w, err)
		return
	}
	out := make([]api.Revision, 0, len(c.Revisions))
	for i, rev := range c.Revisions {
		rev.Current = i == len(c.Revisions)-1
		out = append(out, rev.Revision)
	}
	answer(w, api.History{Project: project, Revisions: out})
}

// chronicleOf is the list of a project that is applied. The caller holds mu.
func (d *Daemon) chronicleOf(project string) (chronicle, error) {
	if d.specs[project] == nil {
		return chronicle{}, failure{4, fmt.Sprintf("find project %q: not applied", project), d.projectsHint()}
	}
	return d.chronicle(project)
}

// getDiff answers with what differs between two revisions: ?project=&from=&to=. Without from it is the one before to, without
// to the present one.
func (d *Daemon) getDiff(w http.ResponseWriter, r *http.Request) {
	project := d.near(r, r.URL.Query().Get("project"))
	d.mu.Lock()
	diff, err := d.diff(project, r.URL.Query().Get("from"), r.URL.Query().Get("to"))
	d.mu.Unlock()
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, diff)
}

// diff compares two revisions. The caller holds mu.
func (d *Daemon) diff(project, from, to string) (out api.Diff, err error) {
	c, err := d.chronicleOf(project)
	if err != nil {
		return out, err
	}
	out.Project = project
	if out.To, err = c.number(to, c.last().N); err != nil {
		return out, err
	}
	if out.From, err = c.number(from, c.before(out.To).N); err != nil {
		return out, err
	}
	was, err := d.readRevision(project, out.From)
	if err != nil {
		return out, err
	}
	now, err := d.readRevision(project, out.To)
	if err != nil {
		return out, err
	}
	out.Processes = differing(was, now)
	return out, nil
}

// number reads the number of a revision, or takes the one meant without.
func (c chronicle) number(text string, or int) (int, error) {
	if text == "" {
		if or == 0 {
			return 0, failure{4, "find revision: there is none before the first", "kitt history"}
		}
		return or, nil
	}
	return strconv.Atoi(text) // it was checked
}

// before is the revision before n; the zero one if there is none.
func (c chronicle) before(n int) (out revision) {
	for _, r := range c.Revisions {
		if r.N < n {
			out = r
		}
	}
	return out
}

// lastGood is the newest revision before the present one that came up whole, else the one before it.
func (c chronicle) lastGood() revision {
	for i := len(c.Revisions) - 2; i >= 0; i-- {
		if c.Revisions[i].Good {
			return c.Revisions[i]
		}
	}
	return c.before(c.last().N)
}

// differing lists the processes that are not the same in two specs, in the order of the second.
func differing(was, now *spec.Spec) []api.ProcessDiff {
	out := []api.ProcessDiff{}
	for _, p := range now.Processes {
		old := process(was, p.Name)
		if old == nil {
			out = append(out, api.ProcessDiff{Process: p.Name, Verb: "add"})
		} else if l, ok := edited(*old, p); ok {
			out = append(out, api.ProcessDiff{Process: p.Name, Verb: "edit", Changes: l.Changes})
		}
	}
	for _, p := range was.Processes {
		if process(now, p.Name) == nil {
			out = append(out, api.ProcessDiff{Process: p.Name, Verb: "remove"})
		}
	}
	sayNotify(was, now, func(l api.Line) {
		out = append(out, api.ProcessDiff{Process: l.ID, Verb: "edit", Changes: l.Changes})
	})
	return out
}

// postRollback makes an earlier revision the one that is wanted, as a new revision, and waits.
func (d *Daemon) postRollback(w http.ResponseWriter, r *http.Request) {
	var o api.Rollback
	if !sent(w, r, &o) {
		return
	}
	o.Project = d.near(r, o.Project)
	s := newLines(w, r)
	if err := d.rollback(r.Context(), o, who(r), s); err != nil {
		s.fail(err)
	}
}

func (d *Daemon) rollback(ctx context.Context, o api.Rollback, c caller, out *lines) error {
	acts, stop := d.actions.listen()
	defer stop()
	since := time.Now()
	n, err := d.rollBack(ctx, rollTo{project: o.Project, to: o.Revision, by: c.String()})
	if err != nil {
		return err
	}
	w := wait{d: d, acts: acts, out: out, since: since, settle: settleTime, timeout: o.Timeout, skip: !o.Wait,
		mine: func(id reconcile.ID) bool { return id.Project == o.Project }}
	code, text, hint := w.run(ctx)
	if code == 0 {
		text = fmt.Sprintf("%s is as revision %d was", o.Project, n)
		hint = cmp.Or(hint, "its file is followed again once it is edited, or by kitt apply")
	}
	w.finish(code, text, hint)
	return nil
}

// rollTo says which revision is to take the place of the present one.
type rollTo struct {
	project string
	to      int    // 0: the last good one
	from    int    // only if this is still the present one; 0: whichever it is
	by, why string // who asked, or what made it necessary
}

// rollBack puts an earlier revision of a project in the place of the present one, and returns its number; 0 where from is not
// the present one any more. Until the file is edited or applied it stays so, over restarts of kitt and of the machine.
func (d *Daemon) rollBack(ctx context.Context, roll rollTo) (int, error) {
	project, n := roll.project, roll.to
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.goingDown() {
		return 0, failure{1, "rollback: kitt is shutting down", "kitt apply again in a moment"}
	}
	c, err := d.chronicleOf(project)
	if err != nil {
		return 0, err
	}
	if roll.from != 0 && roll.from != c.last().N {
		return 0, nil
	}
	if n == 0 {
		n = c.lastGood().N
	}
	if n == 0 || n == c.last().N {
		return 0, failure{4, fmt.Sprintf("roll back %s: there is no revision before this one", project), "kitt history " + project}
	}
	s, err := d.readRevision(project, n)
	if err != nil {
		return 0, err
	}
	if err := d.pin(project, n, roll.why); err != nil {
		return 0, err
	}
	why, err := d.adopt(s, cause{fmt.Sprintf("rolled back to %d", n), roll.by})
	if err != nil {
		return 0, err
	}
	d.pinned(project)
	d.watching.resume(d.instancesOf(project))
	d.rewant(why)
	return n, d.rec.Retry(ctx, d.failed(project))
}

// pin notes that a project's file, as it is now, is not the one to follow. The caller holds mu.
func (d *Daemon) pin(project string, n int, why string) error {
	reads := d.specs[project].Reads
	if p := d.intents.Projects[project]; p.Pin != nil {
		reads = p.Pin.Reads
	}
	return d.commit(func(in *reconcile.Intents) error {
		in.Projects[project].Pin = &reconcile.Pin{Revision: n, Reads: reads, Sum: sum(reads), Why: why}
		return nil
	})
}

// pinned tells whether a project's file is still the one that was rolled back from, and says so in its status; a pin on a file
// that was edited since is taken away. The caller holds mu.
func (d *Daemon) pinned(project string) bool {
	p := d.intents.Projects[project]
	if p == nil || p.Pin == nil {
		return false
	}
	if sum(p.Pin.Reads) != p.Pin.Sum {
		d.unpin(project)
		return false
	}
	t := &api.Trouble{Text: fmt.Sprintf("%s: rolled back to revision %d; the file as it is now is not followed", filepath.Base(p.File), p.Pin.Revision),
		Hint: "edit it, or kitt apply", RolledBack: p.Pin.Revision, Since: api.Time{Time: time.Now()}}
	if p.Pin.Why != "" {
		t.Text += ": " + p.Pin.Why
	}
	if was := d.troubles[project]; was != nil && was.Text == t.Text {
		t.Since = was.Since
	}
	d.troubles[project] = t
	return true
}

// unpin has the file followed again. The caller holds mu.
func (d *Daemon) unpin(project string) {
	if p := d.intents.Projects[project]; p == nil || p.Pin == nil {
		return
	}
	err := d.commit(func(in *reconcile.Intents) error {
		in.Projects[project].Pin = nil
		return nil
	})
	if err != nil {
		d.Log.Warn("follow the file again", "project", project, "err", err)
	}
}

// sum is a digest of what lies in these files; one that cannot be read counts as empty.
func sum(paths []string) string {
	h := sha256.New()
	for _, path := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		_, _ = io.WriteString(h, path+"\x00")
		if b, err := os.ReadFile(path); err == nil {
			_, _ = h.Write(b)
		}
		_, _ = io.WriteString(h, "\x00")
	}
	return hex.EncodeToString(h.Sum(nil))
}
