package forward

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// connectWithin is in seconds.
const connectWithin = 7

// bounded makes a connection that does not come about fail within seconds.
func bounded(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CONNECTIONTIMEOUT, connectWithin) // else it takes over a minute
	})
}
