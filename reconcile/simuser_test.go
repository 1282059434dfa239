package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/spec"
)

// rewant tells the loop what is wanted now, as the daemon does after every change.
func (s *sim) rewant() {
	s.wants++
	if s.want = map[ID]Instance{}; s.lost {
		s.r.Lost(map[string]bool{"sim": true})
		s.r.Want(nil, nil)
		return
	}
	s.p.Expire(s.clock.wall())
	s.expireHolds()
	want := Expand(s.clock.now(), s.s, s.p, s.digests)
	for _, in := range want {
		s.want[in.ID] = in
	}
	s.r.Want(want, nil)
}

// tick lifts the holds whose time is over.
func (s *sim) tick() {
	n := len(s.p.Holds)
	down := s.p.Down
	s.p.Expire(s.clock.wall())
	s.expireHolds()
	if n != len(s.p.Holds) || down != s.p.Down {
		s.say("a hold ends")
		s.rewant()
	}
}

// edit draws a new spec, most of it as before.
func (s *sim) edit() {
	next := &spec.Spec{Project: "sim"}
	for i := range 4 {
		name := fmt.Sprint("p", i)
		old := s.process(name)
		switch n := s.rand.IntN(10); {
		case old != nil && n < 6:
			next.Processes = append(next.Processes, *old)
		case old != nil && n < 8:
			next.Processes = append(next.Processes, s.retune(*old))
		case s.rand.IntN(5) > 0:
			next.Processes = append(next.Processes, s.draw(name, i))
		}
	}
	s.s, s.digests = next, Digests{}
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

// retune edits what changes without another life.
func (s *sim) retune(p spec.Process) spec.Process {
	switch s.rand.IntN(4) {
	case 0:
		p.Log.Keep++
	case 1:
		p.Log.MaxSize++
	case 2:
		p.Stop.Timeout += time.Second
	case 3:
		p.Stop.Signal = []string{"SIGINT", "SIGQUIT"}[s.rand.IntN(2)]
	}
	return p
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
		p.DependsOn = map[string]string{fmt.Sprint("p", s.rand.IntN(i)): []string{"started", "ready", "completed"}[s.rand.IntN(3)]}
	}
	return p
}

// asking is a process inside an instance that asked for its restart.
type asking struct {
	pid int
	at  time.Duration
}

// user says something. The write may fail, and then nothing was said; and the daemon may die right after it.
func (s *sim) user() {
	id, ok := s.any()
	if !ok {
		return
	}
	p := clone(s.p)
	held := maps.Clone(s.held)
	asker := s.verb(p, held, id)
	if s.chance(0.1) {
		s.say("which cannot be saved")
		return
	}
	if !OnlyGenerations(intents(s.p), intents(p)) {
		s.synced = clone(p)
	}
	s.p, s.held = p, held
	if s.chance(0.1) {
		s.daemon()
		return
	}
	if asker != 0 {
		s.asked[id] = asking{asker, s.clock.ran}
		s.r.Asked(id, asker)
	}
	s.rewant()
}

// verb changes what was said as a verb does, and the holds as the simulation knows them; it returns the process inside
// the instance that asked, if one did.
func (s *sim) verb(p *Project, held map[string]time.Time, id ID) (asker int) {
	switch n := s.rand.IntN(17); n {
	case 0, 1, 2, 3:
		if n <= 2 {
			asker = 4000 + s.rand.IntN(9)
		}
		s.say("restart %s, asked for by process %d", id, asker)
		s.lift(p, held, id)
		p.Raise(id)
	case 4, 5, 6:
		s.hold(p, held, []string{id.Short(), id.Process}[s.rand.IntN(2)], Hold{})
	case 7:
		s.hold(p, held, id.Short(), Hold{Until: s.clock.wall().Add(s.random(40_000))})
	case 8:
		s.hold(p, held, id.Process, Hold{Deleted: true})
	case 9, 10:
		s.say("start %s", id)
		if s.lift(p, held, id); p.Generations[id.Short()] == 0 {
			p.Raise(id)
		}
	case 11:
		s.say("apply")
		p.Holds, p.Down = map[string]Hold{}, nil
		clear(held)
	case 12:
		s.say("down")
		p.Down, held["*"] = &Hold{}, time.Time{}
	case 13, 14:
		p.Scale[id.Process] = Scaled{N: s.rand.IntN(4), File: s.process(id.Process).Instances}
		s.say("scale %s=%d", id.Process, p.Scale[id.Process].N)
	case 16:
		s.say("a watched file of %s changes", id) // held or not: no hold is lifted by that
		s.catchUp(p, id)
		p.RaiseFor(id, ReasonWatch+"x changed")
	case 15:
		if slices.ContainsFunc(s.acts, func(a *pending) bool { return a.id == id }) {
			return // a start that is under way carries on the deaths before it
		}
		s.say("retry %s", id)
		_ = s.r.Retry(s.ctx, []ID{id})
	}
	return asker
}

func (s *sim) hold(p *Project, held map[string]time.Time, key string, h Hold) {
	s.say("hold %s until %s, deleted %t", key, h.Until, h.Deleted)
	p.Holds[key], held[key] = h, h.Until
}

// lift lifts the holds on one instance; those on the others of a project that is down stay.
func (s *sim) lift(p *Project, held map[string]time.Time, id ID) {
	if p.Down != nil {
		p.Down = nil
		delete(held, "*")
		for _, proc := range s.s.Processes {
			p.Holds[proc.Name], held[proc.Name] = Hold{}, time.Time{}
		}
	}
	for _, key := range []string{id.Process, id.Short()} {
		delete(p.Holds, key)
		delete(held, key)
	}
	s.catchUp(p, id)
}

// catchUp: intents that were lost must not make a restart one that was done already.
func (s *sim) catchUp(p *Project, id ID) {
	for _, l := range s.r.Lives(id) {
		if l.Generation > max(p.Generations[id.Short()], 1) {
			p.Generations[id.Short()] = l.Generation
		}
	}
}

func intents(p *Project) *Intents {
	return &Intents{Version: 1, Projects: map[string]*Project{"sim": p}}
}

// clone copies what was said, with room for more.
func clone(p *Project) *Project {
	q := intents(p).Clone().Projects["sim"]
	if q.Holds == nil {
		q.Holds = map[string]Hold{}
	}
	if q.Scale == nil {
		q.Scale = map[string]Scaled{}
	}
	if q.Generations == nil {
		q.Generations = map[string]uint64{}
	}
	return q
}
