package keeper

import (
	"time"

	"golang.org/x/sys/unix"
)

// ready says that something came for what was added under tok.
type ready struct {
	tok              int
	read, write, hup bool
	status           int // of a process's end, where the poller itself knows it
	hasStatus        bool
}

// A poller tells which descriptors are ready: kqueue here, epoll on Linux. Level-triggered.
type poller struct {
	fd  int
	buf [64]unix.Kevent_t
}

// noteExitStatus is NOTE_EXITSTATUS: the kernel puts the wait status into data, for any process that we may signal.
const noteExitStatus = 0x04000000

func newPoller() (*poller, error) {
	fd, err := unix.Kqueue()
	if err == nil {
		unix.CloseOnExec(fd)
	}
	return &poller{fd: fd}, err
}

func (p *poller) change(ident, filter, flags int, fflags uint32) error {
	var ev unix.Kevent_t
	unix.SetKevent(&ev, ident, filter, flags)
	ev.Fflags = fflags
	_, err := unix.Kevent(p.fd, []unix.Kevent_t{ev}, nil, nil)
	return err
}

// add begins to watch fd for reading. The token is fd.
func (p *poller) add(fd int) error { return p.change(fd, unix.EVFILT_READ, unix.EV_ADD, 0) }

// wantWrite turns waiting for room on fd, which was added, on or off.
func (p *poller) wantWrite(fd int, on bool) {
	flags := unix.EV_DELETE
	if on {
		flags = unix.EV_ADD
	}
	p.change(fd, unix.EVFILT_WRITE, flags, 0)
}

// onlyHup has no meaning here: a process's end is told once.
func (p *poller) onlyHup(int) {}

func (p *poller) drop(fd int) {
	p.change(fd, unix.EVFILT_READ, unix.EV_DELETE, 0)
	p.change(fd, unix.EVFILT_WRITE, unix.EV_DELETE, 0)
}

// addProcess begins to watch for the end of a process. It returns the token.
func (p *poller) addProcess(pid, _ int) (int, error) {
	return -pid, p.change(pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT, unix.NOTE_EXIT|noteExitStatus)
}

func (p *poller) dropProcess(tok int) { p.change(-tok, unix.EVFILT_PROC, unix.EV_DELETE, 0) }

// take appends what is ready now to out. It never waits.
func (p *poller) take(out []ready) []ready {
	n, err := unix.Kevent(p.fd, nil, p.buf[:], &unix.Timespec{})
	if err != nil {
		return out
	}
	for _, e := range p.buf[:n] {
		r := ready{tok: int(e.Ident), hup: e.Flags&unix.EV_EOF != 0}
		switch e.Filter {
		case unix.EVFILT_READ:
			r.read = true
		case unix.EVFILT_WRITE:
			r.write = true
		case unix.EVFILT_PROC:
			r.tok, r.hasStatus, r.status = -int(e.Ident), true, int(e.Data)
		}
		out = append(out, r)
	}
	return out
}

// await waits until one of the pollers has something, or d has passed; a negative d waits for ever.
func await(d time.Duration, pollers ...*poller) {
	var set unix.FdSet
	most := 0
	for _, p := range pollers {
		set.Set(p.fd) // they are opened first, so their numbers are small
		most = max(most, p.fd)
	}
	var tv *unix.Timeval
	if d >= 0 {
		t := unix.NsecToTimeval(int64(d))
		tv = &t
	}
	unix.Select(most+1, &set, nil, nil, tv)
}
