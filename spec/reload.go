package spec

import "slices"

// Reload says how an instance gives way to its successor, after an edit or a restart. All of it changes live.
type Reload struct {
	Strategy       string `json:"strategy,omitempty"`        // see Strategies; "": Overlap with Expose, ByTurns for several instances that are to be ready, else Recreate
	MaxUnavailable int    `json:"max_unavailable,omitempty"` // how many instances may be on the way at once; 0: 1. Not with Recreate
}

// Strategies of a Reload.
const (
	Recreate = "recreate"   // it ends, and its successor begins; all instances at once
	ByTurns  = "one-by-one" // so, but the next instance only once the one before is ready
	Overlap  = "overlap"    // its successor begins beside it, and it ends once that is ready
)

var strategies = []string{Recreate, ByTurns, Overlap}

var reloadFields = []field{
	{"reload.strategy", func(p *Process, v *hclValue) { p.Reload.Strategy = v.text() }},
	{"reload.max_unavailable", func(p *Process, v *hclValue) { p.Reload.MaxUnavailable = v.integer(0) }},
}

// Replacing is the strategy that holds.
func (p *Process) Replacing() string {
	switch {
	case p.Mode == ModeCluster || p.Schedule.Job() || p.Kind == KindTask:
		return Recreate
	case p.Reload.Strategy != "":
		return p.Reload.Strategy
	case p.Expose != "":
		return Overlap
	case p.Instances > 1 && p.Within() > 0:
		return ByTurns
	}
	return Recreate
}

// AtOnce is how many instances may be on the way at once.
func (p *Process) AtOnce() int { return max(p.Reload.MaxUnavailable, 1) }

func (r *reading) validateReload(p *Process) {
	if p.Reload.Strategy != "" {
		r.oneOf(p, "reload.strategy", p.Reload.Strategy, strategies)
	}
	switch {
	case p.Reload.MaxUnavailable < 0:
		r.complain(p.at("reload.max_unavailable"), "", "process %q: reload.max_unavailable: %d is less than 1", p.Name, p.Reload.MaxUnavailable)
	case p.Reload.Strategy == Overlap && p.Mode == ModeCluster:
		r.complain(p.at("reload.strategy"), "take it out", "process %q: mode cluster replaces its workers without a gap by itself", p.Name)
	case p.Replacing() == Overlap && p.Within() == 0:
		r.complain(p.at("reload.strategy"), `ready { http = "http://127.0.0.1:3000/" }, or at least ready { stable = "2s" }`,
			"process %q: nothing says when its successor is ready", p.Name)
	case slices.Contains([]string{ByTurns, Overlap}, p.Reload.Strategy) && (p.Schedule.Job() || p.Kind == KindTask):
		r.complain(p.at("reload.strategy"), "take it out", "process %q: what ends by itself has no successor to wait for", p.Name)
	}
}
