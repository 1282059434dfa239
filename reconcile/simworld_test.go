package reconcile_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
	"kitt.sh/spec"
)

// A sim is one world.
type sim struct {
	t      *testing.T
	ctx    context.Context
	seed   uint64
	rand   *rand.Rand
	tell   func(format string, args ...any) // nil: say nothing
	failed bool

	clock *simClock
	f     *runtimetest.Fake
	fails float64 // chance that a verb fails and does nothing
	loses float64 // chance that its answer is lost
	calm  bool    // no misfortune any more, and every program that starts now is a good one

	port   *port
	r      *Reconciler
	next   time.Time // when the loop wants its turn
	acts   []*pending
	acting *pending // the one that runs now
	asked  map[ID]asking

	s       *spec.Spec
	digests Digests
	p       *Project // as it is on disk
	synced  *Project // as it is on disk after a power cut
	lost    bool     // the daemon cannot read what is wanted
	want    map[ID]Instance
	wants   int // how often that was told to the loop

	checks
}

func newSim(t *testing.T, seed uint64, tell func(format string, args ...any)) *sim {
	s := &sim{t: t, ctx: context.Background(), seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), tell: tell,
		clock: &simClock{}, f: runtimetest.NewFake(), p: &Project{}, synced: &Project{}, checks: newChecks()}
	s.f.Seed, s.f.Programs, s.f.Ended = seed, s.program, s.ended
	s.f.Now, s.f.After = s.clock.wall, s.clock.after
	s.fails, s.loses = s.rand.Float64()*0.2, s.rand.Float64()*0.2
	s.f.Lose, s.f.Double = max(s.rand.Float64()*0.6-0.3, 0), s.rand.Float64()*0.3 // in half of the worlds none is lost
	return s
}

// end ends the coroutines, and says how to come back.
func (s *sim) end() {
	s.abandon(false)
	if s.failed && s.tell == nil {
		s.t.Logf("replay it with: go test ./reconcile -run 'TestSim$' -seed=%d -v", s.seed)
	}
}

func (s *sim) errorf(format string, args ...any) {
	s.failed = true
	s.t.Errorf("seed %d, %s: %s", s.seed, s.stamp(), fmt.Sprintf(format, args...))
}

func (s *sim) say(format string, args ...any) {
	if s.tell != nil {
		s.tell("%s  %s", s.stamp(), fmt.Sprintf(format, args...))
	}
}

// stamp is the time since the world began, and what the wall says.
func (s *sim) stamp() string {
	return fmt.Sprintf("%9.3fs (%s)", s.clock.ran.Seconds(), s.clock.wall().Format("15:04:05.000"))
}

func (s *sim) chance(p float64) bool { return !s.calm && s.rand.Float64() < p }

func (s *sim) random(ms int64) time.Duration {
	return time.Duration(s.rand.Int64N(ms * int64(time.Millisecond)))
}

// step lets one thing happen.
func (s *sim) step() {
	switch n := s.rand.IntN(200); {
	case n < 60:
		s.turn()
	case n < 126:
		s.act()
	case n < 154:
		s.sleep()
	case n < 164:
		s.edit()
	case n < 178:
		s.user()
	case n < 186:
		s.kill()
	case n < 190:
		s.poke()
	case n < 194:
		s.setClock()
	case n < 195:
		s.reboot()
	case n < 196:
		s.unreadable()
	default:
		s.daemon()
	}
}

// turn delivers the pokes and lets the loop decide.
func (s *sim) turn() {
	s.tick()
	s.deliver()
	clear(s.saw)
	s.turned = s.clock.wall()
	todo, next := s.r.Turn(s.ctx)
	s.next = next
	s.wakesInTime()
	for _, id := range slices.SortedFunc(maps.Keys(todo), CompareIDs) {
		s.say("decided on %s: %s", id, words(todo[id]))
		s.judge(id, todo[id])
		s.acts = append(s.acts, &pending{id: id, do: todo[id]})
	}
}

func (s *sim) deliver() {
	select {
	case id := <-s.f.Pokes():
		s.r.Poked(id)
	default:
	}
}

// act lets one of the actions that were decided on go on, to where it halts or to its end.
func (s *sim) act() {
	if len(s.acts) == 0 {
		return
	}
	i := s.rand.IntN(len(s.acts))
	a := s.acts[i]
	if a.resume == nil {
		s.say("do %s: %s", a.id, words(a.do))
		s.begin(a)
	}
	s.acting = a
	_, halted := a.resume()
	s.acting = nil
	if halted {
		return
	}
	s.say("did %s", a.id)
	s.acts = slices.Delete(s.acts, i, i+1)
	s.acted(a)
}

func words(do []Action) (text string) {
	for _, a := range do {
		text += string(a.Verb) + " " + a.Life + " (" + a.Reason + ") "
	}
	return text
}

// daemon puts a new loop in place of the old one.
func (s *sim) daemon() {
	s.say("a new daemon; %d actions under way", len(s.acts))
	s.abandon(true)
	s.port, s.next, s.asked, s.did = &port{s: s}, time.Time{}, map[ID]asking{}, map[ID]deed{}
	s.r = New(s.port, slog.New(slog.DiscardHandler))
	s.r.SetClock(s.clock.now)
	if s.s != nil {
		s.rewant()
	}
}

// abandon ends the actions of a daemon that died. Those that were not begun are lost; of each verb under way it is
// open whether it had left, if anything can arrive.
func (s *sim) abandon(arrives bool) {
	for _, a := range s.acts {
		if a.resume == nil {
			continue
		}
		if arrives && a.onWay != nil && s.rand.IntN(2) == 0 {
			s.say("its order for %s arrives all the same", a.id)
			a.onWay()
		}
		s.port.dead = true
		a.stop()
	}
	if s.acts = nil; s.port != nil {
		s.port.dead = true
	}
}

// sleep lets time pass: a little, or until the loop wants its turn, or long.
func (s *sim) sleep() {
	d := s.random(1000)
	switch n := s.rand.IntN(10); {
	case n < 5 && !s.next.IsZero():
		d = s.next.Sub(s.clock.now())
	case n == 9:
		d = s.random(60_000)
	}
	s.say("%s pass", d)
	s.clock.run(d)
}

// setClock sets the wall clock, by a little or by much, forward or back.
func (s *sim) setClock() {
	d := s.random([]int64{100, 10_000, 3_600_000, 48 * 3_600_000}[s.rand.IntN(4)])
	if s.rand.IntN(2) == 0 {
		d = -d
	}
	s.say("the clock is set by %s", d)
	s.clock.off += d
}

// reboot ends everything. The intents are as they were last synced: generations may be lost, nothing else.
func (s *sim) reboot() {
	s.say("the power fails")
	s.abandon(false)
	s.f.Reboot()
	s.p = clone(s.synced)
	s.daemon()
	s.f.Poke(ID{})
}

// unreadable lets the daemon start without knowing what is wanted, or know it again.
func (s *sim) unreadable() {
	s.lost = !s.lost
	s.say("what is wanted cannot be read: %t", s.lost)
	s.daemon()
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
	s.say("poke %s", id)
	s.f.Poke(id)
}

// any draws an instance that is wanted.
func (s *sim) any() (ID, bool) {
	ids := slices.SortedFunc(maps.Keys(s.want), CompareIDs)
	if len(ids) == 0 {
		return ID{}, false
	}
	return ids[s.rand.IntN(len(ids))], true
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
	r := rand.New(rand.NewPCG(s.seed, h))
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
	s.say("calm")
	loses := s.f.Lose > 0
	s.f.Lose, s.f.Double, s.calm = 0, 0, true
	if s.lost {
		s.unreadable()
	}
	if loses { // as a runtime says once it can again
		s.f.Poke(ID{})
	}
	for range 5000 {
		if s.turn(); !s.invariants() {
			return
		}
		if len(s.acts) > 0 {
			if s.act(); !s.invariants() {
				return
			}
			continue
		}
		if s.next.IsZero() && s.p.Expire(s.clock.wall()).IsZero() && s.atRest() {
			s.rested()
			return
		}
		s.clock.run(max(min(s.next.Sub(s.clock.now()), time.Minute), time.Second))
		if until := s.p.Expire(s.clock.wall()); s.next.IsZero() && !until.IsZero() {
			s.clock.run(until.Sub(s.clock.wall()))
		}
	}
	s.errorf("it comes to no rest")
}

// atRest tells whether nothing is under way in the fake and nothing is due.
func (s *sim) atRest() bool {
	before := s.f.Counts()
	s.clock.run(10 * time.Minute) // every life that will end by itself has ended
	s.turn()
	return len(s.f.Pokes()) == 0 && len(s.acts) == 0 && s.next.IsZero() && s.f.Counts().Observe == before.Observe
}
