//go:build !linux

package service

// atRest: there is no cheap way to tell, so a young life is waited for.
func atRest(int) (ran uint64, asleep bool) { return 0, false }
