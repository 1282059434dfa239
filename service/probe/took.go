package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// Where several lives take connections at one address, as they do of a socket that kitt holds, or with SO_REUSEPORT, the answer of
// one says nothing of another. The kernel knows who has taken a connection: only one that the life itself took counts.

// An Owner is who has taken a connection.
type Owner int

const (
	Unknown Owner = iota // nobody can tell, or another program that is none of the lives: it counts
	Mine                 // the life that is asked
	Other                // another life of the same process
	Nobody               // nobody yet: it is in the queue
)

const (
	lookPause  = 2 * time.Millisecond  // between two looks at the same connection
	retryPause = 10 * time.Millisecond // before another connection is tried
)

// An untaken says that no connection came to the life itself.
type untaken struct {
	others int           // how many came to another one
	within time.Duration // since the question began
}

func (u *untaken) Error() string {
	within := u.within.Round(10 * time.Millisecond)
	if u.others > 0 {
		return fmt.Sprintf("another life took each of %d connections within %s, and it itself none", u.others, within)
	}
	return fmt.Sprintf("it took no connection within %s", within)
}

// A search is one for a connection that the life itself takes. What it has come to is read by others while it goes on: an HTTP
// client does not wait for it once time is up.
type search struct{ state atomic.Pointer[untaken] }

// dial connects, and where t can tell who takes a connection, until the life itself does or ctx ends.
func (s *search) dial(ctx context.Context, t Target, network, address string) (net.Conn, error) {
	var d net.Dialer
	if t.Took == nil {
		return d.DialContext(ctx, network, address)
	}
	began := time.Now()
	for others := 0; ; {
		c, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		who := s.taker(ctx, t, c, began, others)
		if who != Other && who != Nobody {
			s.state.Store(nil)
			return c, nil
		}
		c.Close()
		if who == Other {
			others++
		}
		s.state.Store(&untaken{others, time.Since(began)})
		if !waits(ctx, retryPause) {
			return nil, ctx.Err()
		}
	}
}

// why is err, or that no connection came to the life itself, where that is the reason. A dial may end for the time a moment before
// ctx itself does.
func (s *search) why(ctx context.Context, err error) error {
	var timed net.Error
	late := ctx.Err() != nil || errors.As(err, &timed) && timed.Timeout()
	if u := s.state.Load(); u != nil && late {
		return u
	}
	return err
}

// taker waits until somebody has taken a connection, or ctx ends: then Nobody.
func (s *search) taker(ctx context.Context, t Target, c net.Conn, began time.Time, others int) Owner {
	for {
		who := t.Took(c)
		if who != Nobody {
			return who
		}
		s.state.Store(&untaken{others, time.Since(began)})
		if !waits(ctx, lookPause) {
			return who
		}
	}
}

func waits(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
