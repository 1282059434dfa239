package service

import (
	"errors"
	"os"
	"testing"
	"time"

	"kitt.sh/reconcile"
)

var proofID = reconcile.ID{Project: "shop", Process: "web", N: 1}

// withShop is a daemon over dir that knows of a project.
func withShop(t *testing.T, dir string) *Daemon {
	t.Helper()
	d := booted(t, dir)
	if d.intents.Projects["shop"] == nil {
		err := d.commit(func(in *reconcile.Intents) error {
			in.Projects["shop"] = &reconcile.Project{File: "/x/kitt.hcl"}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func raiseOne(d *Daemon) error {
	return d.commit(func(in *reconcile.Intents) error { in.Projects["shop"].Raise(proofID); return nil })
}

func generation(d *Daemon) uint64 { return d.intents.Projects["shop"].Generations[proofID.Short()] }

func TestWhatWasSaidOutlivesTheDaemon(t *testing.T) {
	dir := t.TempDir()
	d := withShop(t, dir)
	for range 3 {
		if err := raiseOne(d); err != nil {
			t.Fatal(err)
		}
	}
	want := generation(d)
	d.fenceOff() // as a killed daemon lets go of the state
	if next := withShop(t, dir); generation(next) != want || want < 3 {
		t.Errorf("the next daemon has generation %d, want %d", generation(next), want)
	}
}

func TestWhatCannotBeSavedWasNotSaid(t *testing.T) {
	dir := t.TempDir()
	d := withShop(t, dir)
	was := generation(d)
	if err := os.Mkdir(dir+"/desired.json.new", 0o700); err != nil { // a disk that takes nothing
		t.Fatal(err)
	}
	if err := raiseOne(d); err == nil || generation(d) != was {
		t.Errorf("%v, and generation %d, was %d", err, generation(d), was)
	}
}

func TestADaemonThatWasReplacedWritesNothing(t *testing.T) {
	dir := t.TempDir()
	d := withShop(t, dir)
	d.fenceOff()
	before, _ := os.ReadFile(dir + "/desired.json")
	var f failure
	if err := raiseOne(d); !errors.As(err, &f) || f.text != errFenced.text {
		t.Errorf("it is told %v", err)
	}
	if after, _ := os.ReadFile(dir + "/desired.json"); string(after) != string(before) {
		t.Errorf("it wrote %s", after)
	}
}

func TestTwoDaemonsDoNotShareAState(t *testing.T) {
	path := t.TempDir() + "/fence"
	first, err := takeFence(path)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		second, err := takeFence(path)
		second.drop()
		got <- err
	}()
	select {
	case err := <-got:
		t.Fatalf("the second had it beside the first: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	first.drop()
	if err := <-got; err != nil {
		t.Errorf("the second never had it: %v", err)
	}
}
