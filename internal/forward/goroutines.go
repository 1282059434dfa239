package forward

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// byGoroutines carries with two goroutines for each connection: where there is no epoll.
func (f *Forwarder) byGoroutines(ctx context.Context, l net.Listener) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	end := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer end()
	for f.mayTake(ctx) {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of descriptors, or the client is gone again
			rest(ctx, nil, dialAgain)
			continue
		}
		conns.Go(func() { f.serve(ctx, c) })
	}
	return nil
}

// mayTake waits until a connection would have somewhere to go, so that clients wait in the socket's own queue; false means that
// ctx is over.
func (f *Forwarder) mayTake(ctx context.Context) bool {
	for {
		f.mu.Lock()
		ok, changed := f.table.Refuse || f.table.takes(), f.changed
		f.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

// serve passes one connection on.
func (f *Forwarder) serve(ctx context.Context, c net.Conn) {
	to, b := f.reach(ctx)
	if b == nil {
		reset(c)
		return
	}
	join(c, b)
	f.release(to)
}

// reach connects to a target. While none takes connections it waits; nil means that it was in vain.
func (f *Forwarder) reach(ctx context.Context) (life string, c net.Conn) {
	var tried map[string]bool
	var end time.Time // nearly always it is not needed
	for ctx.Err() == nil {
		to, changed, ok := f.reserve(tried)
		if ok {
			c, err := dial(to.Addr)
			if err == nil {
				return to.Life, c
			}
			f.release(to.Life)
			if tried == nil {
				tried, end = map[string]bool{}, time.Now().Add(waitMost)
			}
			tried[to.Life] = true // nothing was sent: the next may have it
			continue
		}
		if end.IsZero() {
			end = time.Now().Add(waitMost)
		}
		if changed == nil || time.Now().After(end) {
			return "", nil
		}
		pause := waitMost
		if len(tried) > 0 {
			pause = dialAgain
		}
		rest(ctx, changed, pause)
		clear(tried)
	}
	return "", nil
}

// dial connects to a program of this machine. It is bounded by the kernel, not by a timer, which would cost more than all the
// rest; and what is on the other side of the loopback needs no probes to be known alive.
func dial(addr string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{KeepAlive: -1, Control: bounded}
	return d.DialTCP(context.Background(), "tcp", netip.AddrPort{}, to)
}

// rest waits for d, for changed or for ctx.
func rest(ctx context.Context, changed <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-changed:
	case <-t.C:
	}
}
