package api

import (
	"context"
	"iter"
	"time"
)

// await goes on with the waiting of a Load or an Order whose daemon was replaced: what was asked for is on the disk.
func (c *Client) await(ctx context.Context, body any, targets []string) iter.Seq2[Line, error] {
	o := Order{Targets: targets, Wait: true, Timeout: time.Minute}
	switch b := body.(type) {
	case Load:
		o.Timeout = b.Timeout
	case Order:
		o.Timeout = b.Timeout
	}
	return c.Post(ctx, "await", o)
}
