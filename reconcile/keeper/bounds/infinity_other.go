//go:build !linux

package bounds

// infinity is RLIM_INFINITY.
const infinity = 1<<63 - 1
