package keeper

import "golang.org/x/sys/unix"

const fionread = unix.TIOCINQ

// spliceSlice moves bytes inside the kernel: there is no moment at which a kill could lose or double one.
func spliceSlice(from, to, most int) (int64, error) {
	return unix.Splice(from, nil, to, nil, most, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
}

// setPipeSize may be refused beyond the user's share of pipe memory; the pipe then stays as it is.
func setPipeSize(fd, size int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, size)
	return err == nil
}

func pipeSize(fd int) int {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil || n <= 0 {
		return pipeSmall
	}
	return n
}
