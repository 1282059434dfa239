package reconcile_test

import (
	"math"
	"reflect"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/spec"
)

// judge checks one decision at the moment it is made, by what is wanted then and by what the fake knows.
func (s *sim) judge(id ID, do []Action) {
	want, wanted := s.want[id]
	for _, a := range do {
		switch a.Verb {
		case Start:
			s.startIsDue(id, want, wanted)
		case Stop:
			s.stopIsNeeded(id, want, wanted, a)
		case Tune:
			if l, ok := s.find(id, a.Life); !ok || l.Limits == Limits(want.Process.Log) && reflect.DeepEqual(l.Stop, want.Process.Stop) {
				s.Errorf("%s is tuned to what it has", a.Life)
			}
		case Forget:
			if l, ok := s.find(id, a.Life); !ok || living(l) {
				s.Errorf("%s lives and is forgotten", a.Life)
			}
		}
	}
}

func living(l Observed) bool { return l.State == Running || l.State == Stopping }

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
	if !wanted || want.Hold != "" {
		s.Errorf("%s is started; wanted %t, hold %q", id, wanted, want.Hold)
		return
	}
	past := s.f.Past(id)
	for _, l := range past {
		if living(l) {
			s.Errorf("%s is started while %s lives", id, l.Life)
		}
	}
	if end, deaths := s.row(id, want); len(deaths) > 0 {
		if pause := promised(want.Process.Restart, deaths); time.Since(end.Exit.At) < pause {
			s.Errorf("%s is started %s after %s ended, %d deaths in a row; promised was %s",
				id, time.Since(end.Exit.At), end.Life, len(deaths), pause)
		}
		if s.mayRest(id, want) {
			s.Errorf("%s is started though it is down for good: %+v", id, end.Exit)
		}
	}
	for dep, condition := range want.Process.DependsOn {
		for other, in := range s.want {
			if other.Process == dep && !s.meets(in, condition) {
				s.Errorf("%s is started though %s is not %s", id, other, condition)
			}
		}
	}
}

// meets tells whether an instance was started, or is ready as it is wanted, as the loop could last see it.
func (s *sim) meets(in Instance, condition string) bool {
	for _, l := range s.r.Lives(in.ID) {
		if l.State == Running && (condition == "started" || l.Generation >= in.Generation && l.Run == in.Run) {
			return true
		}
		if l.State == Exited && condition == "started" {
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
		s.Errorf("%s is stopped (%s), and nothing is wrong with it", a.Life, a.Reason)
	}
}

// invariants hold at every step.
func (s *sim) invariants() {
	if s.f.Counts().Twins > 0 {
		s.Errorf("a second life was started")
	}
	dirty, busy, tried, wakes, _ := s.r.Sizes()
	if most := 2 * 4 * 3; dirty > most+1 || busy > most || tried > 2*most || wakes > most {
		s.Errorf("it remembers %d dirty, %d busy, %d tried, %d wakes", dirty, busy, tried, wakes)
	}
	alive := map[ID]int{}
	for p := range 4 {
		for n := range 4 {
			id := ID{Project: "sim", Process: "p" + string(rune('0'+p)), N: n + 1}
			past := s.f.Past(id)
			if len(past) > 0 && !s.known(id) {
				s.reset[id] = len(past)
			}
			for _, l := range past {
				if living(l) {
					if alive[id]++; alive[id] > 1 {
						s.Errorf("%s lives twice", id)
					}
				}
			}
		}
	}
}

// rested checks that the world at rest is the one that is wanted.
func (s *sim) rested() {
	lives, err := s.f.Observe(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	running := map[ID]Observed{}
	for _, l := range lives {
		if living(l) {
			running[l.ID] = l
		}
		if _, ok := s.want[l.ID]; !ok {
			s.Errorf("%s is there and not wanted", l.Life)
		}
	}
	views, _, _ := s.r.Look(time.Now())
	for _, v := range views {
		if v.Busy || !v.Verdict.Final || !v.Verdict.Wake.IsZero() || len(v.Verdict.Do) > 0 {
			s.Errorf("at rest %s is %s, busy %t, final %t: %s", v.ID, v.Verdict.Phase, v.Busy, v.Verdict.Final, v.Verdict.Reason)
		}
		s.asWanted(v, running[v.ID])
	}
	if len(views) != len(s.want) {
		s.Errorf("%d views of %d instances", len(views), len(s.want))
	}
}

// asWanted checks one instance at rest.
func (s *sim) asWanted(v View, l Observed) {
	want := s.want[v.ID]
	switch up := l.State == Running; {
	case want.Hold != "" && up:
		s.Errorf("%s is held and runs", v.ID)
	case up && (l.Generation < want.Generation || l.Run != want.Run || l.Limits != Limits(want.Process.Log)):
		s.Errorf("%s is not the one that is wanted: %+v", v.ID, l)
	case !up && want.Hold == "" && v.Verdict.Phase != PhaseWaiting && !s.mayRest(v.ID, want):
		s.Errorf("%s is down (%s: %s)", v.ID, v.Verdict.Phase, v.Verdict.Reason)
	}
}
