package service

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// A project is what its spec file says: a file that gives its project another name is the same project under that
// name, and what runs under the old one ends before it starts under the new one.

// formerly lists the names under which the file of s was applied before, sorted.
func formerly(in *reconcile.Intents, s *spec.Spec) (old []string) {
	for _, name := range sorted(in.Projects) {
		if name != s.Project && in.Projects[name].File == s.File {
			old = append(old, name)
		}
	}
	return old
}

// rename makes the projects of the old names the one of the new name. What was said about the first of them (its
// scale, its generations) stays said, unless there is a project of the new name.
func rename(in *reconcile.Intents, old []string, name string) {
	for _, was := range old {
		p := in.Projects[was]
		delete(in.Projects, was)
		if in.Projects[name] == nil {
			in.Projects[name] = p
		} else {
			in.Projects[name].Was = append(in.Projects[name].Was, p.Was...)
		}
		in.Projects[name].Was = append(in.Projects[name].Was, was)
	}
	for _, p := range in.Projects { // a name that is in use is nobody's former one
		p.Was = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(p.Was))), func(was string) bool { return was == name })
	}
}

// renamed maps the names that are no more to what they are called now.
func renamed(in *reconcile.Intents) map[string]string {
	now := map[string]string{}
	for name, p := range in.Projects {
		for _, was := range p.Was {
			if in.Projects[was] == nil {
				now[was] = name
			}
		}
	}
	return now
}

// drop forgets projects that have another name now. The caller holds mu.
func (d *Daemon) drop(old []string, name string) {
	for _, was := range old {
		delete(d.specs, was)
		delete(d.troubles, was)
		if len(d.lost) > 0 {
			d.lost[was] = false
		}
		d.watch.follow(was, nil)
		_ = os.Remove(d.specPath(was)) // no project has it any more: nobody reads it
		_ = os.RemoveAll(filepath.Dir(d.revisionPath(was, "index")))
		d.events.add(api.Event{Kind: "apply", ID: name, Reason: fmt.Sprintf("project %s is now %s", was, name)})
	}
	d.pruneDigests()
}

// inFull is the short name of an instance, or the full one where its project is among those.
func inFull(short string, id reconcile.ID, projects []string) string {
	if slices.Contains(projects, id.Project) {
		return id.String()
	}
	return short
}
