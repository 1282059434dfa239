package reconcile_test

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The simulation drives the loop step by step in one goroutine a world, by a clock of its own, so that a seed replays:
// what happens next (a turn, a step of an action, a poke, an edit, a verb of the user, a death, another daemon, a
// reboot, a while of nothing, a clock that is set) is drawn from the seed. After every step the invariants are checked
// against the fake's own record of lives, by rules written anew. Every world must then come to rest at what is wanted.
var (
	simSeed  = flag.Uint64("seed", 0, "simulate the world of this seed alone; with -v every step is told")
	simFirst = flag.Uint64("first", 1, "the seed of the first world")
	simSteps = flag.Int("steps", 200_000, "how many steps to simulate in all")
	simFor   = flag.Duration("for", 0, "simulate for so long, however many steps that are")
)

const stepsPerWorld = 200

func TestSim(t *testing.T) {
	if *simSeed != 0 {
		simulate(t, *simSeed, t.Logf)
		return
	}
	began := time.Now()
	worlds := int64(max(*simSteps/stepsPerWorld, 1))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for !t.Failed() && t.Context().Err() == nil {
				n := next.Add(1)
				if *simFor > 0 && time.Since(began) > *simFor || *simFor == 0 && n > worlds {
					next.Add(-1)
					return
				}
				simulate(t, *simFirst+uint64(n-1), nil)
			}
		})
	}
	wg.Wait()
	took, n := time.Since(began), next.Load()
	t.Logf("%d steps in %d worlds, seeds %d to %d, in %s: %.0f steps a second", n*stepsPerWorld, n, *simFirst,
		*simFirst+uint64(n)-1, took.Round(10*time.Millisecond), float64(n*stepsPerWorld)/took.Seconds())
}

func TestSimReplays(t *testing.T) {
	for _, seed := range []uint64{428, 7, 99} {
		var traces [2]string
		for i := range traces {
			simulate(t, seed, func(format string, args ...any) { traces[i] += fmt.Sprintf(format, args...) + "\n" })
		}
		if traces[0] != traces[1] || len(traces[0]) < 1000 {
			t.Errorf("seed %d went two ways:\n%s\nand\n%s", seed, traces[0], traces[1])
		}
	}
}

// simulate lives through one world. It says nothing (tell nil) but what went wrong, and how to see it again.
func simulate(t *testing.T, seed uint64, tell func(format string, args ...any)) {
	s := newSim(t, seed, tell)
	defer s.end()
	s.daemon()
	s.edit()
	for range stepsPerWorld {
		if s.step(); !s.invariants() {
			return
		}
	}
	s.settle()
}
