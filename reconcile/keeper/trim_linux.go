package keeper

import (
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropText unmaps the resident pages of what is mapped from our own program and cannot be written: none of it is lost.
func dropText() {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(maps)) {
		if strings.HasSuffix(strings.TrimSpace(line), exe) {
			dropPages(line)
		}
	}
}

// dropPages drops the pages of one line of /proc/self/maps, if nobody can have written to them.
func dropPages(line string) {
	f := strings.Fields(line)
	if len(f) < 2 || f[1][0] != 'r' || f[1][1] == 'w' {
		return
	}
	from, to, _ := strings.Cut(f[0], "-")
	a, err1 := strconv.ParseUint(from, 16, 64)
	b, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil || b <= a {
		return
	}
	at := *(*unsafe.Pointer)(unsafe.Pointer(&a)) // an address of no Go object
	_ = unix.Madvise(unsafe.Slice((*byte)(at), b-a), unix.MADV_DONTNEED)
}
