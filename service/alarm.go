package service

import (
	"context"
	"sync"

	"kitt.sh/reconcile"
)

// An alarm tells that the clock was set or that the machine slept, so that times that passed meanwhile are not missed:
// timers stand still in sleep. It costs nothing as long as nothing has a schedule.
type alarm struct {
	ring func()
	kick chan struct{}

	mu     sync.Mutex
	wanted bool
}

func newAlarm(ring func()) *alarm { return &alarm{ring: ring, kick: make(chan struct{}, 1)} }

// set arms the alarm if any of these has a schedule.
func (a *alarm) set(list []reconcile.Instance) {
	wanted := false
	for _, in := range list {
		wanted = wanted || in.Process.Schedule.Cron != "" || in.Process.Schedule.Restart != ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wanted == wanted {
		return
	}
	a.wanted = wanted
	select {
	case a.kick <- struct{}{}:
	default:
	}
}

// run rings until ctx ends.
func (a *alarm) run(ctx context.Context) error {
	for {
		a.mu.Lock()
		wanted := a.wanted
		a.mu.Unlock()
		if wanted {
			if err := a.listen(ctx); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.kick:
		}
	}
}
