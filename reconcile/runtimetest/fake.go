// Package runtimetest holds the contract of reconcile.Runtime as a test suite, and a Runtime in memory that passes it.
//
// The Fake is for bubbles of testing/synctest: it knows no other time than time.Now and timers, unless it is given a
// clock of its own, and starts no goroutine that lasts. All its chances hang on Seed and on the names of lives alone, so that a seed replays
// whatever the order in which goroutines happen to run.
package runtimetest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// A Fake is a Runtime in memory. Its fields may be set until it is first used, and again under Change.
type Fake struct {
	Programs func(in reconcile.Instance, life string) Program // how lives behave; nil: as FakePrograms says
	Seed     uint64
	Delay    time.Duration // verbs take a random time up to this
	Fail     float64       // chance that a verb returns an error; half of these did what they were asked
	Lose     float64       // chance that a poke is lost
	Double   float64       // chance that a poke comes twice

	Now   func() time.Time                                    // the wall clock
	After func(d time.Duration, do func()) (stop func() bool) // calls do after d, unless it is stopped
	Ended func(reconcile.Observed)                            // told of every end, if it is not nil, with the Fake locked

	mu    sync.Mutex
	lives map[reconcile.ID]map[string]*life
	past  map[reconcile.ID][]*life // every life there ever was, oldest first
	born  int                      // how many those are
	pokes chan reconcile.ID
	calls map[string]int // verb and life -> how often it was tried
	count Counts
}

// Counts is what a Fake was asked to do.
type Counts struct {
	Observe, Start, Stop, Tune, Forget int
	Twins                              int // starts while a life of the instance lived
	Most                               int // verbs under way at once, at most
	now                                int
}

// A Program is how one life behaves.
type Program struct {
	Lasts   time.Duration  // it ends by itself after; 0: never
	Exit    reconcile.Exit // how; the zero Exit is exit 0
	Slow    time.Duration  // how long it takes to heed a stop
	Deaf    bool           // it heeds none, and is killed at the deadline
	Missing string         // it cannot start, for this reason
	Retry   bool           // Missing passes by itself
	Ready   time.Duration  // it is found ready after; 0: never
	Sick    time.Duration  // it is found to be unhealthy after; 0: never
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{lives: map[reconcile.ID]map[string]*life{}, past: map[reconcile.ID][]*life{}, calls: map[string]int{},
		pokes: make(chan reconcile.ID, 1<<12), Now: time.Now,
		After: func(d time.Duration, do func()) func() bool { return time.AfterFunc(d, do).Stop }}
}

// Change calls f while nothing else looks at the fields.
func (f *Fake) Change(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Counts returns what was asked so far.
func (f *Fake) Counts() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

// Observe implements reconcile.Runtime.
func (f *Fake) Observe(ctx context.Context, ids ...reconcile.ID) (out []reconcile.Observed, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count.Observe++
	if f.chance("observe", "", f.Fail) {
		return nil, fmt.Errorf("observe: the fake fails")
	}
	if len(ids) == 0 {
		for _, lives := range f.lives {
			out = appendLives(out, lives)
		}
	}
	for _, id := range ids {
		out = appendLives(out, f.lives[id])
	}
	return out, ctx.Err()
}

func appendLives(out []reconcile.Observed, lives map[string]*life) []reconcile.Observed {
	for _, l := range lives {
		out = append(out, l.Observed)
	}
	return out
}

// Start implements reconcile.Runtime.
func (f *Fake) Start(ctx context.Context, in reconcile.Instance, h reconcile.History) error {
	return f.verb(ctx, "start", in.ID.String(), &f.count.Start, func() { f.start(in, h) })
}

// Stop implements reconcile.Runtime.
func (f *Fake) Stop(ctx context.Context, name string, how spec.Stop, asker int) error {
	return f.verb(ctx, "stop", name, &f.count.Stop, func() {
		if l := f.life(name); l != nil {
			l.stop(how, asker)
		}
	})
}

// Tune implements reconcile.Runtime.
func (f *Fake) Tune(ctx context.Context, name string, in reconcile.Instance) error {
	return f.verb(ctx, "tune", name, &f.count.Tune, func() {
		if l := f.life(name); l != nil {
			l.Limits, l.Observed.Stop = reconcile.Limits(in.Process.Log), in.Process.Stop
		}
	})
}

// Forget implements reconcile.Runtime.
func (f *Fake) Forget(ctx context.Context, name string) error {
	return f.verb(ctx, "forget", name, &f.count.Forget, func() {
		l := f.life(name)
		if l == nil || l.alive() {
			return
		}
		f.drop(l)
	})
}

// drop takes a life off the list. The caller holds mu.
func (f *Fake) drop(l *life) {
	l.gone = true
	delete(f.lives[l.ID], l.Life)
	if len(f.lives[l.ID]) == 0 {
		delete(f.lives, l.ID)
	}
}

// Reboot ends everything at once, and nothing of it is known any more.
func (f *Fake) Reboot() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, lives := range f.lives {
		for _, l := range lives {
			if l.alive() {
				l.State, l.Exit = reconcile.Exited, reconcile.Exit{How: "unknown", At: f.Now()}
			}
			if l.end != nil {
				l.end()
			}
			f.drop(l)
		}
	}
}

// Pokes implements reconcile.Runtime.
func (f *Fake) Pokes() <-chan reconcile.ID { return f.pokes }

// verb does one verb, after its delay, unless chance has it fail.
func (f *Fake) verb(ctx context.Context, name, on string, count *int, do func()) error {
	if err := f.begin(ctx, name, on, count); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count.now--
	fails := f.chance(name, on, f.Fail)
	if !fails || f.chance(name+" in part", on, 0.5) {
		do()
	}
	if fails {
		return fmt.Errorf("%s %s: the fake fails", name, on)
	}
	return nil
}

// begin counts a verb and lets its delay pass.
func (f *Fake) begin(ctx context.Context, name, on string, count *int) error {
	f.mu.Lock()
	*count++
	f.count.now++
	f.count.Most = max(f.count.Most, f.count.now)
	delay := time.Duration(f.roll("delay "+name, on) * float64(f.Delay))
	f.mu.Unlock()
	if delay > 0 {
		time.Sleep(delay)
	}
	if err := ctx.Err(); err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.count.now--
		return err
	}
	return nil
}

// Past returns every life there ever was of an instance, oldest first, as it is now or was at its end.
func (f *Fake) Past(id reconcile.ID) (out []reconcile.Observed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range f.past[id] {
		out = append(out, l.Observed)
	}
	return slices.Clip(out)
}

// Last returns how many lives there ever were of an instance, how many of them live, and whether the last of them
// was not forgotten.
func (f *Fake) Last(id reconcile.ID) (born, living int, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	past := f.past[id]
	for _, l := range past {
		if l.alive() {
			living++
		}
		known = !l.gone
	}
	return len(past), living, known
}

// Known tells whether a life was not forgotten.
func (f *Fake) Known(life string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.life(life) != nil
}

// chance draws with probability p. The caller holds mu.
func (f *Fake) chance(what, on string, p float64) bool { return p > 0 && f.roll(what, on) < p }

// roll draws from 0 to 1. The n-th draw for the same thing is the same under the same seed. The caller holds mu.
func (f *Fake) roll(what, on string) float64 {
	key := what + " " + on
	f.calls[key]++
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return rand.New(rand.NewPCG(f.Seed, h.Sum64()+uint64(f.calls[key]))).Float64()
}
