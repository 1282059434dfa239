package service

import (
	"fmt"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// leftOut is the message of a hold on a process that kitt apply --only did not name.
const leftOut = "left out by kitt apply --only"

// before is the spec that the project followed until now, perhaps under an old name; nil where it followed none.
// The caller holds mu.
func (d *Daemon) before(s *spec.Spec, old []string) *spec.Spec {
	for _, name := range append([]string{s.Project}, old...) {
		if was := d.specs[name]; was != nil {
			return was
		}
	}
	return nil
}

// heldAfter are the holds of a project once l is applied: none, unless it means only some processes. Of the
// others, what was held stays so, and what was not there before stays out. p is nil for a new project, before for
// one that followed no file.
func heldAfter(now time.Time, p *reconcile.Project, before *spec.Spec, l api.Load) map[string]reconcile.Hold {
	var out map[string]reconcile.Hold
	if len(l.Only) == 0 {
		return out
	}
	out = map[string]reconcile.Hold{}
	for _, proc := range l.Spec.Processes {
		switch {
		case l.Means(proc.Name), proc.Fronts() != "":
		case p != nil && p.Down != nil:
			out[proc.Name] = *p.Down
		case before == nil || process(before, proc.Name) == nil:
			out[proc.Name] = reconcile.Hold{Since: now, Message: leftOut}
		}
	}
	if p != nil {
		for key, h := range p.Holds { // of a process, or of process.n
			if whole := key[:max(0, strings.LastIndexByte(key, '.'))]; !l.Means(key) && !l.Means(whole) {
				out[key] = h
			}
		}
	}
	return out
}

// sayUnpinned tells that a project was rolled back, and is no longer.
func sayUnpinned(p *reconcile.Project, say func(api.Line)) {
	if p.Pin != nil {
		say(api.Line{Type: "action", Verb: "lift", ID: "the rollback", Reason: fmt.Sprintf("it was rolled back to revision %d", p.Pin.Revision)})
	}
}

// sayLifted names the holds of p that are gone after an apply.
func sayLifted(p *reconcile.Project, after map[string]reconcile.Hold, say func(api.Line)) {
	if p.Down != nil {
		say(api.Line{Type: "action", Verb: "lift", ID: "the project's hold", Reason: "it was held: " + p.Down.Reason()})
	}
	for name, h := range p.Holds {
		if _, stays := after[name]; !stays {
			say(api.Line{Type: "action", Verb: "lift", ID: name, Reason: "it was held: " + h.Reason()})
		}
	}
}
