package service

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// background makes the calling goroutine give way to everything else on the processor, for good: its thread is its own
// from now on, and ends with it.
func background() {
	runtime.LockOSThread()
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19)
}
