package api

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerUID is the user at the other end of a unix socket; -1 where that cannot be known.
func peerUID(c net.Conn) (uid int) {
	uid = -1
	u, ok := c.(*net.UnixConn)
	if !ok {
		return uid
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return uid
	}
	_ = raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); err == nil {
			uid = int(cred.Uid)
		}
	})
	return uid
}
