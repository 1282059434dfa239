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

// Reload is Restart until there is a way without a gap.
type Reload Restart

func (r Reload) Run(ctx context.Context, k *Kitt) error {
	k.note("reload is the same as restart for now: there is a short gap")
	return Restart(r).Run(ctx, k)
}
