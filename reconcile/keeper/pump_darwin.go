package keeper

import (
	"syscall"

	"golang.org/x/sys/unix"
)

const fionread = 0x4004667f // FIONREAD

func spliceSlice(int, int, int) (int64, error) { return 0, syscall.ENOSYS }

func setPipeSize(int, int) bool { return false }

// pipeSize is PIPSIZ.
func pipeSize(int) int { return 8192 }

// peek says whether a FIFO holds nothing, and whether nobody can write to it either. It takes nothing out.
func (k *keeper) peek(fd int) (empty, end bool) {
	if n, err := unix.IoctlGetInt(fd, fionread); err != nil || n > 0 {
		return false, false
	}
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	unix.Poll(p, 0)
	return p[0].Revents&unix.POLLIN == 0 || p[0].Revents&unix.POLLHUP != 0, p[0].Revents&unix.POLLHUP != 0
}
