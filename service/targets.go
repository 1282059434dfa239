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

// goesWith tells whether t is the forwarder of another of the targets: it is held with that, and comes with it.
func (t target) goesWith(targets []target) bool {
	of := t.process.Fronts()
	return of != "" && slices.ContainsFunc(targets, func(o target) bool { return o.project == t.project && o.process.Name == of && o.n == 0 })
}

// lessFollowers are the targets of a restart: a forwarder goes on while what it stands for is replaced, unless it was named itself.
func lessFollowers(targets []target, words []string) []target {
	return slices.DeleteFunc(slices.Clone(targets), func(t target) bool {
		return t.goesWith(targets) && !slices.Contains(words, t.process.Name)
	})
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

// resolve finds what words mean: see address. A name must be of one project only. The caller holds mu.
func (d *Daemon) resolve(project string, words []string) (out []target, err error) {
	if len(words) == 0 {
		return nil, nil
	}
	all := d.members(time.Now())
	for _, word := range words {
		hits, err := address(word, project, all)
		found := d.targetsOf(hits)
		switch {
		case err != nil:
			return nil, err
		case len(found) == 0:
			return nil, d.unknown(word)
		case len(found) > 1 && len(byName(word, project, all)) > 1:
			return nil, failure{4, fmt.Sprintf("find %q: it is in several projects", word), "say " + list(found)}
		}
		out = append(out, found...)
	}
	return once(out), nil
}

// resolveOne is resolve for a word that is to mean one process, or one instance.
func (d *Daemon) resolveOne(project, word string) (target, error) {
	ts, err := d.resolve(project, []string{word})
	if err != nil {
		return target{}, err
	}
	if len(ts) > 1 {
		return target{}, failure{4, fmt.Sprintf("find %q: it means %d processes, and this is about one", word, len(ts)), "say " + list(first(ts, 12))}
	}
	return ts[0], nil
}

// members lists everything that a word can mean, sorted by projects. The caller holds mu.
func (d *Daemon) members(now time.Time) (all []member) {
	for _, t := range d.everything("") {
		p := d.intents.Projects[t.project]
		m := member{project: t.project, process: t.process.Name, namespace: t.process.Namespace, number: -1}
		ids := d.ids(t)
		if len(ids) == 0 {
			m.deleted = deleted(now, p, reconcile.ID{Project: t.project, Process: t.process.Name})
			all = append(all, m)
		}
		for _, id := range ids {
			m.n, m.deleted, m.number = id.N, deleted(now, p, id), -1
			if number, ok := d.intents.Numbers[id.String()]; ok {
				m.number = number
			}
			all = append(all, m)
		}
	}
	return all
}

// targetsOf are the processes of hits. The caller holds mu.
func (d *Daemon) targetsOf(hits []hit) (out []target) {
	for _, h := range hits {
		out = append(out, target{h.project, process(d.specs[h.project], h.process), h.n})
	}
	return out
}

// once leaves out what is named twice: an instance beside its process, too.
func once(ts []target) (out []target) {
	whole, seen := map[*spec.Process]bool{}, map[target]bool{}
	for _, t := range ts {
		whole[t.process] = whole[t.process] || t.n == 0
	}
	for _, t := range ts {
		if !seen[t] && (t.n == 0 || !whole[t.process]) {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
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
	for _, key := range []string{id.Process, id.Short(), spec.Fronted(id.Process)} { // of a project that is down besides it is deleted no less
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
