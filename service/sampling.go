package service

import (
	"context"
	"net/http"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/samples"
)

// sampling keeps what instances used. Nothing is sampled for it while nobody looks, unless a spec says so: it notes what those
// see who look at everything.
type sampling struct {
	d     *Daemon
	mu    sync.Mutex
	ring  samples.Ring
	pokes chan struct{} // a spec may say otherwise now
}

func newSampling(d *Daemon) *sampling {
	return &sampling{d: d, pokes: make(chan struct{}, 1)}
}

// note keeps a look at all that runs, one in ten seconds.
func (s *sampling) note(now time.Time, views []reconcile.View, use map[reconcile.ID]usage) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ring.Due(now) {
		return
	}
	uses := make(map[string]samples.Use, len(use))
	for _, v := range views {
		if u, ok := use[v.ID]; ok {
			uses[v.ID.String()] = samples.Use{CPU: u.cpu, Memory: u.memory}
		}
	}
	s.ring.Put(now, uses)
}

// poke has run look whether to sample by itself.
func (s *sampling) poke() {
	if s == nil {
		return
	}
	select {
	case s.pokes <- struct{}{}:
	default:
	}
}

// run samples by itself as long as a spec that is followed wants that. Otherwise it sleeps.
func (s *sampling) run(ctx context.Context) error {
	tick := time.NewTicker(samples.Every)
	tick.Stop()
	defer tick.Stop()
	for on := false; ; {
		if want := s.d.samplesAlways(); want != on {
			if on = want; on {
				tick.Reset(samples.Every)
			} else {
				tick.Stop()
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.pokes:
		case <-tick.C:
			_, _ = s.d.status(ctx, "", "", nil)
		}
	}
}

// samplesAlways tells whether any spec wants samples also while nobody looks.
func (d *Daemon) samplesAlways() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.specs {
		if s.Sample {
			return true
		}
	}
	return false
}

// pointsMost is how many samples of an instance an answer holds.
const pointsMost = 2000

// getSamples answers with what instances used: ?since= (an hour ago without it), ?targets=, ?points=.
func (d *Daemon) getSamples(w http.ResponseWriter, r *http.Request) {
	q, now := r.URL.Query(), time.Now()
	views, _, err := d.views(r.Context(), q.Get("project"), d.near(r, q.Get("near")), words(q.Get("targets")))
	if err != nil {
		refuse(w, err)
		return
	}
	since := sinceOf(now, q, "since")
	if since.IsZero() {
		since = now.Add(-time.Hour)
	}
	points := min(max(number(q, "points", 360), 1), pointsMost)
	out := api.Samples{Every: samples.Every.Seconds(), Instances: []api.Series{}}
	s := d.sampling
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range views {
		one := api.Series{ID: v.ID.String(), At: []int64{}, CPU: []float64{}, Memory: []int64{}}
		for _, p := range s.ring.Read(v.ID.String(), since, now, points) {
			one.At, one.CPU, one.Memory = append(one.At, p.At.UnixMilli()), append(one.CPU, p.CPU), append(one.Memory, p.Memory)
		}
		out.Instances = append(out.Instances, one)
	}
	answer(w, out)
}
