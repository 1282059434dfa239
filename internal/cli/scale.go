package cli

import (
	"context"
	"time"

	"kitt.sh/service/api"
)

// Scale sets how many instances of a process run, until the number in its file changes.
type Scale struct {
	NoWait  bool
	Timeout time.Duration
	Counts  []string
}

func (s Scale) Run(ctx context.Context, k *Kitt) error {
	counts, err := formation(s.Counts)
	if err != nil {
		return err
	}
	if len(counts) == 0 {
		return usage("no number given", "for instance kitt scale web=3")
	}
	return k.order(ctx, "scale", api.Order{Scale: counts, Wait: !s.NoWait, Timeout: s.Timeout})
}
