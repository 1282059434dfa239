package service

import (
	"runtime"

	"golang.org/x/sys/unix"
)

const (
	prioDarwinThread = 3
	prioDarwinBG     = 0x1000
)

// background makes the calling goroutine give way to everything else on the processor, for good: its thread is its own
// from now on, and ends with it.
func background() {
	runtime.LockOSThread()
	_ = unix.Setpriority(prioDarwinThread, 0, prioDarwinBG)
}
