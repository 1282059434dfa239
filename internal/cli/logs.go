package cli

import "context"

type Logs struct {
	Follow bool
	Lines  string
	Err    bool
	Out    bool
	Raw    bool
	Since  string
	Grep   string
	Names  []string
}

func (l Logs) Run(ctx context.Context, k *Kitt) error { return nil }
