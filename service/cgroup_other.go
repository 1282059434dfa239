//go:build !linux

package service

// cgroupDir tells that there is none.
func cgroupDir(int) string { return "" }

// cgroupOf tells that there are no cgroups here.
func cgroupOf(int) (pids []int, ok bool) { return nil, false }
