package reconcile

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"kitt.sh/spec"
)

func someIntents(revision int) *Intents {
	return &Intents{Version: 1, Projects: map[string]*Project{"shop": {
		File: "/home/me/shop/kitt.hcl", Applies: revision, Request: spec.Request{Env: map[string]string{"PATH": "/bin", "ü": "\n"}},
		Holds:       map[string]Hold{"web.1": {Since: t0, Until: t0.Add(time.Hour), Message: "deploy"}},
		Scale:       map[string]Scaled{"web": {N: 3, File: 1}},
		Generations: map[string]uint64{"web.1": 7},
	}}}
}

func TestIntentsSurviveBeingTornAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desired.json")
	for revision := 1; revision <= 2; revision++ {
		if err := someIntents(revision).Save(path, true); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := someIntents(1)
	want.Unsynced = true // the next one must not push it out by what is torn
	for n := range len(whole) {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := LoadIntents(path)
		if err != nil || !reflect.DeepEqual(in, want) {
			t.Fatalf("torn after %d bytes of %d: %+v, %v; want the one before", n, len(whole), in, err)
		}
	}
}

// TestTheLastSyncedIntentsAreKept goes through saves of both kinds with a power cut after each: what was not synced is
// torn, and the last that was synced must be found.
func TestTheLastSyncedIntentsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desired.json")
	in := someIntents(0)
	synced := -1
	for revision, lasting := range []bool{true, false, false, true, true, false, true, false, false} {
		in = in.Clone()
		in.Projects["shop"].Applies = revision
		if err := in.Save(path, lasting); err != nil {
			t.Fatal(err)
		}
		if lasting {
			synced = revision
		}
		got, err := LoadIntents(path)
		if err != nil || got.Projects["shop"].Applies != revision {
			t.Fatalf("save %d: %+v, %v", revision, got, err)
		}
		if lasting {
			continue
		}
		whole, _ := os.ReadFile(path)
		if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		got, err = LoadIntents(path)
		if err != nil || got.Projects["shop"].Applies != synced {
			t.Fatalf("power cut after save %d: %+v, %v; want %d", revision, got, err, synced)
		}
		if again := got.Clone(); revision%2 == 1 { // the next kitt saves, and the power is cut before its rename
			again.Projects["shop"].Applies = 100
			_ = os.Mkdir(path+".new", 0o700)
			if again.Save(path, true) == nil {
				t.Fatal("saved over a folder")
			}
			_ = os.Remove(path + ".new")
			if got, err = LoadIntents(path); err != nil || got.Projects["shop"].Applies != synced {
				t.Fatalf("power cut before a save is renamed: %+v, %v", got, err)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnlyGenerations(t *testing.T) {
	a := someIntents(1)
	b := a.Clone()
	b.Projects["shop"].Raise(ID{"shop", "web", 1})
	b.Unsynced = true
	if !OnlyGenerations(a, b) {
		t.Error("a restart is more than a generation")
	}
	delete(b.Projects["shop"].Holds, "web.1")
	if OnlyGenerations(a, b) {
		t.Error("a lifted hold is no more than a generation")
	}
}

func TestLoadIntents(t *testing.T) {
	good, _ := json.Marshal(someIntents(2))
	old, _ := json.Marshal(someIntents(1))
	newer := []byte(`{"version":2,"projects":{}}`)
	for _, r := range []struct {
		name       string
		file, prev []byte
		revision   int // of the project that is found; 0: none
		fails      bool
	}{
		{"no file is no intents", nil, nil, 0, false},
		{"the file is read", good, old, 2, false},
		{"the one before is read if the file is torn", good[:20], old, 1, false},
		{"the one before is read if the file is lost", nil, old, 1, false},
		{"both torn is an error, not nothing wanted", good[:20], old[:20], 0, true},
		{"torn and no other is an error", good[:20], nil, 0, true},
		{"a file of a later kitt is an error", newer, nil, 0, true},
		{"null is an error", []byte("null"), nil, 0, true},
		{"a project that is null is none", []byte(`{"version":1,"projects":{"shop":null}}`), nil, 0, false},
	} {
		t.Run(r.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "desired.json")
			for name, b := range map[string][]byte{path: r.file, path + ".prev": r.prev} {
				if b == nil {
					continue
				}
				if err := os.WriteFile(name, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			in, err := LoadIntents(path)
			if (err != nil) != r.fails || in == nil || in.Projects == nil {
				t.Fatalf("%+v, %v", in, err)
			}
			got := 0
			if p := in.Projects["shop"]; p != nil {
				got = p.Applies
			}
			if got != r.revision {
				t.Errorf("revision %d, want %d", got, r.revision)
			}
		})
	}
}

func FuzzLoadIntents(f *testing.F) {
	good, _ := json.Marshal(someIntents(1))
	f.Add(good)
	f.Add([]byte(`{"version":1,"projects":{"":{"scale":{"a":{"n":-1}}}}}`))
	path := filepath.Join(f.TempDir(), "desired.json")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		in, _ := LoadIntents(path)
		in = in.Clone()
		for _, p := range in.Projects {
			p.Expire(t0)
			p.Held(t0, web)
			p.Raise(web)
			Expand(t0, &spec.Spec{Processes: []spec.Process{{Name: "web", Instances: 1}}}, p, Digests{})
		}
	})
}

func TestReplaceLeavesOldOrNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	read := func(path string) string { b, _ := os.ReadFile(path); return string(b) }
	for _, text := range []string{"one", "two", "three"} {
		before := read(path)
		if err := Replace(path, []byte(text), true); err != nil {
			t.Fatal(err)
		}
		if read(path) != text || read(path+".prev") != before {
			t.Errorf("file %q, before %q; want %q, %q", read(path), read(path+".prev"), text, before)
		}
		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", st.Mode(), err)
		}
	}
	if err := os.Mkdir(path+".new", 0o700); err != nil { // nothing can be written
		t.Fatal(err)
	}
	if err := Replace(path, []byte("four"), true); err == nil || read(path) != "three" || read(path+".prev") != "two" {
		t.Errorf("a write that failed left %q and %q, error %v", read(path), read(path+".prev"), err)
	}
}

func TestSaveThatFailsLeavesTheIntentsThatHold(t *testing.T) {
	in := someIntents(1)
	next := in.Clone()
	next.Projects["shop"].Raise(web)
	next.Projects["shop"].Holds["db"] = Hold{}
	next.Projects["shop"].Scale["web"] = Scaled{}
	next.Projects["shop"].Down = &Hold{}
	next.Projects["bar"] = &Project{}
	if !reflect.DeepEqual(in, someIntents(1)) {
		t.Errorf("a change of the clone changed the original: %+v", in.Projects["shop"])
	}
}

func TestHolds(t *testing.T) {
	until := func(d time.Duration) Hold { return Hold{Until: t0.Add(d)} }
	down := func(h Hold) *Hold { return &h }
	for _, r := range []struct {
		name string
		p    Project
		held bool
		next time.Duration // when the next hold ends; 0: none will
		left int           // holds after Expire
	}{
		{"nothing said, nothing held", Project{}, false, 0, 0},
		{"the process is held", Project{Holds: map[string]Hold{"web": {}}}, true, 0, 1},
		{"the instance is held", Project{Holds: map[string]Hold{"web.1": {}}}, true, 0, 1},
		{"another instance is held", Project{Holds: map[string]Hold{"web.2": {}}}, false, 0, 1},
		{"the project is down", Project{Down: &Hold{}}, true, 0, 0},
		{"the project is down for an hour", Project{Down: down(until(time.Hour))}, true, time.Hour, 0},
		{"the project was down for an hour", Project{Down: down(until(0))}, false, 0, 0},
		{"held for an hour", Project{Holds: map[string]Hold{"web": until(time.Hour)}}, true, time.Hour, 1},
		{"a hold ends when its time comes", Project{Holds: map[string]Hold{"web": until(0)}}, false, 0, 0},
		{"the end of one hold is not the end of the other", Project{Holds: map[string]Hold{"web": until(-1), "web.1": {}}}, true, 0, 1},
		{"the first end is the next", Project{Holds: map[string]Hold{"web": until(2 * time.Hour), "db": until(time.Hour), "x": until(-1)}}, true, time.Hour, 2},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, held := r.p.Held(t0, web)
			next := r.p.Expire(t0)
			_, still := r.p.Held(t0, web)
			if held != r.held || still != r.held || len(r.p.Holds) != r.left {
				t.Errorf("held %t, after Expire %t, %d left; want %t, %d", held, still, len(r.p.Holds), r.held, r.left)
			}
			if next.IsZero() != (r.next == 0) || (r.next != 0 && !next.Equal(t0.Add(r.next))) {
				t.Errorf("the next ends at %s, want in %s", next, r.next)
			}
		})
	}
}

func TestExpand(t *testing.T) {
	proc := func(n int, held bool) spec.Process {
		p := spec.Defaults()
		p.Name, p.Command, p.Instances, p.Held = "web", []string{"x"}, n, held
		return p
	}
	for _, r := range []struct {
		name string
		proc spec.Process
		p    Project
		n    int
		hold string // of the first instance
		gen  uint64
	}{
		{"as many as the file says", proc(2, false), Project{}, 2, "", 1},
		{"as many as the user says", proc(2, false), Project{Scale: map[string]Scaled{"web": {N: 4, File: 2}}}, 4, "", 1},
		{"or none", proc(2, false), Project{Scale: map[string]Scaled{"web": {N: 0, File: 2}}}, 0, "", 0},
		{"until the file says another number", proc(3, false), Project{Scale: map[string]Scaled{"web": {N: 4, File: 2}}}, 3, "", 1},
		{"another process's number is its own", proc(2, false), Project{Scale: map[string]Scaled{"db": {N: 4, File: 2}}}, 2, "", 1},
		{"held as the user says", proc(1, false), Project{Holds: map[string]Hold{"web": {Message: "deploy"}}}, 1, "stopped by you: deploy", 1},
		{"down as the user says", proc(1, false), Project{Down: &Hold{}}, 1, "stopped by you", 1},
		{"not started by itself where the file says so", proc(1, true), Project{}, 1, "autostart is off; kitt start web starts it", 1},
		{"but once it was asked for", proc(1, true), Project{Generations: map[string]uint64{"web.1": 1}}, 1, "", 1},
		{"and a hold is above that", proc(1, true), Project{Generations: map[string]uint64{"web.1": 2}, Holds: map[string]Hold{"web.1": {}}}, 1, "stopped by you", 2},
		{"the generation is the user's", proc(1, false), Project{Generations: map[string]uint64{"web.1": 9}}, 1, "", 9},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := &spec.Spec{Project: "shop", Processes: []spec.Process{r.proc}}
			digests := Digests{}
			got := Expand(t0, s, &r.p, digests)
			if len(got) != r.n {
				t.Fatalf("%d instances, want %d", len(got), r.n)
			}
			for i, in := range got {
				if in.ID != (ID{"shop", "web", i + 1}) || in.Process != &s.Processes[0] || in.Run != r.proc.RunDigest(i+1) {
					t.Errorf("instance %d is %+v", i+1, in)
				}
			}
			if r.n > 0 && (got[0].Hold != r.hold || got[0].Generation != r.gen) {
				t.Errorf("hold %q, generation %d; want %q, %d", got[0].Hold, got[0].Generation, r.hold, r.gen)
			}
			if !reflect.DeepEqual(got, Expand(t0, s, &r.p, digests)) {
				t.Error("the same once more is not the same")
			}
		})
	}
}

func TestRaiseGrows(t *testing.T) {
	p := &Project{}
	for _, want := range []uint64{2, 3, 4} {
		if got := p.Raise(web); got != want || p.Generations["web.1"] != want {
			t.Errorf("generation %d, want %d", got, want)
		}
	}
}
