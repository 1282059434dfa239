package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"kitt.sh/reconcile/failpoint"
	"kitt.sh/spec"
)

// Intents is what the user said, as opposed to what the file says. It is kept on disk (desired.json, 0600).
type Intents struct {
	Version  int                 `json:"version"`
	Projects map[string]*Project `json:"projects"`
	Unsynced bool                `json:"unsynced,omitempty"` // the file is not to be trusted after a power cut: see Save

	Numbers map[string]int `json:"numbers,omitempty"` // pm_id of each instance that is wanted, by its full id; never changed in place

	ValueKey []byte                       `json:"value_key,omitempty"` // names Values
	Values   map[string]map[string]string `json:"values,omitempty"`    // project -> name -> value of an environment, for its kept spec; never changed in place
}

// A Project is what was said about one spec file.
type Project struct {
	File        string            `json:"file"`
	Request     spec.Request      `json:"request"`               // how to read the file again; Env is the captured environment
	Applies     int               `json:"revision"`              // applies that said something new
	Pin         *Pin              `json:"pin,omitempty"`         // it was rolled back, and its file is not followed
	Was         []string          `json:"was,omitempty"`         // names that the project of this file had before
	Down        *Hold             `json:"down,omitempty"`        // the whole project is held
	Holds       map[string]Hold   `json:"holds,omitempty"`       // process or process.n
	Scale       map[string]Scaled `json:"scale,omitempty"`       // process
	Generations map[string]uint64 `json:"generations,omitempty"` // process.n; restarts asked for, from 1
	Reloads     map[string]uint64 `json:"reloads,omitempty"`     // process in mode cluster; reloads asked for
	Forgiven    map[string]int    `json:"forgiven,omitempty"`    // process.n; restarts that are counted no more
	Causes      map[string]Cause  `json:"causes,omitempty"`      // process.n; why kitt itself asked for a generation

	Schedules map[string]Scheduled `json:"schedules,omitempty"` // process
	Ran       map[string]Ran       `json:"ran,omitempty"`       // process.n; of jobs
}

// A Pin keeps a project at an earlier revision for as long as its files stay what they were when it was rolled back.
type Pin struct {
	Revision int      `json:"revision"`
	Reads    []string `json:"reads"` // the files that the revision before had been read from
	Sum      string   `json:"sum"`   // digest of what they held
	Why      string   `json:"why,omitempty"`
}

// A Hold keeps something down until it is lifted: by start, restart, or an explicit apply. A file save never lifts it.
type Hold struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"` // ends by itself then; zero: never
	Message string    `json:"message,omitempty"`
	Deleted bool      `json:"deleted,omitempty"` // held out by delete: not even listed once it is down
}

// Scaled is a number of instances that the user asked for. It lasts as long as the file's own number stays File.
type Scaled struct {
	N    int `json:"n"`
	File int `json:"file"`
}

// Reason says the hold in plain words.
func (h Hold) Reason() string {
	s := "stopped by you"
	if h.Deleted {
		s = "deleted by you; kitt apply would bring it back"
	}
	if h.Message != "" {
		s += ": " + h.Message
	}
	if !h.Until.IsZero() {
		s += ", until " + h.Until.Local().Format("Mon 15:04")
	}
	return s
}

// Held returns the hold on an instance, if there is one that has not ended by now.
func (p *Project) Held(now time.Time, id ID) (Hold, bool) {
	if p.Down != nil && p.Down.holds(now) {
		return *p.Down, true
	}
	for _, key := range []string{id.Process, id.Short()} {
		if h, ok := p.Holds[key]; ok && h.holds(now) {
			return h, true
		}
	}
	return Hold{}, false
}

// holds tells whether h has not ended by now.
func (h Hold) holds(now time.Time) bool { return h.Until.IsZero() || now.Before(h.Until) }

// Expire drops the holds that have ended by now, and returns when the next one ends (zero: none will).
func (p *Project) Expire(now time.Time) (next time.Time) {
	if p.Down != nil && !p.Down.holds(now) {
		p.Down = nil
	}
	maps.DeleteFunc(p.Holds, func(_ string, h Hold) bool { return !h.holds(now) })
	if p.Down != nil {
		next = p.Down.Until
	}
	for _, h := range p.Holds {
		if !h.Until.IsZero() && (next.IsZero() || h.Until.Before(next)) {
			next = h.Until
		}
	}
	return next
}

// Raise asks for one more life of an instance and returns its new generation.
func (p *Project) Raise(id ID) uint64 {
	if p.Generations == nil {
		p.Generations = map[string]uint64{}
	}
	p.Generations[id.Short()] = p.generation(id) + 1
	return p.Generations[id.Short()]
}

func (p *Project) generation(id ID) uint64 { return max(p.Generations[id.Short()], 1) }

// Clone copies deeply what verbs change, so that a failed write leaves the old intents as they were.
func (in *Intents) Clone() *Intents {
	c := &Intents{Version: in.Version, Unsynced: in.Unsynced, Projects: make(map[string]*Project, len(in.Projects)), Numbers: in.Numbers, ValueKey: in.ValueKey, Values: maps.Clone(in.Values)}
	for name, p := range in.Projects {
		q := *p
		q.Was = slices.Clone(p.Was)
		q.Holds, q.Scale, q.Generations, q.Causes = maps.Clone(p.Holds), maps.Clone(p.Scale), maps.Clone(p.Generations), maps.Clone(p.Causes)
		q.Schedules, q.Ran = maps.Clone(p.Schedules), maps.Clone(p.Ran)
		q.Reloads = maps.Clone(p.Reloads)
		q.Forgiven = maps.Clone(p.Forgiven)
		c.Projects[name] = &q
	}
	return c
}

// ErrNewer says that a newer kitt wrote a file, in a form that this one does not know.
var ErrNewer = errors.New("a newer kitt wrote it")

// LoadIntents reads path, or path.prev if path is torn. No file is no intents.
func LoadIntents(path string) (*Intents, error) {
	var first error
	for _, p := range []string{path, path + ".prev"} {
		in := &Intents{}
		b, err := os.ReadFile(p)
		if err == nil {
			err = json.Unmarshal(b, in)
		}
		if v := version(b); v > 1 { // never the older one beside it: that would undo what was said since
			return &Intents{Version: 1, Projects: map[string]*Project{}}, fmt.Errorf("read intents: %s: version %d: %w", p, v, ErrNewer)
		}
		if err == nil && in.Version == 1 && in.Projects != nil {
			maps.DeleteFunc(in.Projects, func(_ string, p *Project) bool { return p == nil })
			in.Unsynced = in.Unsynced || p != path // what lies at path must not take the place of this one
			return in, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			first = errors.Join(first, fmt.Errorf("read intents: %s: %w", p, errOr(err, "not a version 1 file")))
		}
	}
	return &Intents{Version: 1, Projects: map[string]*Project{}}, first
}

// version is that of a file of intents, whatever else is in it; 0 if it has none.
func version(b []byte) int {
	var v struct{ Version int }
	if json.Unmarshal(b, &v) != nil {
		return 0
	}
	return v.Version
}

func errOr(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}

// Save replaces path by rename. It keeps the last synced one as path.prev; in is what was read from path, changed.
// With lasting, all of it is on the disk when Save returns. Without, it outlives every process but not the power:
// path may then be torn, and path.prev holds.
func (in *Intents) Save(path string, lasting bool) error {
	synced := !in.Unsynced
	in.Unsynced = !lasting
	b, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("save intents: %w", err)
	}
	return replace(path, b, synced, lasting)
}

// OnlyGenerations tells whether two intents differ in generations, numbers and what was forgiven at most. Those matter
// to lives only: they need not outlive the power.
func OnlyGenerations(a, b *Intents) bool {
	a, b = a.Clone(), b.Clone()
	for _, in := range []*Intents{a, b} {
		in.Unsynced, in.Numbers = false, nil
		for _, p := range in.Projects {
			p.Generations, p.Causes, p.Forgiven = nil, nil, nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// Replace writes a file as a whole: a new one, synced, then renamed over path (0600).
// With prev, the old content stays beside it under path.prev.
func Replace(path string, b []byte, prev bool) error { return replace(path, b, prev, true) }

func replace(path string, b []byte, prev, sync bool) error {
	tmp := path + ".new"
	if err := write(tmp, b, sync); err != nil {
		return err
	}
	failpoint.Here("daemon.state.written")
	if prev {
		_ = os.Remove(path + ".prev")
		_ = os.Link(path, path+".prev") // absent the first time
	}
	failpoint.Here("daemon.state.linked")
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("replace file: %w", err)
	}
	failpoint.Here("daemon.state.renamed")
	if !sync {
		return nil
	}
	return syncDir(filepath.Dir(path))
}

func write(path string, b []byte, sync bool) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if _, err = f.Write(b); err == nil && sync {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
