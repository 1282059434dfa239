package service

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// sampleEvery is how often the memory of a tree with a limit is read: the limit is passed by what it grows in that time.
const sampleEvery = time.Second

// memory restarts what uses more memory than its limit. Where nothing that runs has a limit, it sleeps.
type memory struct {
	d    *Daemon
	kick chan struct{}     // poked when what is wanted changed
	held map[string]string // life -> the hard limits that it was held to
	brim brims
}

func newMemory(d *Daemon) *memory {
	return &memory{d: d, kick: make(chan struct{}, 1), held: map[string]string{}}
}

func (m *memory) poke() {
	select {
	case m.kick <- struct{}{}:
	default:
	}
}

// run samples until ctx ends.
func (m *memory) run(ctx context.Context) error {
	tick := time.NewTimer(time.Hour)
	defer tick.Stop()
	defer m.brim.close()
	for {
		limits := m.limits()
		changed := m.d.rec.Changed() // before looking: what comes later wakes
		roots := m.roots(limits)
		m.confine(roots)
		tick.Stop()
		if len(limits) == 0 {
			changed = nil
		}
		measured := with(limits, roots)
		m.brim.keep(measured)
		if len(measured) > 0 {
			m.sample(limits, measured)
			tick.Reset(sampleEvery)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-m.kick:
		case <-changed:
		case <-tick.C:
		case <-m.brim.events():
			m.brim.rest(ctx)
		}
	}
}

// with are the roots that have a limit to be measured by.
func with(limits map[reconcile.ID]int64, roots map[int]reconcile.Observed) map[int]reconcile.Observed {
	out := map[int]reconcile.Observed{}
	for pid, l := range roots {
		if limits[l.ID] > 0 {
			out[pid] = l
		}
	}
	return out
}

// limits is how much each instance may use that has limits and is to be up; 0 where the kernel
// alone counts. A cluster may have as much for each of its workers.
func (m *memory) limits() map[reconcile.ID]int64 {
	out := map[reconcile.ID]int64{}
	for life := range m.held { // they may have to be let go
		if id, _, err := reconcile.ParseLife(life); err == nil {
			out[id] = 0
		}
	}
	for _, in := range m.d.rec.Wanted() {
		if in.Process.Limits != (spec.Limits{}) && in.Hold == "" {
			out[in.ID] = in.Process.Limits.Memory * int64(max(in.Workers, 1))
		}
	}
	return out
}

// roots are the lives with a limit that run, by their pids.
func (m *memory) roots(limits map[reconcile.ID]int64) map[int]reconcile.Observed {
	out := map[int]reconcile.Observed{}
	for id := range limits {
		for _, l := range m.d.rec.Lives(id) {
			if l.State == reconcile.Running && l.PID > 0 {
				out[l.PID] = l
			}
		}
	}
	return out
}

func (m *memory) sample(limits map[reconcile.ID]int64, roots map[int]reconcile.Observed) {
	for pid, used := range resident(roots) {
		l := roots[pid]
		m.brim.set(l.Life, used, limits[l.ID])
		in, ok := m.d.rec.Wants(l.ID)
		if limit := limits[l.ID]; used > limit && ok && in.Generation <= l.Generation { // else a restart is under way
			m.d.again([]reconcile.ID{l.ID}, "memory", fmt.Sprintf("%s%s used, limit %s", reconcile.ReasonMemory, megabytes(used), megabytes(limit)))
		}
	}
}

// resident is what the tree of each root has in memory, in bytes: the same figure that status shows.
func resident(roots map[int]reconcile.Observed) map[int]int64 {
	out, rest := make(map[int]int64, len(roots)), map[int]time.Time{}
	for pid, l := range roots {
		pids, ok := cgroupOf(pid)
		if !ok {
			rest[pid] = l.Started
			continue
		}
		for _, member := range pids {
			if p, ok := processOf(member); ok {
				out[pid] += p.memory
			}
		}
	}
	if len(rest) == 0 {
		return out
	}
	for root, procs := range trees(processes(), rest) {
		for _, p := range procs {
			out[root] += p.memory
		}
	}
	return out
}

// megabytes is a size for people.
func megabytes(n int64) string {
	return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
}
