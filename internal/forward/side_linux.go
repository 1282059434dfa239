package forward

import "golang.org/x/sys/unix"

// hear has epoll tell of these events, and of no other. A side of which nothing is to be heard is not there at all, or its end
// would be told again and again.
func (s *side) hear(events uint32) {
	op := unix.EPOLL_CTL_MOD
	switch {
	case events == s.events:
		return
	case s.events == 0:
		op = unix.EPOLL_CTL_ADD
	case events == 0:
		op = unix.EPOLL_CTL_DEL
	}
	s.events = events
	s.p.lo.control(op, s.fd, events)
}

func (s *side) happened(events uint32) {
	switch {
	case s.fd < 0:
	case s.dials:
		s.dialled()
	case events&unix.EPOLLERR != 0:
		s.p.broken()
	case events&unix.EPOLLOUT != 0 && !s.flush():
	case events&(unix.EPOLLIN|unix.EPOLLHUP) != 0 && s.fd >= 0 && s.events&unix.EPOLLIN != 0:
		s.read()
	}
}

// dialled goes on where a connection attempt has ended.
func (s *side) dialled() {
	if s.dials = false; connected(s.fd) == nil {
		s.hear(0)
		s.p.join()
		return
	}
	s.p.refused()
	s.p.reach()
}

// read passes on what has come from s.
func (s *side) read() {
	if s.pipe != nil {
		s.splice()
		return
	}
	buf := s.p.lo.buf[:]
	n, err := unix.Read(s.fd, buf)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
	case err != nil:
		s.p.broken()
	case n == 0:
		s.ended()
	default:
		s.pass(buf[:n])
	}
}

// pass writes to the peer. What that does not take yet is kept, and nothing more is read until it has.
func (s *side) pass(b []byte) {
	n, err := unix.Write(s.peer.fd, b)
	if err == unix.EAGAIN || err == unix.EINTR {
		n, err = 0, nil
	}
	switch {
	case err != nil:
		s.p.broken()
	case n < len(b):
		s.peer.out = append(s.peer.out, b[n:]...)
		s.hold()
	case len(b) == len(s.p.lo.buf):
		s.pipe, _ = newPipe() // without one it goes on as it is
	}
}

// hold waits until the peer takes more.
func (s *side) hold() {
	s.hear(s.events &^ unix.EPOLLIN)
	s.peer.hear(s.peer.events | unix.EPOLLOUT)
}

// flush writes what s is owed; false: not all of it yet, or it broke.
func (s *side) flush() bool {
	for len(s.out) > 0 {
		n, err := unix.Write(s.fd, s.out)
		switch {
		case err == unix.EAGAIN:
			return false
		case err != nil && err != unix.EINTR:
			s.p.broken()
			return false
		}
		s.out = s.out[max(n, 0):]
	}
	if s.out = nil; s.peer.pipe != nil && !s.peer.pour() {
		return false
	}
	s.hear(s.events &^ unix.EPOLLOUT)
	if s.peer.eof {
		s.shut()
		return s.fd >= 0
	}
	s.peer.hear(s.peer.events | unix.EPOLLIN)
	return true
}

// ended: nothing more comes from s. Its peer is told once it has all.
func (s *side) ended() {
	s.eof = true
	if owed := len(s.peer.out) > 0 || s.pipe != nil && s.pipe.held > 0; !owed {
		s.peer.shut()
	}
	if s.fd >= 0 {
		s.hear(s.events &^ unix.EPOLLIN)
	}
}

// shut tells s that nothing more comes, which ends the pair where nothing comes from it either.
func (s *side) shut() {
	if s.eof && len(s.peer.out) == 0 && (s.pipe == nil || s.pipe.held == 0) {
		s.p.closed()
		return
	}
	_ = unix.Shutdown(s.fd, unix.SHUT_WR) // if it broke, it says so
}
