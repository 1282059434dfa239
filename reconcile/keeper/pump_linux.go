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

// peek says whether a FIFO holds nothing, and whether nobody can write to it either. It takes nothing out: tee(2) is
// the only call that tells the end of a FIFO, opened after its last writer left, and consumes nothing.
func (k *keeper) peek(fd int) (empty, end bool) {
	if n, err := unix.IoctlGetInt(fd, fionread); err != nil || n > 0 {
		return false, false
	}
	if k.pump.tee[1] == 0 && unix.Pipe2(k.pump.tee[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return false, false
	}
	n, err := unix.Tee(fd, k.pump.tee[1], 1, unix.SPLICE_F_NONBLOCK)
	if n > 0 {
		var b [1]byte
		unix.Read(k.pump.tee[0], b[:])
		return false, false
	}
	return true, err == nil
}
