package service

import (
	"context"
	"time"
)

// untilLate waits until the life is ready, or should have been: then it is asked whether it is alive all the same.
func (q *inquiry) untilLate(ctx context.Context) {
	for {
		due := q.life.Started.Add(q.want.Process.Within())
		if o, ok := q.p.d.rt.Life(q.life.Life); ok && o.More.After(due) {
			due = o.More
		}
		left := time.Until(due)
		if left <= 0 {
			q.becomes()
			return
		}
		t := time.NewTimer(left)
		select {
		case <-ctx.Done():
		case <-q.ready:
		case <-t.C:
			continue
		}
		t.Stop()
		return
	}
}
