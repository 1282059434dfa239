package cli

import (
	"context"
	"time"
)

// Down holds all processes of this project.
type Down struct {
	NoWait  bool
	Timeout time.Duration
	Project string
}

func (d Down) Run(ctx context.Context, k *Kitt) error {
	var names []string
	if d.Project != "" {
		names = []string{d.Project}
	}
	return k.order(ctx, "down", patience{d.NoWait, d.Timeout}.order(names, false))
}
