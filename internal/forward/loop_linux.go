package forward

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// A loop carries its share of the connections, on one goroutine: what it does never waits but in epoll_wait.
type loop struct {
	f      *Forwarder
	ep     int
	wake   int // an eventfd: the table is another, or it is over
	listen int // -1: it takes no more
	over   atomic.Bool

	taking  bool
	sides   map[int]*side // by descriptor
	waiting []*pair       // that were taken and have no target
	dead    []int         // to be closed once every event of a wait was looked at: none may be taken for one of a new descriptor
	buf     [64 << 10]byte
}

// poke has the loop look at the table. It does not wait.
func (lo *loop) poke() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(lo.wake, one[:]) // one that is full wakes as well
}

// newLoop takes over the descriptor of the listening socket.
func newLoop(f *Forwarder, listen int) (*loop, error) {
	lo := &loop{f: f, listen: listen, sides: map[int]*side{}}
	inherited(listen)
	var err error
	if lo.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err == nil {
		lo.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	}
	if err == nil {
		err = unix.EpollCtl(lo.ep, unix.EPOLL_CTL_ADD, lo.wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(lo.wake)})
	}
	if err != nil {
		return nil, fmt.Errorf("make a loop: %w", err)
	}
	return lo, nil
}

// inherited sets what the connections of a listening socket have from it: what is written is sent at once, and a client that is
// gone without a word is found within a few minutes. A socket that is a file has nothing of the kind.
func inherited(listen int) {
	for _, o := range []struct{ level, option, value int }{
		{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60}, {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
	} {
		_ = unix.SetsockoptInt(listen, o.level, o.option, o.value)
	}
}

// run goes on until it is over and the last connection has ended.
func (lo *loop) run() {
	defer unix.Close(lo.ep)
	defer unix.Close(lo.wake)
	var events [128]unix.EpollEvent
	for {
		lo.look()
		lo.bury()
		if lo.over.Load() && len(lo.sides) == 0 {
			return
		}
		n, err := unix.EpollWait(lo.ep, events[:], lo.pause())
		if err != nil && !errors.Is(err, unix.EINTR) {
			panic("forward: epoll_wait: " + err.Error()) // its own descriptor: it is a bug
		}
		for _, e := range events[:max(n, 0)] {
			lo.happened(int(e.Fd), e.Events)
		}
	}
}

func (lo *loop) bury() {
	for _, fd := range lo.dead {
		unix.Close(fd)
	}
	lo.dead = lo.dead[:0]
}

// gone lets go of a descriptor.
func (lo *loop) gone(s *side) {
	if s.fd >= 0 {
		delete(lo.sides, s.fd)
		lo.dead = append(lo.dead, s.fd)
		s.fd = -1
	}
}

// pause is how long nothing has to be looked at, in ms; -1: for ever.
func (lo *loop) pause() int {
	if len(lo.waiting) == 0 {
		return -1
	}
	return int(dialAgain / time.Millisecond)
}

// look does what the table says: who waits is tried again, and the socket is listened at as long as a connection would have
// somewhere to go.
func (lo *loop) look() {
	for _, p := range lo.retried() {
		p.reach()
	}
	want := !lo.over.Load() && lo.f.takes()
	switch {
	case lo.listen < 0 || want == lo.taking && !lo.over.Load():
		return
	case want:
		lo.control(unix.EPOLL_CTL_ADD, lo.listen, unix.EPOLLIN|unix.EPOLLEXCLUSIVE)
	case lo.taking:
		lo.control(unix.EPOLL_CTL_DEL, lo.listen, 0)
	}
	if lo.taking = want; lo.over.Load() {
		unix.Close(lo.listen)
		lo.listen = -1
	}
}

// retried empties the list of those that wait.
func (lo *loop) retried() []*pair {
	w := lo.waiting
	lo.waiting = nil
	return w
}

func (lo *loop) control(op, fd int, events uint32) {
	_ = unix.EpollCtl(lo.ep, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}) // a descriptor of ours; what it cannot be told it tells by its next call
}

func (lo *loop) happened(fd int, events uint32) {
	switch s := lo.sides[fd]; {
	case fd == lo.wake:
		var b [8]byte
		_, _ = unix.Read(fd, b[:])
	case fd == lo.listen:
		lo.accept()
	case s != nil: // else it was closed since
		s.happened(events)
	}
}

// atOnce is how many connections are taken before those that are there have their turn.
const atOnce = 16

func (lo *loop) accept() {
	for range atOnce {
		fd, _, err := unix.Accept4(lo.listen, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			if err == unix.EMFILE || err == unix.ENFILE || err == unix.ENOMEM {
				time.Sleep(dialAgain) // it would be told of again and again
			}
			return
		}
		p := &pair{lo: lo}
		p.a = side{p: p, fd: fd, peer: &p.b}
		p.b = side{p: p, fd: -1, peer: &p.a}
		lo.sides[fd] = &p.a
		p.reach()
	}
}
