//go:build !linux

package service

import (
	"context"
	"time"
)

// alarmEvery is how late a wake is noticed at most.
const alarmEvery = 20 * time.Second

// listen rings often until set is called or ctx ends: here nobody tells of sleep.
func (a *alarm) listen(ctx context.Context) error {
	t := time.NewTicker(alarmEvery)
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
