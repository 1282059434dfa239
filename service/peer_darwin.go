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
		if cred, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); err == nil {
			uid = int(cred.Uid)
		}
		if p, err := unix.GetsockoptInt(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERPID); err == nil {
			pid = p
		}
	})
	return uid, pid
}

// parent is the parent of pid; 0 where that cannot be known.
func parent(pid int) int {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return 0
	}
	return int(k.Eproc.Ppid)
}
