package service

import (
	"context"
	"sync"
	"time"

	"kitt.sh/reconcile/local"
)

// An alarm tells that the clock was set or that the machine slept, so that times that passed meanwhile are not missed:
// timers stand still in sleep. It costs nothing as long as that matters to nobody (see timely).
type alarm struct {
	woke func(slept time.Duration) // 0: the clock was set, if anything happened at all
	nap  nap                       // of run alone
	kick chan struct{}

	mu     sync.Mutex
	wanted bool
}

func newAlarm(woke func(time.Duration)) *alarm {
	return &alarm{woke: woke, nap: nap{asleep: local.Asleep}, kick: make(chan struct{}, 1)}
}

// ring tells.
func (a *alarm) ring() { a.woke(a.nap.since()) }

// set arms the alarm, or turns it off.
func (a *alarm) set(wanted bool) {
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
			a.nap.since() // what was before is nobody's business
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
