package cli

import (
	"context"
	"errors"
	"time"

	"kitt.sh/service/api"
)

// Shutdown stops every process and kitt itself.
type Shutdown struct {
	Timeout time.Duration
}

func (s Shutdown) Run(ctx context.Context, k *Kitt) error {
	o := api.Order{All: true, Wait: true, Timeout: s.Timeout}
	err := k.order(ctx, "shutdown", o)
	if errors.Is(err, api.ErrGone) { // it had lost its keeper and gave way to the next daemon, which knows nothing of it
		k.note("%v; telling the next one", api.ErrGone)
		err = k.order(ctx, "shutdown", o)
	}
	switch {
	case errors.Is(err, api.ErrNotRunning): // it is as it should be
		k.note("kitt is not running")
		return nil
	case err == nil:
		gone(ctx, k, s.Timeout)
	}
	return err
}

// gone waits until nobody answers any more, so that an apply that follows does not meet the kitt that leaves.
// A service manager may start a new one at once: then it waits for goneLimit at most.
func gone(ctx context.Context, k *Kitt, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, min(most, goneLimit))
	defer cancel()
	for k.API.Ping(ctx) == nil {
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Millisecond):
		}
	}
}

const goneLimit = 2 * time.Second
