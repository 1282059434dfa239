//go:build !linux

package service

import (
	"context"
	"time"
)

// listen rings each minute until set is called or ctx ends: here nobody tells of sleep.
func (a *alarm) listen(ctx context.Context) error {
	t := time.NewTicker(time.Minute)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.kick:
			return nil
		case <-t.C:
			a.ring()
		}
	}
}
