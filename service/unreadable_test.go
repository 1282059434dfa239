package service

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
	"kitt.sh/service/api"
	"kitt.sh/service/home"
	"kitt.sh/spec"
)

// booted is a daemon that has read the state in dir, and no more.
func booted(t *testing.T, dir string) *Daemon {
	d := &Daemon{Dirs: home.Dirs{State: dir}, Log: slog.New(slog.DiscardHandler), stopping: make(chan struct{}),
		specs: map[string]*spec.Spec{}, troubles: map[string]*api.Trouble{}, digests: reconcile.Digests{}}
	var err error
	if d.events, err = openEvents(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.events.Close)
	d.readIntents()
	t.Cleanup(d.fenceOff)
	d.rec = reconcile.New(runtimetest.NewFake(), d.Log)
	d.copies, d.memory, d.watching = newCopies(d), newMemory(d), newWatching(d)
	d.history, d.alarm = &runs{path: d.statePath("runs.jsonl")}, newAlarm(d.woke)
	if d.watch, err = newWatcher(d); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.watch.close)
	d.readSpecs()
	return d
}

// spared tells whether a running web.1 of the project, as d would have it started, is left alone.
func spared(d *Daemon, project string) bool {
	one := reconcile.ID{Project: project, Process: "web", N: 1}
	w := reconcile.World{Want: map[reconcile.ID]reconcile.Instance{}, Lost: d.lost, Have: map[reconcile.ID][]reconcile.Observed{}}
	for _, in := range d.wants(time.Now(), d.specs) {
		w.Want[in.ID] = in
	}
	p := shop("web").Processes[0]
	w.Have[one] = []reconcile.Observed{{ID: one, Life: project + "/web.1#1.a", State: reconcile.Running, Generation: 1,
		Run: p.RunDigest(1), Limits: reconcile.Limits(p.Log), Stop: p.Stop}}
	return len(reconcile.Judge(time.Now(), w, one).Do) == 0
}

func put(t *testing.T, path, text string) {
	t.Helper()
	_ = os.MkdirAll(filepath.Dir(path), 0o700)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestIntentsThatCannotBeReadStopNothingUntilTheyAreGivenUp(t *testing.T) {
	const torn = `{"version":1,"proj`
	for _, row := range []struct {
		name  string
		files map[string]string
	}{
		{"both are torn", map[string]string{"desired.json": torn, "desired.json.prev": "{}"}},
		{"one is torn and there is no other", map[string]string{"desired.json": torn}},
		{"only the older is there, and torn", map[string]string{"desired.json.prev": torn}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range row.files {
				put(t, filepath.Join(dir, name), text)
			}
			for range 2 { // the next daemon knows no more
				d := booted(t, dir)
				if !spared(d, "shop") || len(d.events.tail(9)) == 0 {
					t.Fatal("what runs is stopped, or nothing was said")
				}
				d.fenceOff()
			}
			d := booted(t, dir)
			s := shop("api") // and web no longer
			s.Project, s.File = "blog", "/blog/kitt.hcl"
			if _, err := d.adopt(s, cause{why: "applied"}); err != nil {
				t.Fatal(err)
			}
			if err := d.commit(func(in *reconcile.Intents) error {
				in.Projects["blog"] = &reconcile.Project{File: s.File}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			d.fenceOff()
			next := booted(t, dir)
			if !spared(next, "shop") {
				t.Error("the apply of another project stopped it, one daemon later")
			}
			if spared(next, "blog") {
				t.Error("what was applied is not followed")
			}
			bad := filepath.Join(dir, "desired.json.bad")
			if b, err := os.ReadFile(bad); err != nil || string(b) != torn {
				t.Errorf("kept aside: %q, %v", b, err)
			}
			if err := os.Remove(bad); err != nil {
				t.Fatal(err)
			}
			next.fenceOff()
			if spared(booted(t, dir), "shop") {
				t.Error("it was given up, and runs on")
			}
		})
	}
	if spared(booted(t, t.TempDir()), "shop") {
		t.Error("no file at all is no intents, not unreadable ones")
	}
}

func TestAStoredSpecThatCannotBeReadStopsNothingAndIsReadFromItsFile(t *testing.T) {
	for _, row := range []struct {
		name, stored string
		known        bool
	}{
		{"it is gone", "", false},
		{"it is torn", `{"project":"shop","proc`, false},
		{"it says nothing", `{}`, false},
		{"it is another project's", `{"project":"blog"}`, false},
		{"it is good", string(good(t)), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "kitt.hcl")
			put(t, file, "")
			put(t, filepath.Join(dir, "desired.json"), `{"version":1,"projects":{"shop":{"file":"`+file+`"}}}`)
			if row.stored != "" {
				put(t, filepath.Join(dir, "specs", "shop.json"), row.stored)
			}
			d := booted(t, dir)
			if !spared(d, "shop") || d.lost["shop"] == row.known {
				t.Fatalf("spared %t, lost %v", spared(d, "shop"), d.lost)
			}
			if d.watch.next().IsZero() || !row.known && !d.watch.files[file]["shop"] {
				t.Error("its file is neither read nor watched")
			}
			d.Load = func(context.Context, spec.Request) (Loaded, error) { return Loaded{Spec: shop("web")}, nil }
			d.edited(context.Background(), "shop")
			if d.lost["shop"] || !spared(d, "shop") || spared(d, "blog") {
				t.Errorf("its file was read: lost %v, trouble %+v", d.lost, d.troubles["shop"])
			}
		})
	}
}

func good(t *testing.T) []byte {
	b, err := json.Marshal(shop("web"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
