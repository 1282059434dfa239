package cli

import (
	"context"
	"time"
)

// Start lifts the hold on processes, so that they run again.
type Start struct {
	All     bool
	NoWait  bool
	Timeout time.Duration
	Names   []string
}

func (s Start) Run(ctx context.Context, k *Kitt) error {
	return k.named(ctx, "start", patience{s.NoWait, s.Timeout}.order(s.Names, s.All))
}
