package service

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// A target is a process, or one instance of it, that a verb was given by name.
type target struct {
	project string
	process *spec.Process
	n       int // 0: all instances
}

// key is how intents name the target.
func (t target) key() string {
	if t.n == 0 {
		return t.process.Name
	}
	return t.process.Name + "." + strconv.Itoa(t.n)
}

// ids lists the instances of a target. The caller holds mu.
func (d *Daemon) ids(t target) (ids []reconcile.ID) {
	if t.n > 0 {
		return []reconcile.ID{{Project: t.project, Process: t.process.Name, N: t.n}}
	}
	for n := 1; n <= reconcile.Lives(d.intents.Projects[t.project], t.process); n++ {
		ids = append(ids, reconcile.ID{Project: t.project, Process: t.process.Name, N: n})
	}
	return ids
}

// resolve finds what names mean: web, web.1, shop/web, shop/web.1; first in the given project, else anywhere
// if only one project has it. The caller holds mu.
func (d *Daemon) resolve(project string, names []string) (out []target, err error) {
	for _, name := range names {
		found := d.find(project, name)
		switch {
		case len(found) == 0:
			return nil, d.unknown(name)
		case len(found) > 1:
			return nil, failure{4, fmt.Sprintf("find %q: it is in several projects", name), "say " + list(found)}
		}
		out = append(out, found[0])
	}
	return out, nil
}

// find returns every target that a name may mean; the one in the preferred project alone, if there is one.
func (d *Daemon) find(project, name string) (out []target) {
	prefix, rest, full := strings.Cut(name, "/")
	for _, p := range sorted(d.specs) {
		word := name
		if full && p == prefix {
			word = rest
		}
		t, ok := d.match(p, word)
		if !ok {
			continue
		}
		if p == project && !full {
			return []target{t}
		}
		out = append(out, t)
	}
	return out
}

// match finds a process or an instance by its name in one project. A process's own name comes before an instance's.
func (d *Daemon) match(project, word string) (target, bool) {
	s := d.specs[project]
	if p := process(s, word); p != nil {
		return target{project, p, 0}, true
	}
	dot := strings.LastIndexByte(word, '.')
	if dot < 1 {
		return target{}, false
	}
	n, err := strconv.Atoi(word[dot+1:])
	p := process(s, word[:dot])
	if err != nil || p == nil || n < 1 || n > reconcile.Lives(d.intents.Projects[project], p) {
		return target{}, false
	}
	return target{project, p, n}, true
}

// everything lists the processes of one project, or of all.
func (d *Daemon) everything(project string) (out []target) {
	for _, name := range sorted(d.specs) {
		if project != "" && project != name {
			continue
		}
		for i := range d.specs[name].Processes {
			out = append(out, target{name, &d.specs[name].Processes[i], 0})
		}
	}
	return out
}

// undeleted lists all processes but those that the user deleted: only their names, or an apply, bring them back.
// Of a process of which some instances are deleted it lists the others. The caller holds mu.
func (d *Daemon) undeleted(now time.Time) (out []target) {
	for _, t := range d.everything("") {
		var left []target
		ids := d.ids(t)
		for _, id := range ids {
			if !deleted(now, d.intents.Projects[t.project], id) {
				left = append(left, target{t.project, t.process, id.N})
			}
		}
		if len(left) == len(ids) {
			left = []target{t}
		}
		out = append(out, left...)
	}
	return out
}

// deleted tells whether the user deleted an instance, or its process.
func deleted(now time.Time, p *reconcile.Project, id reconcile.ID) bool {
	for _, key := range []string{id.Process, id.Short()} { // of a project that is down besides it is deleted no less
		if h := p.Holds[key]; h.Deleted && (h.Until.IsZero() || now.Before(h.Until)) {
			return true
		}
	}
	return false
}

// unknown words a name that nothing has, with the names that there are.
func (d *Daemon) unknown(name string) error {
	var names []string
	for _, t := range d.everything("") {
		names = append(names, t.process.Name)
	}
	hint := "nothing is applied yet: kitt apply"
	if len(names) > 0 {
		slices.Sort(names)
		hint = "there are " + strings.Join(first(slices.Compact(names), 12), ", ")
	}
	return failure{4, fmt.Sprintf("find %q: no such process", name), hint}
}

// list words several targets in full.
func list(ts []target) string {
	var names []string
	for _, t := range ts {
		names = append(names, t.project+"/"+t.key())
	}
	return strings.Join(names, " or ")
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
