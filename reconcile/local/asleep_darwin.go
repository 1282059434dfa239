package local

import (
	"time"

	"golang.org/x/sys/unix"
)

// Asleep is how long the machine has slept since it was booted. Setting the clock does not change it.
func Asleep() time.Duration { return apart(unix.CLOCK_MONOTONIC_RAW, unix.CLOCK_UPTIME_RAW) }
