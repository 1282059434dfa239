package home

import (
	"time"

	"golang.org/x/sys/unix"
)

// booted is when this machine came up.
func booted() (time.Time, error) {
	at, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(at.Unix()), nil
}
