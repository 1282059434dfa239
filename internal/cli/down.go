package cli

import (
	"context"
	"time"
)

// Down holds all processes of this project, or of the one named, or of every one.
type Down struct {
	All     bool
	NoWait  bool
	Timeout time.Duration
	Project string
}

func (d Down) Run(ctx context.Context, k *Kitt) error {
	if d.All && d.Project != "" {
		return usage("both a project and --all given", "leave one of them out")
	}
	o := patience{d.NoWait, d.Timeout}.order(nil, d.All)
	o.Project = d.Project
	return k.order(ctx, "down", o)
}
