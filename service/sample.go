package service

import (
	"sync"
	"time"

	"kitt.sh/reconcile"
)

// freshEnough is how old a sample may be that answers a question: nobody looks so often that it shows.
const freshEnough = time.Second

// usage is what the whole tree of an instance uses.
type usage struct {
	cpu    float64       // cores, since the sample before (at least half a second), or since its start
	memory int64         // bytes resident, summed over the tree
	spent  time.Duration // of processors, since the start
}

// A proc is one process of the machine.
type proc struct {
	pid, parent, session int
	cpu                  time.Duration // of itself and of its children that are over
	memory               int64
	name                 string
}

// A sampler reads CPU and memory of trees, only when asked. The zero sampler is ready.
type sampler struct {
	mu   sync.Mutex
	at   time.Time
	last map[int]spent // root pid -> what the tree had used at `at`
	rate map[int]usage
}

type spent struct {
	cpu     time.Duration
	at      time.Time
	started time.Time
}

// use returns the usage of every instance that lives.
func (s *sampler) use(views []reconcile.View) map[reconcile.ID]usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	roots := map[int]time.Time{}
	stale := time.Since(s.at) > freshEnough
	if s.rate == nil {
		s.rate = map[int]usage{}
	}
	for _, v := range views {
		for _, l := range v.Lives {
			if l.PID > 0 && (l.State == reconcile.Running || l.State == reconcile.Stopping) {
				roots[l.PID] = l.Started
			}
		}
	}
	if stale && len(roots) > 0 {
		s.take(roots, time.Now())
	}
	s.meet(roots)
	out := make(map[reconcile.ID]usage, len(views))
	for _, v := range views {
		for _, l := range v.Lives {
			if u, ok := s.rate[l.PID]; ok && l.State != reconcile.Exited {
				out[v.ID] = usage{out[v.ID].cpu + u.cpu, out[v.ID].memory + u.memory, out[v.ID].spent + u.spent}
			}
		}
	}
	return out
}

// meet reads the roots that came since the last sample; the rest of their trees waits for the next one.
func (s *sampler) meet(roots map[int]time.Time) {
	for pid, started := range roots {
		if _, known := s.rate[pid]; known {
			continue
		}
		if p, ok := processOf(pid); ok {
			age := max(time.Since(started), time.Millisecond)
			s.rate[pid] = usage{float64(p.cpu) / float64(age), p.memory, p.cpu}
		}
	}
}

// take samples the machine once and sums it up by roots.
func (s *sampler) take(roots map[int]time.Time, now time.Time) {
	tree := trees(processes(), roots)
	last, rate := make(map[int]spent, len(roots)), make(map[int]usage, len(roots))
	for root, started := range roots {
		var u usage
		var cpu time.Duration
		for _, p := range tree[root] {
			cpu += p.cpu
			u.memory += p.memory
		}
		was, ok := s.last[root]
		if !ok || !was.started.Equal(started) {
			was = spent{0, started, started}
		}
		switch took := now.Sub(was.at); {
		case ok && took < freshEnough/2:
			u.cpu = s.rate[root].cpu
			last[root] = was
		default:
			u.cpu = max(0, float64(cpu-was.cpu)/float64(max(took, time.Millisecond)))
			last[root] = spent{cpu, now, started}
		}
		u.spent = cpu
		rate[root] = u
	}
	s.at, s.last, s.rate = now, last, rate
}

// trees sorts processes by the root they belong to: below it by parentage, or in its session.
func trees(all []proc, roots map[int]time.Time) map[int][]proc {
	byPID := make(map[int]proc, len(all))
	for _, p := range all {
		byPID[p.pid] = p
	}
	out := make(map[int][]proc, len(roots))
	for _, p := range all {
		if root := rootOf(p, byPID, roots); root != 0 {
			out[root] = append(out[root], p)
		}
	}
	return out
}

// rootOf finds the root that p belongs to, or 0.
func rootOf(p proc, byPID map[int]proc, roots map[int]time.Time) int {
	for q, steps := p, 0; q.pid > 1 && steps < 64; q, steps = byPID[q.parent], steps+1 {
		if _, ok := roots[q.pid]; ok {
			return q.pid
		}
		if _, ok := roots[q.session]; ok {
			return q.session
		}
	}
	return 0
}
