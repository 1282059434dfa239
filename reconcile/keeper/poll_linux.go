package keeper

import (
	"time"

	"golang.org/x/sys/unix"
)

// ready says that something came for what was added under tok.
type ready struct {
	tok              int
	read, write, hup bool
}

// A poller tells which descriptors are ready: epoll here, kqueue on macOS. Level-triggered.
type poller struct {
	tee [2]int // a pipe into which the pump looks ahead
	fd  int
	buf [64]unix.EpollEvent
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return &poller{fd: fd}, err
}

// add begins to watch fd for reading. The token is fd.
func (p *poller) add(fd int) error {
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// wantWrite turns waiting for room on fd, which was added, on or off.
func (p *poller) wantWrite(fd int, on bool) {
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	if on {
		ev.Events |= unix.EPOLLOUT
	}
	unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &ev)
}

// onlyHup leaves nothing but the very end of fd to be told: of a pidfd, that the process was reaped.
func (p *poller) onlyHup(fd int) {
	unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Fd: int32(fd)})
}

func (p *poller) drop(fd int) { unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil) }

// addProcess begins to watch for the end of a process. It returns the token.
func (p *poller) addProcess(_, pidfd int) (int, error) { return pidfd, p.add(pidfd) }

func (p *poller) dropProcess(tok int) { p.drop(tok) }

// take appends what is ready now to out. It never waits.
func (p *poller) take(out []ready) []ready {
	n, err := unix.EpollWait(p.fd, p.buf[:], 0)
	if err != nil {
		return out
	}
	for _, e := range p.buf[:n] {
		out = append(out, ready{tok: int(e.Fd), read: e.Events&unix.EPOLLIN != 0, write: e.Events&unix.EPOLLOUT != 0,
			hup: e.Events&(unix.EPOLLHUP|unix.EPOLLERR) != 0})
	}
	return out
}

// await waits until one of the pollers has something, or d has passed; a negative d waits for ever.
func await(d time.Duration, pollers ...*poller) {
	var fds [2]unix.PollFd
	for i, p := range pollers {
		fds[i] = unix.PollFd{Fd: int32(p.fd), Events: unix.POLLIN}
	}
	var ts *unix.Timespec
	if d >= 0 {
		t := unix.NsecToTimespec(int64(d))
		ts = &t
	}
	unix.Ppoll(fds[:len(pollers)], ts, nil)
}
