package cli

import (
	"context"
	"time"
)

// Down holds all processes of this project, or of the one named, or of every one.
type Down struct {
	All     bool
	Wait    bool
	NoWait  bool
	Timeout time.Duration // 0: as long as the stops may take
	Project string
}

func (d Down) Run(ctx context.Context, k *Kitt) error {
	if d.All && d.Project != "" {
		return usage("both a project and --all given", "leave one of them out")
	}
	if err := waits(d.Wait, d.NoWait); err != nil {
		return err
	}
	o := patience{d.NoWait, d.Timeout}.order(nil, d.All)
	o.Project = d.Project
	return k.order(ctx, "down", o)
}

// waits refuses both of two flags that say the opposite. To wait is the rule.
func waits(wait, noWait bool) error {
	if wait && noWait {
		return usage("both --wait and --no-wait given", "leave one of them out; to wait is the rule")
	}
	return nil
}
