package cli

import (
	"context"
	"time"
)

// Stop holds processes: they stay down, over reboots too, until start or apply.
type Stop struct {
	All     bool
	For     time.Duration
	Message string
	Wait    bool
	NoWait  bool
	Timeout time.Duration // 0: as long as the stops may take
	Names   []string
}

func (s Stop) Run(ctx context.Context, k *Kitt) error {
	if s.For < 0 {
		return usage("--for "+s.For.String()+" lies in the past", "for instance --for 2h")
	}
	if err := waits(s.Wait, s.NoWait); err != nil {
		return err
	}
	o := patience{s.NoWait, s.Timeout}.order(s.Names, s.All)
	o.For, o.Message = s.For, s.Message
	return k.named(ctx, "stop", o)
}
