package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/failpoint"
	"kitt.sh/spec"
)

func (d *Daemon) statePath(name string) string { return filepath.Join(d.Dirs.State, name) }

// specPath is where the last good spec of a project lies, resolved; values of environments lie in desired.json alone.
func (d *Daemon) specPath(project string) string {
	return d.statePath(filepath.Join("specs", escape(project)+".json"))
}

// escape makes a name safe as a file name.
func escape(name string) string {
	return strings.NewReplacer("%", "%25", "/", "%2F").Replace(name)
}

func readSpec(path string, values map[string]string) (*spec.Spec, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read spec: %w", err)
	}
	s, err := parseSpec(b, values)
	if err != nil {
		return nil, fmt.Errorf("read spec: %s: %w", path, err)
	}
	return s, nil
}

// saveSpec keeps s as the last good one, and tells whether it differs from the one before. Values of environments go
// to desired.json. The caller holds mu.
func (d *Daemon) saveSpec(s *spec.Spec, by cause) (bool, error) {
	kept, values := referred(s, d.valueKey())
	b, err := json.Marshal(keptSpec{2, kept})
	if err != nil {
		return false, fmt.Errorf("save spec: %w", err)
	}
	path := d.specPath(s.Project)
	if err := d.keepValues(s.Project, values); err != nil {
		return false, fmt.Errorf("save spec: %w", err)
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, b) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, fmt.Errorf("save spec: %w", err)
	}
	if err := reconcile.Replace(path, b, false); err != nil {
		return false, err
	}
	_ = os.Remove(path + ".prev") // an older kitt kept one, with values
	d.noteRevision(d.specs[s.Project], s, b, values, by)
	return true, d.dropValues(s.Project, d.remembered(s.Project, values))
}

// commit changes the intents: a copy is changed, is saved when commit returns, and only then holds.
// The caller holds mu.
func (d *Daemon) commit(change func(*reconcile.Intents) error) error {
	next := d.intents.Clone()
	if err := change(next); err != nil {
		return err
	}
	if d.fenced {
		return errFenced
	}
	if err := next.Save(d.statePath("desired.json"), !reconcile.OnlyGenerations(d.intents, next)); err != nil {
		return err
	}
	d.intents = next
	failpoint.Here("daemon.commit.done")
	select {
	case d.watch.committed <- struct{}{}:
	default:
	}
	return nil
}

// rewant tells the reconciler what is wanted now. The caller holds mu.
func (d *Daemon) rewant(why map[string]string) {
	if len(d.lost) > 0 {
		d.rec.Lost(d.lost)
	}
	d.rec.Renamed(renamed(d.intents))
	d.noteSchedules()
	d.reservePorts()
	want := d.wants(time.Now(), d.specs)
	d.watching.want(want, d.specs) // first: it may drop notes
	d.watching.note(want)
	d.remarks.put(want)
	d.alarm.set(timely(want, d.intents.Projects))
	d.rec.Want(want, why)
	d.number(want)
	d.copies.poke()
	d.sampling.poke()
	d.copies.tidy()
	d.memory.poke()
	d.probing.poke()
	d.channels.orderClusters()
	d.alerts.poke()
	d.listening.poke()
	d.forwarding.poke()
}

// number keeps the numbers of what is wanted. They are for people: where that cannot be saved, there are none yet. The
// caller holds mu.
func (d *Daemon) number(want []reconcile.Instance) {
	now := reconcile.Number(d.intents.Numbers, want)
	if d.fenced || slices.Contains(slices.Collect(maps.Values(d.lost)), true) || maps.Equal(now, d.intents.Numbers) {
		return
	}
	if err := d.commit(func(in *reconcile.Intents) error { in.Numbers = now; return nil }); err != nil {
		d.Log.Warn("number instances", "err", err)
	}
}

// wants expands every project. The caller holds mu.
func (d *Daemon) wants(now time.Time, specs map[string]*spec.Spec) (out []reconcile.Instance) {
	for _, name := range slices.Sorted(maps.Keys(specs)) {
		if p := d.intents.Projects[name]; p != nil {
			out = append(out, reconcile.Expand(now, specs[name], p, d.digests)...)
		}
	}
	return out
}

// adopt makes s the spec of its project: kept on disk, wanted, its files watched.
// It returns which fields changed, by the run digests they replaced. The caller holds mu.
func (d *Daemon) adopt(s *spec.Spec, by cause) (why map[string]string, err error) {
	if d.fenced {
		return nil, errFenced
	}
	why = changes(d.specs[s.Project], s, d.digests)
	differs, err := d.saveSpec(s, by)
	if err != nil {
		return nil, err
	}
	if old := d.specs[s.Project]; old != nil && !differs {
		s = old // the very same: keep its digests
	}
	failpoint.Here("daemon.spec.saved")
	d.specs[s.Project] = s
	if len(d.lost) > 0 {
		d.lost[s.Project] = false // it is known again
	}
	d.pruneDigests()
	d.watch.follow(s.Project, s.Reads)
	return why, nil
}

// pruneDigests forgets the digests of specs that are no longer followed. The caller holds mu.
func (d *Daemon) pruneDigests() {
	live := map[*spec.Process]bool{}
	for _, s := range d.specs {
		for i := range s.Processes {
			live[&s.Processes[i]] = true
		}
	}
	maps.DeleteFunc(d.digests, func(p *spec.Process, _ []string) bool { return !live[p] })
}

// changes names, for every run digest that an edit replaces, the fields that differ.
func changes(old, now *spec.Spec, digests reconcile.Digests) map[string]string {
	why := map[string]string{}
	if old == nil {
		return why
	}
	for i := range old.Processes {
		was := &old.Processes[i]
		is := process(now, was.Name)
		if is == nil {
			continue
		}
		fields := replaced(*was, *is)
		for n := 1; fields != "" && n <= max(was.Instances, len(digests[was])); n++ {
			why[was.RunDigest(n)] = fields
		}
	}
	return why
}

// replaced lists the fields in which two versions of a process differ and whose edit replaces it.
func replaced(was, is spec.Process) string {
	var fields []string
	for _, c := range spec.Diff(was, is) {
		if !c.Live {
			fields = append(fields, strings.Replace(c.Field, "env.", "env ", 1))
		}
	}
	return strings.Join(fields, ", ")
}

// process finds a process of a spec by its name, or nil.
func process(s *spec.Spec, name string) *spec.Process {
	for i := range s.Processes {
		if s.Processes[i].Name == name {
			return &s.Processes[i]
		}
	}
	return nil
}
