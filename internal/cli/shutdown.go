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
	err := k.order(ctx, "shutdown", api.Order{All: true, Wait: true, Timeout: s.Timeout})
	if errors.Is(err, api.ErrNotRunning) { // it is as it should be
		k.note("kitt is not running")
		return nil
	}
	return err
}
