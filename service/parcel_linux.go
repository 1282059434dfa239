package service

import (
	"net"

	"golang.org/x/sys/unix"
)

// showSenders has the kernel say who sent each datagram.
func showSenders(c *net.UnixConn) {
	if raw, err := c.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
	}
}

// parcel is what came beside a datagram: its sender, and descriptors, which release closes.
func parcel(oob []byte) (sender int, release func()) {
	var fds []int
	list, _ := unix.ParseSocketControlMessage(oob)
	for i := range list {
		if cred, err := unix.ParseUnixCredentials(&list[i]); err == nil {
			sender = int(cred.Pid)
		}
		if got, err := unix.ParseUnixRights(&list[i]); err == nil {
			fds = append(fds, got...)
		}
	}
	return sender, func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
}
