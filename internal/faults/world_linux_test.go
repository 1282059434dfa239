package faults

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// exactStrangers says that this kernel tells how a process ended that is not one's child: Linux 6.15 does.
var exactStrangers = kernel() >= 6015

// kernel is the version: 6018 is 6.18.
func kernel() int {
	var u unix.Utsname
	var major, minor int
	_ = unix.Uname(&u)
	_, _ = fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &major, &minor)
	return major*1000 + minor
}

// holds is how many FIFOs of this home a process has open.
func (w *world) holds(pid int) (n int) {
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	fifos, _ := filepath.EvalSymlinks(w.home + "/run/fifo")
	for _, fd := range fds {
		if to, _ := os.Readlink(fd); strings.HasPrefix(to, fifos) {
			n++
		}
	}
	return n
}

func segmentsOf(dir string) []string { names, _ := filepath.Glob(dir + "/@*.log"); return names }

// killDaemon ends the daemon and waits until another one answers.
func (w *world) killDaemon() {
	w.Helper()
	old := w.daemon()
	kill(old)
	w.until("another daemon", func() bool { now := w.daemon(); return now != 0 && now != old })
}

// cpu is how much processor time a process has used.
func cpu(pid int) time.Duration {
	b := read(fmt.Sprintf("/proc/%d/stat", pid))
	f := strings.Fields(b[strings.LastIndexByte(b, ')')+1:])
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// descriptors is how many files a process has open.
func descriptors(pid int) int {
	d, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(d)
}

func ignore() { signal.Ignore(syscall.SIGTERM) }
