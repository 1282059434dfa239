package reconcile_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
	"kitt.sh/spec"
)

// readyWorlds is how many worlds of programs that are ready late, never, die or hang are simulated.
const readyWorlds = 60

// A readyWorld is one: a project whose processes depend on each other being ready, and that is edited and restarted all the time.
type readyWorld struct {
	t    *testing.T
	seed uint64
	rand *rand.Rand
	f    *runtimetest.Fake
	r    *Reconciler

	mu   sync.Mutex
	spec *spec.Spec
	want map[ID]Instance
	told time.Time // when that was told
	p    *Project
	good bool // every program that begins now is a good one
}

func TestWhatIsReadyInSimulatedWorlds(t *testing.T) {
	for seed := range uint64(readyWorlds) {
		synctest.Test(t, func(t *testing.T) {
			w := &readyWorld{t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 7)), f: runtimetest.NewFake(), p: &Project{}}
			w.f.Seed, w.f.Programs = seed, w.program
			w.live()
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// live lets the world go on for a while, and then has it come to rest with good programs.
func (w *readyWorld) live() {
	w.r = New(w.f, slog.New(slog.DiscardHandler))
	w.r.Did = w.did
	ctx, stop := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.r.Run(ctx) }()
	w.edit()
	for range 30 {
		time.Sleep(time.Duration(w.rand.IntN(8000)) * time.Millisecond)
		if w.rand.IntN(3) == 0 {
			w.restart()
		} else {
			w.edit()
		}
	}
	time.Sleep(time.Hour)
	synctest.Wait()
	w.noneSick()
	w.mu.Lock()
	w.good = true
	w.mu.Unlock()
	w.edit()
	time.Sleep(time.Hour)
	w.restart() // what gave up, or would not give way, may begin again
	w.restart()
	time.Sleep(time.Hour)
	synctest.Wait()
	w.allReady()
	stop()
	<-ended
}

// program draws how a life behaves, from its name.
func (w *readyWorld) program(in Instance, life string) (p runtimetest.Program) {
	h := fnv.New64a()
	fmt.Fprint(h, w.seed, life)
	r := rand.New(rand.NewPCG(h.Sum64(), 1))
	p.Ready, p.Slow = time.Duration(1+r.IntN(1500))*time.Millisecond, time.Duration(r.IntN(800))*time.Millisecond
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.good {
		return p
	}
	switch r.IntN(8) {
	case 0:
		p.Ready = 0
	case 1:
		p.Lasts, p.Exit = time.Duration(1+r.IntN(3000))*time.Millisecond, Exit{How: "exit", Code: 1}
	case 2:
		p.Sick = time.Duration(1+r.IntN(5000)) * time.Millisecond
	case 3:
		p.Missing = "missing"
	}
	return p
}

// edit draws a spec and tells it.
func (w *readyWorld) edit() {
	s := &spec.Spec{Project: "sim"}
	for i := range 4 {
		p := spec.Defaults()
		p.Name, p.Command, p.Instances = fmt.Sprint("p", i), []string{fmt.Sprint(w.rand.IntN(3))}, 1+w.rand.IntN(3)
		p.Restart.BackoffMin, p.Restart.BackoffMax = 50*time.Millisecond, time.Second
		p.Stop.Timeout = 2 * time.Second
		if w.rand.IntN(4) > 0 {
			p.Ready.TCP, p.Ready.Within = "1", 2*time.Second
			p.Reload.Strategy = []string{"", spec.Recreate, spec.ByTurns, spec.Overlap}[w.rand.IntN(4)]
			p.Reload.MaxUnavailable = w.rand.IntN(3)
		}
		if i > 0 && w.rand.IntN(2) == 0 {
			p.DependsOn = map[string]string{fmt.Sprint("p", w.rand.IntN(i)): []string{"started", "ready"}[w.rand.IntN(2)]}
		}
		s.Processes = append(s.Processes, p)
	}
	w.mu.Lock()
	w.spec = s
	w.mu.Unlock()
	w.tell()
}

// restart asks for one more life of a process.
func (w *readyWorld) restart() {
	w.mu.Lock()
	for id := range w.want {
		if w.good || id.Process == fmt.Sprint("p", w.rand.IntN(4)) {
			w.p.Raise(id)
		}
	}
	w.mu.Unlock()
	w.tell()
}

func (w *readyWorld) tell() {
	w.mu.Lock()
	want := Expand(time.Now(), w.spec, w.p, Digests{})
	w.want, w.told = map[ID]Instance{}, time.Now()
	for _, in := range want {
		w.want[in.ID] = in
	}
	w.mu.Unlock()
	w.r.Want(want, nil)
}

// did judges an action by what the fake knows, if what is wanted is still what it was decided upon.
func (w *readyWorld) did(a Action, err error) {
	w.mu.Lock()
	want := w.want // it is replaced as a whole
	told := w.told
	w.mu.Unlock()
	in, ok := want[a.ID]
	if !ok || err != nil || !a.Begun.After(told) { // in the same moment as an edit: it may have been decided before that
		return
	}
	switch {
	case a.Verb == Start && a.Want.Run == in.Run && a.Want.Generation == in.Generation && a.Want.Process == in.Process:
		if w.lacks(want, in) {
			w.t.Errorf("%s is started, and what it needs ready (%v) never was", a.ID, in.Process.DependsOn)
		}
	case a.Verb == Stop && a.Reason == "spec changed" && w.lacks(want, in) && !w.was(in): // else its successor runs, from before an edit of what it needs
		w.t.Errorf("%s: %s is stopped for an edit, and what that needs never was ready", a.ID, a.Life)
	case a.Verb == Stop && in.Process.Replacing() == spec.Overlap && (a.Reason == "spec changed" || a.Reason == "restart asked for") && !w.was(in):
		w.t.Errorf("%s: %s is stopped (%s), and its successor was never ready", a.ID, a.Life, a.Reason)
	}
}

// lacks tells whether something that an instance needs to be ready never was, as it is wanted.
func (w *readyWorld) lacks(want map[ID]Instance, in Instance) bool {
	for dep, condition := range in.Process.DependsOn {
		for n := 1; ; n++ {
			on, ok := want[ID{"sim", dep, n}]
			if !ok {
				break
			}
			if condition == "ready" && on.Process.Within() > 0 && !w.was(on) {
				return true
			}
		}
	}
	return false
}

// noneSick: nothing that is unhealthy goes on, unless nothing could take its place.
func (w *readyWorld) noneSick() {
	views, _, _ := w.r.Look(time.Now())
	for _, v := range views {
		for _, l := range v.Lives {
			if l.State == Running && l.Sick != "" && !strings.Contains(v.Verdict.Reason, "it runs on, for its successor") {
				w.t.Errorf("seed %d: %s is unhealthy and goes on: %s, %s", w.seed, l.Life, v.Verdict.Phase, v.Verdict.Reason)
			}
		}
	}
}

// was tells whether a life of an instance, as it is wanted, was ready.
func (w *readyWorld) was(in Instance) bool {
	for _, l := range w.f.Past(in.ID) {
		if l.Ready && l.Run == in.Run && l.Generation >= in.Generation {
			return true
		}
	}
	return false
}

// allReady: each instance runs as wanted, once, and is ready where it is to be.
func (w *readyWorld) allReady() {
	views, _, _ := w.r.Look(time.Now())
	for _, v := range views {
		in, wanted := w.want[v.ID]
		alive := 0
		for _, l := range v.Lives {
			if l.State == Running || l.State == Stopping {
				alive++
				if wanted && (l.Run != in.Run || in.Process.Within() > 0 && !l.Ready) {
					w.t.Errorf("seed %d: %s at the end: %s, %s: %+v", w.seed, v.ID, v.Verdict.Phase, v.Verdict.Reason, l)
				}
			}
		}
		if wanted != (alive == 1) {
			w.t.Errorf("seed %d: %s: wanted %t, %d live: %s, %s", w.seed, v.ID, wanted, alive, v.Verdict.Phase, v.Verdict.Reason)
		}
	}
}
