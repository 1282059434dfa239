package local

import (
	"fmt"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalNumber is the number of a name with SIG.
func signalNumber(name string) (syscall.Signal, error) {
	if n := unix.SignalNum(name); n != 0 {
		return n, nil
	}
	return 0, fmt.Errorf("find signal %q: unknown on this system", name)
}

// signalName is the name with SIG, or SIG and its number.
func signalName(s syscall.Signal) string {
	if n := unix.SignalName(s); n != "" {
		return n
	}
	return "SIG" + strconv.Itoa(int(s))
}
