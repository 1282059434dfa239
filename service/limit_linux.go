package service

import "golang.org/x/sys/unix"

// limitMemory bounds what this process may allocate. Beyond it, it dies.
func limitMemory(most uint64) {
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most})
}
