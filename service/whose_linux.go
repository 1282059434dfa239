package service

import (
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"kitt.sh/service/probe"
)

// whoTook tells which of some lives has taken a connection that this process made: that of mine, or one of others; roots are their
// first processes. The kernel names the socket at the other end, which has a number once somebody took it.
func whoTook(c net.Conn, mine int, others []int) probe.Owner {
	inode, known := farInode(c)
	switch {
	case !known:
		return probe.Unknown
	case inode == 0:
		return probe.Nobody
	}
	link := "socket:[" + strconv.FormatUint(uint64(inode), 10) + "]"
	trees := treesOf(append([]int{mine}, others...))
	for i, tree := range trees {
		for _, pid := range tree {
			switch has, seen := hasOpen(pid, link); {
			case has && i == 0:
				return probe.Mine
			case has:
				return probe.Other
			case !seen && i == 0:
				return probe.Unknown // it may be that one
			}
		}
	}
	return probe.Unknown
}

// hasOpen tells whether a process has a descriptor of what link names; seen is false where it lives and cannot be looked into.
func hasOpen(pid int, link string) (has, seen bool) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	list, err := os.ReadDir(dir)
	if err != nil {
		return false, os.IsNotExist(err)
	}
	for _, e := range list {
		if to, _ := os.Readlink(dir + "/" + e.Name()); to == link {
			return true, true
		}
	}
	return false, true
}

// treesOf are the processes of each of some lives.
func treesOf(roots []int) [][]int {
	out := make([][]int, len(roots))
	var parents map[int]int
	for i, root := range roots {
		if pids, ok := cgroupOf(root); ok {
			out[i] = pids
			continue
		}
		if parents == nil {
			parents = map[int]int{}
			for _, p := range processes() {
				parents[p.pid] = p.parent
			}
		}
		for pid := range parents {
			for at, n := pid, 0; at > 1 && n < 64; at, n = parents[at], n+1 {
				if at == root {
					out[i] = append(out[i], pid)
					break
				}
			}
		}
	}
	return out
}

// farInode is the number of the socket at the other end of a connection on this machine; 0: nobody has taken it yet.
func farInode(c net.Conn) (inode uint32, known bool) {
	switch c := c.(type) {
	case *net.TCPConn:
		return tcpInode(addrPort(c.RemoteAddr()), addrPort(c.LocalAddr()))
	case *net.UnixConn:
		return unixInode(c)
	}
	return 0, false
}

func addrPort(a net.Addr) netip.AddrPort {
	at, _ := netip.ParseAddrPort(a.String())
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// tcpInode asks for the socket at one end of a TCP connection: sock_diag(7), inet_diag_req_v2.
func tcpInode(at, from netip.AddrPort) (uint32, bool) {
	if !at.IsValid() || !from.IsValid() {
		return 0, false
	}
	req := make([]byte, 56)
	req[0], req[1] = unix.AF_INET, unix.IPPROTO_TCP
	if at.Addr().Is6() {
		req[0] = unix.AF_INET6
	}
	binary.NativeEndian.PutUint32(req[4:], ^uint32(0))
	binary.BigEndian.PutUint16(req[8:], at.Port())
	binary.BigEndian.PutUint16(req[10:], from.Port())
	copy(req[12:28], at.Addr().AsSlice())
	copy(req[28:44], from.Addr().AsSlice())
	binary.NativeEndian.PutUint64(req[48:], ^uint64(0)) // any cookie
	msg, ok := askKernel(req)
	const established = 1
	if !ok || len(msg) < 72 || msg[1] != established {
		return 0, false
	}
	return binary.NativeEndian.Uint32(msg[68:]), true
}

// unixInode asks for the socket at the other end of c: unix_diag_req, whose answer has an attribute for it.
func unixInode(c *net.UnixConn) (inode uint32, known bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var st unix.Stat_t
	if cerr := raw.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &st) }); cerr != nil || err != nil {
		return 0, false
	}
	const showPeer, peerAttr, head = 4, 2, 16
	req := make([]byte, 24)
	req[0] = unix.AF_UNIX
	binary.NativeEndian.PutUint32(req[4:], ^uint32(0))
	binary.NativeEndian.PutUint32(req[8:], uint32(st.Ino))
	binary.NativeEndian.PutUint32(req[12:], showPeer)
	binary.NativeEndian.PutUint64(req[16:], ^uint64(0))
	msg, ok := askKernel(req)
	if !ok || len(msg) < head {
		return 0, false
	}
	for b := msg[head:]; len(b) >= 8; {
		n := int(binary.NativeEndian.Uint16(b))
		if n < 8 || n > len(b) {
			break
		}
		if binary.NativeEndian.Uint16(b[2:]) == peerAttr {
			return binary.NativeEndian.Uint32(b[4:]), true
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return 0, false
}

// askKernel asks about one socket, and returns the body of the answer; ok is false where there is none.
func askKernel(req []byte) (msg []byte, ok bool) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, false
	}
	defer unix.Close(fd)
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 200_000})
	const byFamily = 20
	b := make([]byte, unix.NLMSG_HDRLEN, unix.NLMSG_HDRLEN+len(req))
	binary.NativeEndian.PutUint32(b, uint32(unix.NLMSG_HDRLEN+len(req)))
	binary.NativeEndian.PutUint16(b[4:], byFamily)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST)
	if err := unix.Sendto(fd, append(b, req...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, false
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil || n < unix.NLMSG_HDRLEN || binary.NativeEndian.Uint16(answer[4:]) != byFamily {
		return nil, false
	}
	return answer[unix.NLMSG_HDRLEN:n], true
}
