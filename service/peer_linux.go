package service

import (
	"net"

	"golang.org/x/sys/unix"
)

// peer is the user and the process at the other end of a unix socket; -1 and 0 where that cannot be known.
func peer(c net.Conn) (uid, pid int) {
	uid = -1
	u, ok := c.(*net.UnixConn)
	if !ok {
		return uid, 0
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return uid, 0
	}
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			uid, pid = int(cred.Uid), int(cred.Pid)
		}
	})
	return uid, pid
}

// parent is the parent of pid; 0 where that cannot be known.
func parent(pid int) int {
	p, _ := processOf(pid)
	return p.parent
}
