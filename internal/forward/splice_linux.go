package forward

import "golang.org/x/sys/unix"

// A pipe carries what comes from one side to the other inside the kernel.
type pipe struct {
	in, out int
	held    int // bytes within
}

// mostHeld is what a pipe takes at once, where the system lets it; else it takes what it has, 64 KiB.
const mostHeld = 256 << 10

func newPipe() (*pipe, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, err
	}
	_, _ = unix.FcntlInt(uintptr(fds[1]), unix.F_SETPIPE_SZ, mostHeld)
	return &pipe{in: fds[1], out: fds[0]}, nil
}

func (p *pipe) close() {
	unix.Close(p.in)
	unix.Close(p.out)
}

const moving = unix.SPLICE_F_MOVE | unix.SPLICE_F_NONBLOCK

// splice passes on what has come from s.
func (s *side) splice() {
	n, err := unix.Splice(s.fd, nil, s.pipe.in, nil, mostHeld, moving)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil:
		s.p.broken()
		return
	case n == 0:
		s.ended()
		return
	}
	s.pipe.held += int(n)
	if !s.pour() && s.fd >= 0 {
		s.hold()
	}
}

// pour empties the pipe of s into its peer; false: not all of it yet, or it broke.
func (s *side) pour() bool {
	for s.pipe.held > 0 {
		n, err := unix.Splice(s.pipe.out, nil, s.peer.fd, nil, s.pipe.held, moving)
		switch {
		case err == unix.EAGAIN:
			return false
		case err == unix.EINTR:
		case err != nil:
			s.p.broken()
			return false
		default:
			s.pipe.held -= int(n)
		}
	}
	return true
}
