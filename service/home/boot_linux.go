package home

import (
	"time"

	"golang.org/x/sys/unix"
)

// booted is when this machine came up, by the boot clock: it counts the time asleep too.
func booted() (time.Time, error) {
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return time.Time{}, err
	}
	return time.Now().Round(0).Add(-time.Duration(up.Nano())), nil
}
