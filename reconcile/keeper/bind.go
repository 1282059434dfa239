package keeper

import (
	"net/netip"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindSocket opens, binds and listens.
func bindSocket(s Socket) (fd int, err error) {
	if path := s.path(); path != "" {
		if err := vacate(s.Addr, path); err != nil {
			return -1, err
		}
		return bindTo(s, unix.AF_UNIX, &unix.SockaddrUnix{Name: path})
	}
	text, tcp := strings.CutPrefix(s.Addr, "tcp://")
	at, err := netip.ParseAddrPort(text)
	if !tcp || err != nil || at.Port() == 0 || at.Addr().Zone() != "" {
		return -1, refuse("listen on", s.Addr, errText("not an address"))
	}
	if at.Addr().Is4() {
		return bindTo(s, unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
	}
	return bindTo(s, unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
}

func bindTo(s Socket, family int, to unix.Sockaddr) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, refuse("listen on", s.Addr, err)
	}
	unix.CloseOnExec(fd) // nobody else forks here
	if v6, ok := to.(*unix.SockaddrInet6); ok {
		only := 1
		if v6.Addr == [16]byte{} { // [::] is both families, as with most programs
			only = 0
		}
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only)
	}
	if err == nil && family != unix.AF_UNIX { // what is left of connections of the one before is in nobody's way
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if err == nil {
		err = unix.Bind(fd, to)
	}
	if path := s.path(); err == nil && path != "" { // our umask leaves nobody else in until then
		err = unix.Chmod(path, s.mode())
	}
	if err == nil {
		err = unix.Listen(fd, listenBacklog)
	}
	if err != nil {
		unix.Close(fd)
		return -1, refuse("listen on", s.Addr, err)
	}
	return fd, nil
}

// addrOf is an address as a Socket has it, "" of other kinds.
func addrOf(sa unix.Sockaddr) string {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return "tcp://" + netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port)).String()
	case *unix.SockaddrInet6:
		return "tcp://" + netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port)).String()
	case *unix.SockaddrUnix:
		return "unix:" + sa.Name
	}
	return ""
}

// vacate makes room for a unix socket: the file of one that nobody listens on any more is removed, if it is ours.
func vacate(addr, path string) error {
	if len(path) > maxPath {
		return refuse("listen on", addr, errText("the path of a socket has at most "+itoa(maxPath)+" bytes, this has "+itoa(len(path))))
	}
	var st unix.Stat_t
	switch err := unix.Lstat(path, &st); {
	case err != nil:
		return nil // there is nothing, or bind says why
	case st.Mode&unix.S_IFMT != unix.S_IFSOCK:
		return refuse("listen on", addr, errText("something that is no socket is in its place; remove it"))
	case int(st.Uid) != unix.Geteuid():
		return refuse("listen on", addr, errText("the socket there belongs to another user"))
	}
	if pid, there := answersAt(path); there {
		return inUse(addr, pid)
	}
	return wrapErrno("listen on", addr, unix.Unlink(path))
}

// answersAt tells whether somebody listens on a unix socket, and who where the system tells.
func answersAt(path string) (pid int, there bool) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, true
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	unix.SetNonblock(fd, true) // a full queue must not hold the keeper
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err == unix.ECONNREFUSED {
		return 0, false
	} else if err != nil {
		return 0, true
	}
	return peerPID(fd), true
}

// inUse is the refusal of an address that another process listens on.
func inUse(addr string, pid int) *Error {
	e := refuse("listen on", addr, syscall.EADDRINUSE)
	if pid > 0 {
		e.Text += " by process " + itoa(pid)
	}
	return e
}
