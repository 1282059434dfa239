package reconcile_test

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
	"kitt.sh/spec"
)

// The simulation drives the loop step by step in one goroutine, so that a seed replays: what happens next (a turn, an
// action's end, a poke, an edit, a verb of the user, a death, another daemon, a while of nothing) is drawn from the
// seed. After every step the invariants are checked against the fake's own record of lives, by rules written anew
// here. Every world must then come to rest at what is wanted.
var (
	simSeed  = flag.Uint64("seed", 0, "simulate this seed alone")
	simSteps = flag.Int("steps", 30_000, "how many steps to simulate in all")
)

const stepsPerWorld = 200

func TestSim(t *testing.T) {
	if *simSeed != 0 {
		simulate(t, *simSeed, t.Logf)
		return
	}
	for seed := uint64(1); seed <= uint64(max(*simSteps/stepsPerWorld, 1)); seed++ {
		simulate(t, seed, nil)
	}
}

func TestSimReplays(t *testing.T) {
	var traces [2]string
	for i := range traces {
		simulate(t, 428, func(format string, args ...any) { traces[i] += fmt.Sprintf(format, args...) + "\n" })
	}
	if traces[0] != traces[1] || len(traces[0]) < 1000 {
		t.Errorf("the same seed went two ways:\n%s\nand\n%s", traces[0], traces[1])
	}
}

// A sim is one world.
type sim struct {
	*testing.T
	rand  *rand.Rand
	f     *runtimetest.Fake
	r     *Reconciler
	next  time.Time // when the loop wants its turn
	acts  []pending
	s     *spec.Spec
	p     *Project
	want  map[ID]Instance
	reset map[ID]int                       // how many lives of an instance are forgotten and forgiven
	calm  bool                             // every program that starts now is a good one
	tell  func(format string, args ...any) // nil: say nothing
}

// pending is an action that was decided on and not done yet.
type pending struct {
	id ID
	do []Action
}

func simulate(t *testing.T, seed uint64, tell func(format string, args ...any)) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if t.Failed() && tell == nil {
				t.Logf("replay it with: go test ./reconcile -run TestSim -seed=%d -v", seed)
			}
		}()
		s := &sim{T: t, rand: rand.New(rand.NewPCG(seed, 1)), f: runtimetest.NewFake(), tell: tell, reset: map[ID]int{}, p: &Project{}}
		s.f.Seed, s.f.Programs = seed, s.program
		s.f.Fail, s.f.Lose, s.f.Double = s.rand.Float64()*0.2, s.rand.Float64()*0.2, s.rand.Float64()*0.2
		s.daemon()
		s.edit()
		for range stepsPerWorld {
			s.step()
			if s.invariants(); t.Failed() {
				return
			}
		}
		s.settle()
	})
}

func (s *sim) say(format string, args ...any) {
	if s.tell != nil {
		s.tell("%s  %s", time.Now().Format("15:04:05.000"), fmt.Sprintf(format, args...))
	}
}

// step lets one thing happen.
func (s *sim) step() {
	switch n := s.rand.IntN(100); {
	case n < 35:
		s.turn()
	case n < 65:
		s.act()
	case n < 80:
		s.sleep()
	case n < 85:
		s.edit()
	case n < 92:
		s.user()
	case n < 96:
		s.kill()
	case n < 98:
		s.poke()
	default:
		s.daemon()
	}
}

// daemon puts a new loop in place of the old one; actions that were not begun are lost.
func (s *sim) daemon() {
	s.say("a new daemon")
	s.r, s.acts, s.next = New(s.f, slog.New(slog.DiscardHandler)), nil, time.Time{}
	if s.want != nil {
		s.rewant()
	}
}

// turn delivers the pokes and lets the loop decide.
func (s *sim) turn() {
	s.deliver()
	todo, next := s.r.Turn(s.Context())
	s.next = next
	for _, id := range slices.SortedFunc(maps.Keys(todo), CompareIDs) {
		s.acts = append(s.acts, pending{id, todo[id]})
		s.say("decided on %s: %s", id, words(todo[id]))
		s.judge(id, todo[id])
	}
}

func (s *sim) deliver() {
	select {
	case id := <-s.f.Pokes():
		s.r.Poked(id)
	default:
	}
}

// act does one of the actions that were decided on.
func (s *sim) act() {
	if len(s.acts) == 0 {
		return
	}
	i := s.rand.IntN(len(s.acts))
	a := s.acts[i]
	s.acts = slices.Delete(s.acts, i, i+1)
	s.say("do %s: %s", a.id, words(a.do))
	before := s.known(a.id)
	s.r.Act(s.Context(), a.id, a.do)
	starts := slices.ContainsFunc(a.do, func(a Action) bool { return a.Verb == Start })
	if starts && before && !s.known(a.id) {
		s.Errorf("the end of %s was forgotten, and nothing inherited it", a.id)
	}
}

// known tells whether the last life of an instance was not forgotten.
func (s *sim) known(id ID) bool {
	past := s.f.Past(id)
	return len(past) > 0 && s.f.Known(past[len(past)-1].Life)
}

func words(do []Action) (text string) {
	for _, a := range do {
		text += fmt.Sprintf("%s %s (%s) ", a.Verb, a.Life, a.Reason)
	}
	return text
}

// sleep lets time pass: a little, or until the loop wants its turn, or long.
func (s *sim) sleep() {
	d := time.Duration(s.rand.Int64N(int64(time.Second)))
	switch n := s.rand.IntN(10); {
	case n < 5 && !s.next.IsZero():
		d = max(time.Until(s.next), 0)
	case n == 9:
		d = time.Duration(s.rand.Int64N(int64(time.Minute)))
	}
	s.say("%s pass", d)
	time.Sleep(d)
	synctest.Wait()
}

func (s *sim) kill() {
	if id, ok := s.any(); ok {
		s.say("kill %s: %t", id, s.f.Kill(id, Exit{How: "signal", Signal: "SIGSEGV"}))
	}
}

func (s *sim) poke() {
	id, _ := s.any()
	if s.rand.IntN(2) == 0 {
		id = ID{}
	}
	s.f.Poke(id)
}

// any draws an instance that is wanted.
func (s *sim) any() (ID, bool) {
	ids := s.ids()
	if len(ids) == 0 {
		return ID{}, false
	}
	return ids[s.rand.IntN(len(ids))], true
}

func (s *sim) ids() (ids []ID) {
	for id := range s.want {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, CompareIDs)
	return ids
}

// rewant tells the loop what is wanted now.
func (s *sim) rewant() {
	want := Expand(time.Now(), s.s, s.p, Digests{})
	s.want = map[ID]Instance{}
	for _, in := range want {
		s.want[in.ID] = in
	}
	s.r.Want(want, nil)
}

// edit draws a new spec, most of it as before.
func (s *sim) edit() {
	next := &spec.Spec{Project: "sim"}
	for i := range 4 {
		name := fmt.Sprint("p", i)
		old := s.process(name)
		switch {
		case old != nil && s.rand.IntN(4) > 0:
			next.Processes = append(next.Processes, *old)
		case s.rand.IntN(5) > 0:
			next.Processes = append(next.Processes, s.draw(name, i))
		}
	}
	s.s = next
	s.say("an edit: %d processes", len(next.Processes))
	s.rewant()
}

func (s *sim) process(name string) *spec.Process {
	if s.s != nil {
		for i := range s.s.Processes {
			if s.s.Processes[i].Name == name {
				return &s.s.Processes[i]
			}
		}
	}
	return nil
}

// draw draws a process. It needs at most those before it.
func (s *sim) draw(name string, i int) spec.Process {
	p := spec.Defaults()
	p.Name, p.Command, p.Instances, p.Held = name, []string{fmt.Sprint(s.rand.IntN(2))}, 1+s.rand.IntN(3), s.rand.IntN(8) == 0
	r := &p.Restart
	r.Policy = []string{"always", "always", "on-failure", "on-abnormal", "never"}[s.rand.IntN(5)]
	r.BackoffMin = time.Duration(s.rand.IntN(3)) * 100 * time.Millisecond
	r.BackoffMax = r.BackoffMin * time.Duration(1+s.rand.IntN(50))
	r.Factor, r.Stable = []float64{1, 1.5, 2}[s.rand.IntN(3)], time.Duration(1+s.rand.IntN(5))*time.Second
	r.Max = s.rand.IntN(2) * (1 + s.rand.IntN(6))
	r.Within = time.Duration(1+s.rand.IntN(20)) * time.Second
	p.Stop.Timeout = time.Duration(s.rand.IntN(3000)) * time.Millisecond
	p.Log.Keep = s.rand.IntN(2)
	if i > 0 && s.rand.IntN(3) == 0 {
		p.DependsOn = map[string]string{fmt.Sprint("p", s.rand.IntN(i)): []string{"started", "ready"}[s.rand.IntN(2)]}
	}
	return p
}

// user says something.
func (s *sim) user() {
	id, ok := s.any()
	if !ok {
		return
	}
	if s.p.Holds == nil {
		s.p.Holds, s.p.Scale = map[string]Hold{}, map[string]Scaled{}
	}
	switch n := s.rand.IntN(6); n {
	case 0, 1:
		s.say("restart %s", id)
		delete(s.p.Holds, id.Short())
		s.p.Raise(id)
	case 2:
		s.say("stop %s", id)
		s.p.Holds[id.Short()] = Hold{}
	case 3:
		s.say("start %s", id)
		delete(s.p.Holds, id.Short())
		if s.p.Generations[id.Short()] == 0 {
			s.p.Raise(id)
		}
	case 4:
		s.p.Scale[id.Process] = Scaled{N: s.rand.IntN(4), File: s.process(id.Process).Instances}
		s.say("scale %s=%d", id.Process, s.p.Scale[id.Process].N)
	case 5:
		if slices.ContainsFunc(s.acts, func(a pending) bool { return a.id == id }) {
			return // a start that is under way carries on the deaths before it
		}
		s.say("retry %s", id)
		_ = s.r.Retry(s.Context(), []ID{id})
	}
	s.rewant()
}

// program draws how a life behaves, from its name alone.
func (s *sim) program(_ Instance, life string) (p runtimetest.Program) {
	if s.calm {
		return p
	}
	h := uint64(17)
	for _, c := range life {
		h = h*31 + uint64(c)
	}
	r := rand.New(rand.NewPCG(s.f.Seed, h))
	p.Exit = Exit{How: "exit", Code: r.IntN(2)}
	p.Slow, p.Deaf = time.Duration(r.IntN(2))*time.Second, r.IntN(8) == 0
	switch r.IntN(8) {
	case 0, 1, 2:
		p.Lasts = time.Duration(1+r.IntN(2000)) * time.Millisecond
	case 3:
		p.Lasts = time.Duration(1+r.IntN(60)) * time.Second
	case 4:
		p.Missing, p.Retry = "missing", r.IntN(2) == 0
	}
	return p
}

// settle takes away all misfortune, and has the world come to rest.
func (s *sim) settle() {
	s.f.Change(func() { s.f.Fail, s.f.Lose, s.f.Double, s.calm = 0, 0, 0, true })
	s.f.Poke(ID{})
	for range 2000 {
		s.deliver()
		s.turn()
		if s.invariants(); s.Failed() {
			return
		}
		if len(s.acts) > 0 {
			s.act()
			s.invariants()
			continue
		}
		if s.atRest() {
			s.rested()
			return
		}
		time.Sleep(max(min(time.Until(s.next), time.Minute), time.Second))
		synctest.Wait()
	}
	s.Errorf("it comes to no rest")
}

// atRest tells whether nothing is under way in the fake and nothing is due.
func (s *sim) atRest() bool {
	if !s.next.IsZero() {
		return false
	}
	before := s.f.Counts()
	time.Sleep(10 * time.Minute) // every life that will end by itself has ended
	synctest.Wait()
	s.turn()
	return len(s.f.Pokes()) == 0 && len(s.acts) == 0 && s.next.IsZero() && s.f.Counts().Observe == before.Observe
}
