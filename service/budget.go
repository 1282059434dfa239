package service

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"kitt.sh/reconcile/logs"
	"kitt.sh/service/api"
)

// trimmed is what was removed of a project's logs for its budget and is not told yet.
type trimmed struct {
	segments int
	bytes    int64
	told     time.Time
	failed   string // what was told last
}

// tellTrims is how often the event log tells of segments that were removed; who writes much loses some all the time.
const tellTrims = time.Minute

// trim removes the oldest closed segments of every project that has a budget, down to it.
func (c *copies) trim(now time.Time) {
	for project, budget := range c.d.budgets() {
		t := c.trims[project]
		if t == nil {
			t = &trimmed{}
			c.trims[project] = t
		}
		n, freed, err := logs.Trim(budget.streams, budget.most)
		t.segments, t.bytes = t.segments+n, t.bytes+freed
		if text := fmt.Sprint(err); err != nil && text != t.failed {
			c.d.events.add(api.Event{Kind: "error", ID: project, Reason: text})
			t.failed = text
		}
		if t.segments > 0 && now.Sub(t.told) >= tellTrims {
			c.d.events.add(api.Event{Kind: "logs", ID: project, Reason: fmt.Sprintf("removed %s, %d bytes: the logs were beyond logs.max_total of %d bytes",
				plural(t.segments, "closed segment", "closed segments"), t.bytes, budget.most)})
			*t = trimmed{told: now}
		}
	}
}

// A budget is how much of the disk the logs of a project may take, and where they lie.
type budget struct {
	most    int64
	streams []string
}

// budgets lists the projects that have one.
func (d *Daemon) budgets() map[string]budget {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fenced {
		return nil
	}
	out := map[string]budget{}
	for name, s := range d.specs {
		if s.Logs.MaxTotal > 0 {
			streams, _ := filepath.Glob(filepath.Join(escaped(logs.Project(d.Dirs.Logs, name)), "*", "*"))
			out[name] = budget{s.Logs.MaxTotal, streams}
		}
	}
	if len(out) == 0 {
		return nil
	}
	for _, in := range d.wants(time.Now(), d.specs) { // those whose spec names another folder
		b, ok := out[in.ID.Project]
		dir := d.rt.Folder(in)
		if ok && !slices.Contains(b.streams, dir+"/out") {
			b.streams = append(b.streams, dir+"/out", dir+"/err")
			out[in.ID.Project] = b
		}
	}
	return out
}

// escaped is a path of which no character is a pattern's.
func escaped(path string) string {
	var b []byte
	for i := range len(path) {
		if c := path[i]; c == '*' || c == '?' || c == '[' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, path[i])
	}
	return string(b)
}
