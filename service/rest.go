package service

import (
	"net/http"
	"sync"
	"time"

	"kitt.sh/reconcile/keeper"
)

// rest gives memory back once nothing was done for a while. The zero rest is ready.
type rest struct {
	mu    sync.Mutex
	timer *time.Timer
	last  time.Time // when memory was last given back
	ended bool
}

// restAfter is how long nothing must be done; restEvery is the least distance of two givings back.
const (
	restAfter = 700 * time.Millisecond
	restEvery = 10 * time.Second
)

// worked notes that something was done just now.
func (r *rest) worked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	wait := max(restAfter, time.Until(r.last.Add(restEvery)))
	if r.timer == nil {
		r.timer = time.AfterFunc(wait, r.trim)
		return
	}
	r.timer.Reset(wait)
}

func (r *rest) trim() {
	keeper.Trim()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = time.Now()
}

// end stops it.
func (r *rest) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.timer != nil {
		r.timer.Stop()
	}
}

// resting notes the work of each request.
func (d *Daemon) resting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		d.rest.worked()
	})
}
