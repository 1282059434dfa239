package port

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// times reads max_memory_restart, cron_restart and watch. What kitt.hcl would complain of is told, and left out.
func (g *pm2Group) times(a pm2App) {
	if n, err := strconv.ParseInt(a.str("max_memory_restart"), 10, 64); err == nil && n > 0 {
		g.p.Limits.Memory = n
	} else if text := a.str("max_memory_restart"); text != "" && text != "0" {
		g.note("max_memory_restart = %s is not understood: left out", text)
	}
	if cron := strings.TrimSpace(a.str("cron_restart")); cron != "" && cron != "0" && cron != "false" {
		g.p.Schedule.Restart = cron
	}
	switch watch := a.get("watch").(type) {
	case bool:
		if watch {
			g.p.Watch.Paths = []string{g.p.Cwd}
		}
	case nil:
	default:
		at := Place{File: g.p.Cwd + "/x", Home: g.at.Home}
		for _, path := range a.list("watch") {
			g.p.Watch.Paths = append(g.p.Watch.Paths, at.resolve(path))
		}
	}
	if len(g.p.Watch.Paths) > 0 {
		g.p.Watch.Ignore = a.list("ignore_watch")
		if ms, ok := a.number("watch_delay"); ok {
			g.p.Watch.Delay = time.Duration(ms) * time.Millisecond
		}
		g.watchOptions(a)
	}
	if !g.holds(func(p *spec.Process) { p.Schedule = g.p.Schedule }) {
		g.note("cron_restart = %s is not understood: left out", g.p.Schedule.Restart)
		g.p.Schedule = spec.Schedule{}
	}
	if !g.holds(func(p *spec.Process) { p.Watch = g.p.Watch }) {
		g.note("watch = %s, ignoring %s, is not understood: left out", a.str("watch"), a.str("ignore_watch"))
		g.p.Watch = spec.Watch{}
	}
}

// watchOptions takes over how deep is watched; what else stands there is told.
func (g *pm2Group) watchOptions(a pm2App) {
	options, _ := a.get("watch_options").(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(options)) {
		if depth, ok := options[name].(float64); ok && name == "depth" && depth >= 0 {
			g.p.Watch.Depth = int(depth) + 1 // pm2 counts the levels below the first
			continue
		}
		g.note("watch_options.%s is left out", name)
	}
}

// holds tells whether a process that has only this set is one that kitt.hcl takes.
func (g *pm2Group) holds(set func(*spec.Process)) bool {
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd = "x", []string{"x"}, "/"
	set(&p)
	return spec.Validate(&spec.Spec{Project: "x", File: "/kitt.hcl", Processes: []spec.Process{p}}) == nil
}
