package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// validateOrder complains of a dependency on nothing, on an unknown condition, and of each circle.
func (r *reading) validateOrder() {
	var names []string
	byName := map[string]*Process{}
	for i := range r.spec.Processes {
		p := &r.spec.Processes[i]
		names = append(names, p.Name)
		byName[p.Name] = p
	}
	for _, name := range names {
		p := byName[name]
		if p.Fronts() == "" {
			r.task(p)
		}
		for _, target := range slices.Sorted(maps.Keys(p.DependsOn)) {
			if byName[target] == nil {
				r.complain(p.at("depends_on."+target), didYouMean(target, names), "process %q: depends_on: no process %q", name, target)
			}
			r.oneOf(p, "depends_on."+target, p.DependsOn[target], conditions)
			if on := byName[target]; on != nil {
				r.fits(p, on, p.DependsOn[target])
			}
		}
	}
	for _, circle := range circles(names, byName) {
		r.complain(byName[circle[0]].at("depends_on."+circle[1]), "take one of them out",
			"depends_on goes in a circle: %s", drawn(circle, byName))
	}
}

// drawn writes a circle with the line of each step: web -> db (line 9) -> web (line 4).
func drawn(circle []string, byName map[string]*Process) string {
	var b strings.Builder
	b.WriteString(circle[0])
	for i := 1; i < len(circle); i++ {
		at := byName[circle[i-1]].at("depends_on." + circle[i])
		fmt.Fprintf(&b, " -> %s (line %d)", circle[i], at.Line)
	}
	return b.String()
}

// circles finds each circle once, written from its first process in the order of the file back to it.
func circles(names []string, byName map[string]*Process) [][]string {
	var out [][]string
	done := map[string]bool{}
	var path []string
	var walk func(name string)
	walk = func(name string) {
		if i := slices.Index(path, name); i >= 0 {
			out = append(out, append(slices.Clone(path[i:]), name))
			return
		}
		p := byName[name]
		if p == nil || done[name] {
			return
		}
		path = append(path, name)
		for _, target := range slices.Sorted(maps.Keys(p.DependsOn)) {
			walk(target)
		}
		path = path[:len(path)-1]
		done[name] = true
	}
	for _, name := range names {
		walk(name)
	}
	return out
}
