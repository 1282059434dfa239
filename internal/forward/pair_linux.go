package forward

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// A pair is a connection of a client, and that to the program which it is passed on to.
type pair struct {
	lo    *loop
	a, b  side // the client's, the program's; b.fd is -1 before there is one
	life  string
	tried map[string]bool
	end   time.Time // when it has waited too long; zero: it did not wait yet
}

// A side is one of the two: what comes from it goes to its peer.
type side struct {
	p      *pair
	fd     int
	peer   *side
	events uint32 // that epoll tells of
	eof    bool   // all that comes from it was read
	dials  bool   // it is not connected yet

	out  []byte // read from the peer, and not written to it yet
	pipe *pipe  // what comes from it goes through here, once that is much
}

// reach connects to a target, or has the pair wait for one.
func (p *pair) reach() {
	for {
		to, changed, ok := p.lo.f.reserve(p.tried)
		if !ok {
			p.wait(changed != nil)
			return
		}
		p.life = to.Life
		switch err := p.dial(to.Addr); err {
		case nil:
			p.join()
			return
		case unix.EINPROGRESS:
			p.b.dials = true
			p.b.hear(unix.EPOLLOUT)
			return
		}
		p.refused()
	}
}

// refused gives the target up: nothing was sent, the next may have it.
func (p *pair) refused() {
	p.lo.gone(&p.b)
	p.b = side{p: p, fd: -1, peer: &p.a}
	p.lo.f.release(p.life)
	if p.tried == nil {
		p.tried = map[string]bool{}
	}
	p.tried[p.life] = true
}

// wait puts the pair into the row of those that are tried again; without hope, or after long enough, it is reset.
func (p *pair) wait(hope bool) {
	now := time.Now()
	if p.end.IsZero() {
		p.end = now.Add(waitMost)
	}
	if !hope || now.After(p.end) || p.lo.over.Load() {
		p.life = ""
		p.broken()
		return
	}
	clear(p.tried)
	p.lo.waiting = append(p.lo.waiting, p)
}

// dial begins a connection; EINPROGRESS: it is told of when it is there.
func (p *pair) dial(addr string) error {
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	family, sa := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()})
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	p.b.fd = fd
	p.lo.sides[fd] = &p.b
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err = unix.Connect(fd, sa); err != unix.EINPROGRESS {
		return err
	}
	ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}} // over the loopback it is there at once, nearly always
	switch n, _ := unix.Poll(ready, 0); {
	case n == 1 && ready[0].Revents == unix.POLLOUT:
		return nil
	case n == 1:
		return connected(fd)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_SYNCNT, syns)
	return unix.EINPROGRESS
}

// connected is how a connection attempt has ended.
func connected(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && n != 0 {
		err = unix.Errno(n)
	}
	return err
}

// join begins to pass on.
func (p *pair) join() {
	p.tried = nil
	p.a.hear(unix.EPOLLIN)
	p.b.hear(unix.EPOLLIN)
	p.a.read() // what a client asks is there by now, nearly always
}

// closed ends a pair of which both directions are done.
func (p *pair) closed() {
	for _, s := range []*side{&p.a, &p.b} {
		if s.pipe != nil {
			s.pipe.close()
		}
		p.lo.gone(s)
	}
	if p.life != "" {
		p.lo.f.release(p.life)
		p.life = ""
	}
}

// broken ends a pair such that both sides see that it broke: what was cut off must not look whole.
func (p *pair) broken() {
	for _, s := range []*side{&p.a, &p.b} {
		if s.fd >= 0 {
			_ = unix.SetsockoptLinger(s.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		}
	}
	p.closed()
}
