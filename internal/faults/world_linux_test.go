package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
