package cli

import (
	"context"
	"time"
)

// Delete stops processes and lists them no more, until an apply of a spec that still names them.
type Delete struct {
	All     bool
	NoWait  bool
	Timeout time.Duration
	Names   []string
}

func (d Delete) Run(ctx context.Context, k *Kitt) error {
	if err := k.named(ctx, "delete", patience{d.NoWait, d.Timeout}.order(d.Names, d.All)); err != nil {
		return err
	}
	return k.tidyOwn(ctx)
}
