package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"kitt.sh/service/api"
)

// Send passes a message to a process over its channel: JSON as it is, anything else as a string.
type Send struct {
	Name    string
	Message string
}

func (s Send) Run(ctx context.Context, k *Kitt) error {
	value := json.RawMessage(s.Message)
	if !json.Valid(value) {
		value, _ = json.Marshal(s.Message)
	}
	return k.order(ctx, "send", api.Order{Targets: []string{s.Name}, Value: value})
}

// workers lists those of a cluster.
func (k *Kitt) workers(c *api.Cluster) {
	k.heading("workers")
	for _, w := range c.Workers {
		text := fmt.Sprintf("%d  %-9s  pid %d  restarts %d", w.N, w.State, w.PID, w.Restarts)
		if w.Exit != nil {
			text += "  last: " + clean(w.Exit.String())
		}
		fmt.Fprintln(k.Out, text)
	}
	if c.Trouble != "" {
		fmt.Fprintln(k.Out, clean(c.Trouble))
	}
}

// metrics lists what programs measured of themselves.
func (k *Kitt) metrics(list []api.Metric) {
	k.heading("metrics")
	var rows []field
	for _, m := range list {
		rows = append(rows, field{clean(m.ID + " " + m.Name), clean(m.Value + " " + m.Unit)})
	}
	k.fields(rows)
}
