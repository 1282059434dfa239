package keeper

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// reclaim takes a socket back from a program of ours that was given it by a keeper that died, without a word to the program;
// -1 where there is none, or where the system keeps others from looking into it (kernel.yama.ptrace_scope, before Linux 5.6).
func (k *keeper) reclaim(s Socket) int {
	for _, l := range k.order {
		if l.state == Exited || l.listens(s.Addr) < 0 || l.pidfd < 0 {
			continue
		}
		for _, n := range socketsOf(l.pid) { // it may have moved it
			if fd := takeFrom(l.pidfd, n, s.Addr); fd >= 0 {
				return fd
			}
		}
	}
	return -1
}

// takeFrom copies a descriptor of a process, if it is a socket that listens on addr.
func takeFrom(pidfd, n int, addr string) int {
	fd, err := unix.PidfdGetfd(pidfd, n, 0)
	if err != nil {
		return -1
	}
	if !listensAt(fd, addr) {
		unix.Close(fd)
		return -1
	}
	return fd
}

// socketsOf are the descriptors of a process that are sockets; a few hundred at most.
func socketsOf(pid int) (out []int) {
	dir, err := os.Open("/proc/" + itoa(pid) + "/fd")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(512)
	for _, name := range names {
		to, _ := os.Readlink("/proc/" + itoa(pid) + "/fd/" + name)
		if n, err := strconv.Atoi(name); err == nil && strings.HasPrefix(to, "socket:") {
			out = append(out, n)
		}
	}
	return out
}
