//go:build !linux

package service

import (
	"net"

	"golang.org/x/sys/unix"
)

// showSenders does nothing: the system does not say who sent a datagram. The folder that the socket lies in is the user's own.
func showSenders(*net.UnixConn) {}

// parcel is what came beside a datagram: descriptors, which release closes.
func parcel(oob []byte) (sender int, release func()) {
	var fds []int
	list, _ := unix.ParseSocketControlMessage(oob)
	for i := range list {
		if got, err := unix.ParseUnixRights(&list[i]); err == nil {
			fds = append(fds, got...)
		}
	}
	return 0, func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
}
