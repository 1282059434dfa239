package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// Run runs jobs now; with Wait it ends with their exit code.
type Run struct {
	Wait    bool
	Timeout time.Duration
	Names   []string
}

func (r Run) Run(ctx context.Context, k *Kitt) error {
	if r.Wait {
		lingers()
	}
	return k.named(ctx, "run", api.Order{Targets: r.Names, Wait: r.Wait, Timeout: r.Timeout})
}

// Runs lists how jobs ended.
type Runs struct {
	Lines int
	Names []string
}

func (r Runs) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json"); err != nil {
		return err
	}
	q := url.Values{"n": {strconv.Itoa(r.Lines)}, "targets": {strings.Join(r.Names, ",")}, "near": {k.project()}}
	return k.asking(ctx, func() error {
		var list []api.Run
		if err := k.API.Read(ctx, "/v1/runs", q, &list); err != nil {
			return err
		}
		for _, run := range list {
			if k.Output == "json" {
				if err := k.emitValue(run); err != nil {
					return err
				}
				continue
			}
			fmt.Fprintln(k.Out, runText(k.Paint, run))
		}
		return nil
	})
}

// runText is 2026-01-31 03:00:00  shop/backup.1  12.3s  exit 0.
func runText(p Paint, run api.Run) string {
	colour := red
	if run.Exit != nil && run.Exit.Code != nil && *run.Exit.Code == 0 {
		colour = green
	}
	took := time.Duration(run.Took * float64(time.Second)).Round(time.Millisecond)
	if took > time.Minute {
		took = took.Round(time.Second)
	}
	return p.in(dim, run.Started.Local().Format("2006-01-02 15:04:05")) + "  " + pad(clean(run.ID), 16) + "  " + pad(took.String(), 10) + "  " + p.in(colour, clean(run.Text))
}
