package runtimetest

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// Programs is what a Runtime under test can run. Each method returns an argv.
type Programs interface {
	Sleep() []string            // runs until it is told to end, by SIGTERM
	ExitWith(code int) []string // ends at once
	IgnoreTERM() []string       // runs until it is killed
	Missing() []string          // names a program that is not there
}

// Run tests that a Runtime keeps the contract. newRuntime is called for each case; it returns a Runtime in which
// nothing runs, and cleans up by t.Cleanup.
func Run(t *testing.T, newRuntime func(t *testing.T) reconcile.Runtime, p Programs) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{T: t, rt: newRuntime(t), p: p, id: reconcile.ID{Project: "shop", Process: "web", N: 1}}
			c.do(s)
			s.stopAll()
		})
	}
}

var cases = []struct {
	name string
	do   func(*suite)
}{
	{"a start shows at once, with all it was started with", startShows},
	{"a second start while it lives does nothing", startTwice},
	{"a start beside a life begins a second one, once", startBeside},
	{"observe of one instance shows no other", observeOne},
	{"an end by itself is seen, with its code, and pokes", exitSeen},
	{"a program that is missing is a life in NoStart that says so", missing},
	{"a stop ends it, as asked", stopEnds},
	{"what ignores the signal is killed at the deadline", stopKills},
	{"a second stop changes nothing", stopTwice},
	{"a stop waits for the one who asked, two seconds at most", stopAsked},
	{"stop and forget of what is not there are no errors", gone},
	{"forget leaves alone what lives", forgetAlive},
	{"what is over stays until it is forgotten, beside the next life", keeps},
	{"history is carried as it was given", carried},
	{"tune changes the limits of a life, and nothing else", tuned},
	{"a context that ended starts nothing", cancelled},
}

// A suite is one case at work.
type suite struct {
	*testing.T
	rt reconcile.Runtime
	p  Programs
	id reconcile.ID
}

// patience is how long the suite waits for what must come.
const patience = 10 * time.Second

// instance wants argv.
func (s *suite) instance(argv []string) reconcile.Instance {
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd, p.Stop.Timeout = s.id.Process, argv, s.TempDir(), patience
	return reconcile.Instance{ID: s.id, Process: &p, Generation: 1, Run: p.RunDigest(1),
		Captured: map[string]string{"PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME")}}
}

func (s *suite) start(in reconcile.Instance) {
	s.Helper()
	if err := s.rt.Start(s.Context(), in, reconcile.History{}); err != nil {
		s.Fatalf("start: %v", err)
	}
}

func (s *suite) observe(ids ...reconcile.ID) []reconcile.Observed {
	s.Helper()
	lives, err := s.rt.Observe(s.Context(), ids...)
	if err != nil {
		s.Fatalf("observe: %v", err)
	}
	return lives
}

// one returns the only life of the instance.
func (s *suite) one() reconcile.Observed {
	s.Helper()
	lives := s.observe(s.id)
	if len(lives) != 1 {
		s.Fatalf("%d lives, want 1: %+v", len(lives), lives)
	}
	return lives[0]
}

// await polls until the only life of the instance is in the state.
func (s *suite) await(state reconcile.State) reconcile.Observed {
	s.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		l := s.one()
		if l.State == state {
			return l
		}
		if time.Now().After(end) {
			s.Fatalf("still in state %d, want %d: %+v", l.State, state, l)
		}
	}
}

// awaitPoke waits for a poke about the instance.
func (s *suite) awaitPoke() {
	s.Helper()
	for end := time.After(patience); ; {
		select {
		case id := <-s.rt.Pokes():
			if id == s.id || id == (reconcile.ID{}) {
				return
			}
		case <-end:
			s.Fatal("no poke came")
		}
	}
}

func (s *suite) stop(how spec.Stop, asker int) {
	s.Helper()
	began := time.Now()
	if err := s.rt.Stop(s.Context(), s.one().Life, how, asker); err != nil {
		s.Fatalf("stop: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		s.Errorf("stop took %s; it must not wait", took)
	}
}

// stopAll leaves nothing behind.
func (s *suite) stopAll() {
	ctx := context.WithoutCancel(s.Context())
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		left := 0
		lives, _ := s.rt.Observe(ctx)
		for _, l := range lives {
			if l.State == reconcile.Running {
				_ = s.rt.Stop(ctx, l.Life, spec.Stop{Signal: "SIGKILL", Timeout: time.Second, KillMode: "tree"}, 0)
			}
			if l.State == reconcile.Running || l.State == reconcile.Stopping {
				left++
			}
		}
		if left == 0 {
			return
		}
	}
	s.Error("something lives on after the case")
}

func has(text, part string) bool { return strings.Contains(text, part) }
