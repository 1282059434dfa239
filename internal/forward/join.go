package forward

import (
	"errors"
	"io"
	"net"
	"sync"
)

// half is a connection one direction of which can be closed: TCP, and unix sockets.
type half interface {
	net.Conn
	CloseWrite() error
}

// join copies both ways until both are done, and closes both. The end of one direction is passed on, and the other goes on.
func join(a, b net.Conn) {
	var back sync.WaitGroup
	back.Go(func() { flow(a, b) })
	flow(b, a)
	back.Wait()
	_ = a.Close()
	_ = b.Close()
}

// flow copies from src to dst. A connection that broke breaks the other: what was cut off must not look whole.
func flow(dst, src net.Conn) {
	err := pass(dst, src)
	if err == nil {
		err = dst.(half).CloseWrite()
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		reset(src)
		reset(dst)
	}
}

// small is what is copied by way of this program; a connection that brings more at once goes by the kernel alone from then on.
// For a message of the usual size that takes half the calls.
const small = 8 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, small); return &b }}

// pass copies until src ends.
func pass(dst, src net.Conn) error {
	b := buffers.Get().(*[]byte)
	defer buffers.Put(b)
	for {
		n, err := src.Read(*b)
		if n > 0 {
			if _, err := dst.Write((*b)[:n]); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n == small:
			_, err = io.Copy(dst, src) // splice(2) on Linux
			return err
		}
	}
}

// reset closes a connection such that the other side sees that it broke.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // it is closed in any case
	}
	_ = c.Close()
}
