//go:build !linux

package service

// cgroupOf tells that there are no cgroups here.
func cgroupOf(int) (pids []int, ok bool) { return nil, false }
