package reconcile_test

import (
	"maps"
	"math"
	"reflect"
	"slices"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/spec"
)

// checks is what the simulation remembers beside the world, to judge the loop by.
type checks struct {
	reset  map[ID]int               // how many lives of an instance are forgotten and forgiven
	held   map[string]time.Time     // what the user holds (process.n, process, or * for all) -> until when
	offAt  map[string]time.Duration // life -> by how much the wall clock was set when it ended
	saw    map[ID][]Observed        // what the loop was shown in this turn
	did    map[ID]deed
	turned time.Time // by the wall clock, when the loop began to decide
}

// A deed is what was done to an instance last, upon which sight, and when it was over.
type deed struct {
	do   []Action
	saw  []Observed
	over time.Duration // -1: it is under way
	want int           // what was wanted then
}

func newChecks() checks {
	return checks{reset: map[ID]int{}, held: map[string]time.Time{}, offAt: map[string]time.Duration{},
		saw: map[ID][]Observed{}, did: map[ID]deed{}}
}

func (s *sim) ended(l Observed) { s.offAt[l.Life] = s.clock.off }

// sees notes what the loop is shown.
func (s *sim) sees(ids []ID, lives []Observed) {
	for _, l := range lives {
		s.saw[l.ID] = append(s.saw[l.ID], l)
	}
}

// judge checks one decision at the moment it is made, by what is wanted then and by what the fake knows.
func (s *sim) judge(id ID, do []Action) {
	want, wanted := s.want[id]
	if s.lost {
		s.errorf("%s: %s, and nobody knows what is wanted", id, words(do))
	}
	if _, doing := s.did[id]; doing && s.did[id].over < 0 {
		s.errorf("%s is acted on twice at once", id)
	}
	s.again(id, do)
	starts := slices.ContainsFunc(do, func(a Action) bool { return a.Verb == Start })
	for _, a := range do {
		l, ok := s.find(id, a.Life)
		switch {
		case a.Verb == Start:
			s.startIsDue(id, want, wanted)
		case a.Verb == Stop:
			s.stopIsNeeded(id, want, wanted, a)
		case a.Verb == Tune && (!ok || l.Limits == Limits(want.Process.Log) && reflect.DeepEqual(l.Stop, want.Process.Stop)):
			s.errorf("%s is tuned to what it has", a.Life)
		case a.Verb == Forget && (!ok || living(l)):
			s.errorf("%s lives and is forgotten", a.Life)
		case a.Verb == Forget && wanted && !starts && s.living(id) == 0 && s.lastOf(id).Life == a.Life:
			s.errorf("%s is forgotten, and its end is still to be judged", a.Life)
		}
	}
}

// again: what failed or changed nothing is not done once more before a second has passed. A start that depends on
// others may be: in between they were not there.
func (s *sim) again(id ID, do []Action) {
	same := func(a, b Observed) bool { return a.Life == b.Life && a.State == b.State }
	slices.SortFunc(s.saw[id], func(a, b Observed) int { return slices.Compare([]byte(a.Life), []byte(b.Life)) })
	was, ok := s.did[id]
	alone := !slices.ContainsFunc(do, func(a Action) bool { return a.Verb == Start && len(a.Want.Process.DependsOn) > 0 })
	if ok && alone && was.over >= 0 && s.clock.ran-was.over < RetryAfter && words(was.do) == words(do) &&
		was.want == s.wants && slices.EqualFunc(was.saw, s.saw[id], same) {
		s.errorf("%s: %s is done again %s after it, in the same world", id, words(do), s.clock.ran-was.over)
	}
	s.did[id] = deed{do: do, saw: slices.Clone(s.saw[id]), want: s.wants, over: -1}
}

// acted looks at an action that is over.
func (s *sim) acted(a *pending) {
	d := s.did[a.id]
	d.over = s.clock.ran
	s.did[a.id] = d
	starts := slices.ContainsFunc(a.do, func(a Action) bool { return a.Verb == Start })
	if starts && a.had && !s.known(a.id) {
		s.errorf("the end of %s was forgotten, and nothing inherited it", a.id)
	}
}

// wakesInTime: no pause is longer than twice the longest that a spec here asks for, wherever the clock was set.
func (s *sim) wakesInTime() {
	if d := s.next.Sub(s.clock.now()); !s.next.IsZero() && d > 21*time.Second {
		s.errorf("the loop sleeps for %s", d)
	}
}

// asksFor: the stop that a process inside asked for knows of that process, so that it can wait for it.
func (s *sim) asksFor(p *port, life string, asker int) {
	id, _, _ := ParseLife(life)
	a, ok := s.asked[id]
	if ok && s.clock.ran-a.at > AskerLasts {
		a.pid = 0
	}
	if !p.dead && asker != a.pid {
		s.errorf("%s is stopped for process %d, asked for by %d", life, asker, a.pid)
	}
}

func (s *sim) stopped(p *port, life string) {
	if id, _, _ := ParseLife(life); !p.dead {
		delete(s.asked, id)
	}
}

// holds tells whether the user holds an instance now.
func (s *sim) holds(id ID) bool {
	for _, key := range []string{"*", id.Process, id.Short()} {
		if until, ok := s.held[key]; ok && (until.IsZero() || s.clock.wall().Before(until)) {
			return true
		}
	}
	return false
}

// expireHolds drops the holds whose time is over.
func (s *sim) expireHolds() {
	for key, until := range s.held {
		if !until.IsZero() && !s.clock.wall().Before(until) {
			delete(s.held, key)
		}
	}
}

func living(l Observed) bool { return l.State == Running || l.State == Stopping }

func (s *sim) living(id ID) int {
	_, n, _ := s.f.Last(id)
	return n
}

// known tells whether the last life of an instance was not forgotten.
func (s *sim) known(id ID) bool {
	_, _, known := s.f.Last(id)
	return known
}

func (s *sim) lastOf(id ID) (l Observed) {
	if past := s.f.Past(id); len(past) > 0 {
		l = past[len(past)-1]
	}
	return l
}

func (s *sim) find(id ID, life string) (Observed, bool) {
	for _, l := range s.f.Past(id) {
		if l.Life == life {
			return l, true
		}
	}
	return Observed{}, false
}

// startIsDue: it is wanted and not held, nothing of it lives, and its pause is over.
func (s *sim) startIsDue(id ID, want Instance, wanted bool) {
	if !wanted || want.Hold != "" || s.holds(id) {
		s.errorf("%s is started; wanted %t, hold %q, the user holds it: %t", id, wanted, want.Hold, s.holds(id))
		return
	}
	past := s.f.Past(id)
	for _, l := range past {
		if living(l) {
			s.errorf("%s is started while %s lives", id, l.Life)
		}
	}
	if end, deaths := s.row(id, want); len(deaths) > 0 {
		if pause := promised(want.Process.Restart, deaths); !s.paused(end, pause) {
			s.errorf("%s is started %s after %s ended, %d deaths in a row; promised was %s",
				id, s.clock.wall().Sub(end.Exit.At), end.Life, len(deaths), pause)
		}
		if s.mayRest(id, want) {
			s.errorf("%s is started though it is down for good: %+v", id, end.Exit)
		}
	}
	if s.unmet(want) {
		s.errorf("%s is started though what it depends on (%v) is not there", id, want.Process.DependsOn)
	}
}

// paused tells whether a pause since the end of a life is over. It is one by the wall clock, since that is what is
// recorded; only a clock that was set back meanwhile, by more than the pause, ends it at once.
func (s *sim) paused(end Observed, pause time.Duration) bool {
	since := s.turned.Sub(end.Exit.At)
	return since >= pause || since < -pause && s.clock.off < s.offAt[end.Life]
}

// meets tells whether an instance was started, or is ready as it is wanted, as the loop could last see it.
func (s *sim) meets(in Instance, condition string) bool {
	for _, l := range s.r.Lives(in.ID) {
		if l.State == Running && condition != "completed" && (condition == "started" || l.Generation >= in.Generation && l.Run == in.Run) {
			return true
		}
		if l.State == Exited && (condition == "started" || condition == "completed" && l.Exit.How == "exit" && l.Exit.Code == 0 &&
			l.Generation >= in.Generation && l.Run == in.Run) {
			return true
		}
	}
	return false
}

// row is the last life of an instance and the deaths in a row that it ends, oldest first, none if it did not die.
// Lives of another generation or run do not count, nor those that were forgotten (by a retry, or because the process
// was taken out of the spec for a while), nor what stood before a life that was stopped.
func (s *sim) row(id ID, want Instance) (end Observed, deaths []Observed) {
	past := s.f.Past(id)
	for i := len(past) - 1; i >= s.reset[id]; i-- {
		l := past[i]
		if living(l) || l.Asked || l.Generation != want.Generation || l.Run != want.Run {
			break
		}
		deaths = append([]Observed{l}, deaths...)
	}
	if len(deaths) > 0 {
		end = deaths[len(deaths)-1]
	}
	return end, deaths
}

func lived(l Observed) time.Duration {
	if l.State == NoStart {
		return 0
	}
	return l.Exit.At.Sub(l.Started)
}

// promised is the pause after these deaths in a row, multiplied out.
func promised(r spec.Restart, deaths []Observed) time.Duration {
	pause := float64(r.BackoffMin)
	for i := len(deaths) - 1; i > 0 && lived(deaths[i]) < r.Stable && pause < float64(r.BackoffMax); i-- {
		pause *= r.Factor
	}
	return time.Duration(math.Floor(min(pause, float64(r.BackoffMax))))
}

// mayRest tells whether an instance that died may stay down.
func (s *sim) mayRest(id ID, want Instance) bool {
	end, deaths := s.row(id, want)
	if len(deaths) == 0 {
		return false
	}
	r := want.Process.Restart
	if end.State == NoStart && !end.Exit.Retry {
		return true
	}
	if end.State == Exited && (r.Policy == "never" || r.Policy == "on-abnormal" && end.Exit.How == "exit" ||
		r.Policy == "on-failure" && end.Exit == (Exit{How: "exit", At: end.Exit.At})) {
		return true
	}
	n := 0
	for _, d := range deaths {
		if end.Exit.At.Sub(d.Exit.At) < r.Within {
			n++
		}
	}
	return r.Max > 0 && n >= r.Max
}

// stopIsNeeded: the life differs from what is wanted.
func (s *sim) stopIsNeeded(id ID, want Instance, wanted bool, a Action) {
	l, ok := s.find(id, a.Life)
	if !ok || wanted && want.Hold == "" && l.Generation >= want.Generation && l.Run == want.Run {
		s.errorf("%s is stopped (%s), and nothing is wrong with it", a.Life, a.Reason)
		return
	}
	if wanted && want.Hold == "" && l.Generation >= want.Generation && s.living(id) == 1 && s.unmet(want) {
		s.errorf("%s is stopped (%s) for an edit whose needs (%v) are not there", a.Life, a.Reason, want.Process.DependsOn)
	}
}

// invariants hold at every step. It tells whether all is well so far.
func (s *sim) invariants() bool {
	if s.f.Counts().Twins > 0 {
		s.errorf("a second life was started")
	}
	dirty, busy, tried, wakes, _ := s.r.Sizes()
	if most := 2 * 4 * 3; dirty > most+1 || busy > most || tried > 2*most || wakes > most {
		s.errorf("it remembers %d dirty, %d busy, %d tried, %d wakes", dirty, busy, tried, wakes)
	}
	for _, id := range everyID {
		born, living, known := s.f.Last(id)
		if born > 0 && !known {
			s.reset[id] = born
		}
		if living > 1 {
			s.errorf("%s lives twice", id)
		}
	}
	return !s.failed
}

// everyID is every instance that a world can have.
var everyID = func() (ids []ID) {
	for p := range 4 {
		for n := range 3 {
			ids = append(ids, ID{Project: "sim", Process: "p" + string(rune('0'+p)), N: n + 1})
		}
	}
	return ids
}()

// rested checks that the world at rest is the one that is wanted.
func (s *sim) rested() {
	lives, err := s.f.Observe(s.ctx)
	if err != nil {
		s.errorf("%v", err)
		return
	}
	running := map[ID]Observed{}
	for _, l := range lives {
		if living(l) {
			running[l.ID] = l
		}
		if _, ok := s.want[l.ID]; !ok {
			s.errorf("%s is there and not wanted", l.Life)
		}
	}
	views, _, _ := s.r.Look(s.clock.now())
	for _, v := range views {
		if v.Busy || !v.Verdict.Final && !s.waitsForever(v) || !v.Verdict.Wake.IsZero() || len(v.Verdict.Do) > 0 {
			s.errorf("at rest %s is %s, busy %t, final %t: %s", v.ID, v.Verdict.Phase, v.Busy, v.Verdict.Final, v.Verdict.Reason)
		}
		s.asWanted(v, running[v.ID])
	}
	if dirty, busy, tried, wakes, _ := s.r.Sizes(); dirty+busy+tried+wakes > 0 {
		s.errorf("at rest it remembers %d dirty, %d busy, %d tried, %d wakes", dirty, busy, tried, wakes)
	}
	if len(views) != len(s.want) {
		s.errorf("%d views of %d instances", len(views), len(s.want))
	}
}

// waitsForever tells whether an instance waits, and somewhere the completion of a program is waited for that does not end.
func (s *sim) waitsForever(v View) bool {
	return (v.Verdict.Phase == PhaseWaiting || v.Verdict.Pending) && slices.ContainsFunc(s.s.Processes, func(p spec.Process) bool {
		return slices.Contains(slices.Collect(maps.Values(p.DependsOn)), "completed")
	})
}

// unmet tells whether an instance has a dependency to wait for.
func (s *sim) unmet(want Instance) bool {
	for dep, condition := range want.Process.DependsOn {
		n := 0
		for other, in := range s.want {
			if other.Process == dep {
				if n++; !s.meets(in, condition) {
					return true
				}
			}
		}
		if n == 0 {
			return true // none of it is wanted
		}
	}
	return false
}

// remnant tells whether of an instance whose last life was forgotten an older one was not: its end counts then.
func (s *sim) remnant(id ID) bool {
	return !s.known(id) && slices.ContainsFunc(s.f.Past(id), func(l Observed) bool { return s.f.Known(l.Life) })
}

// asWanted checks one instance at rest.
func (s *sim) asWanted(v View, l Observed) {
	want := s.want[v.ID]
	switch up := l.State == Running; {
	case (want.Hold != "" || s.holds(v.ID)) && up:
		s.errorf("%s is held and runs", v.ID)
	case up && v.Verdict.Pending && l.Generation >= want.Generation && l.Run != want.Run && s.unmet(want):
	case up && (l.Generation < want.Generation || l.Run != want.Run || l.Limits != Limits(want.Process.Log) || !reflect.DeepEqual(l.Stop, want.Process.Stop)):
		s.errorf("%s is not the one that is wanted: %+v", v.ID, l)
	case !up && want.Hold == "" && !s.unmet(want) && !s.mayRest(v.ID, want) && !s.remnant(v.ID):
		s.errorf("%s is down (%s: %s)", v.ID, v.Verdict.Phase, v.Verdict.Reason)
	}
}
