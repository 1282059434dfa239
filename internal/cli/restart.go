package cli

import (
	"context"
	"time"
)

// Restart gives processes a new life each. Called by a process of kitt's own, it is answered
// before the caller's end: the server knows who asks.
type Restart struct {
	All     bool
	NoWait  bool
	Timeout time.Duration
	Names   []string
}

func (r Restart) Run(ctx context.Context, k *Kitt) error {
	return k.named(ctx, "restart", patience{r.NoWait, r.Timeout}.order(r.Names, r.All))
}

// Reload replaces the workers of clusters one by one, without a gap; for other processes it is Restart.
type Reload Restart

func (r Reload) Run(ctx context.Context, k *Kitt) error {
	return k.named(ctx, "reload", patience{r.NoWait, r.Timeout}.order(r.Names, r.All))
}
