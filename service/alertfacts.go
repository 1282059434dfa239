package service

import (
	"path"
	"slices"
	"strings"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/notify"
	"kitt.sh/spec"
)

// factOf says what an event means for those who are told of trouble; not ok where it means nothing. p is the process as
// the spec names it now, or nil.
func factOf(ev api.Event, p *spec.Process) (f notify.Fact, ok bool) {
	f = notify.Fact{At: ev.At.Time, ID: ev.ID, Life: ev.Life, Text: ev.Reason}
	switch ev.Kind {
	case "start":
		f.Kind = notify.Started
	case "exit":
		if ev.Exit != nil && !ev.Exit.At.IsZero() {
			f.At = ev.Exit.At.Time
		}
		f.Kind = endOf(ev, p)
	case "gaveup":
		f.Kind, f.Text = notify.GaveUp, strings.TrimPrefix(ev.Reason, "gave up: ")
	case "worker":
		if f.Kind = notify.Worker; strings.HasSuffix(ev.Reason, "; now failed") {
			f.Kind = notify.GaveUp
		}
	case "unhealthy", "stalled", "healthy":
		f.Kind = notify.Kind(ev.Kind)
	default:
		return f, false
	}
	f.Text = notify.Short(f.Text)
	return f, true
}

// endOf says what an exit is.
func endOf(ev api.Event, p *spec.Process) notify.Kind {
	code := -1
	if ev.Exit != nil && ev.Exit.Code != nil {
		code = *ev.Exit.Code
	}
	switch {
	case strings.Contains(ev.Reason, ", as asked"):
		return notify.Ended
	case p != nil && slices.Contains(p.Restart.DoneCodes, code):
		return notify.Done
	case code != 0:
		return notify.Died
	case p != nil && p.Restart.Policy == "always" && !p.Schedule.Job():
		return notify.Returned
	}
	return notify.Done
}

// matches tells whether one of patterns means an instance: without a slash of the block's own project, with one of any.
func matches(patterns []string, own string, id reconcile.ID) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		project, name, far := strings.Cut(pattern, "/")
		if !far {
			project, name = "", pattern
		}
		ok, _ := path.Match(name, id.Process)
		if far {
			here, _ := path.Match(project, id.Project)
			return ok && here
		}
		return ok && id.Project == own
	})
}

// processOf is a process as its project's spec names it, or nil.
func (d *Daemon) processOf(id reconcile.ID) *spec.Process {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.specs[id.Project]; s != nil {
		return process(s, id.Process)
	}
	return nil
}
