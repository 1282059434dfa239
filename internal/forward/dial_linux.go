package forward

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// A program whose queue is full is asked twice more, after 1 and 3 s, and given up after 7.
const syns = 2

// bounded makes a connection that does not come about fail within seconds.
func bounded(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_SYNCNT, syns) // else it takes two minutes
	})
}
