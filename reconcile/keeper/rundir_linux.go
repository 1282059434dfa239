package keeper

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// runWatch is an inotify descriptor on the run folder.
type runWatch int

func (w runWatch) wake(k *keeper, _ ready) {
	for {
		if n, err := unix.Read(int(w), k.scratch()); err != nil || n <= 0 {
			break
		}
	}
	k.runChanged()
}

// watchRun begins to watch the run folder as it is now. Without it nothing else changes.
func (k *keeper) watchRun() {
	if k.runWatch > 0 {
		k.forgetFd(k.runWatch)
		k.runWatch = 0
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return
	}
	const gone = unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF
	if _, err := unix.InotifyAddWatch(fd, k.opt.Run, gone); err != nil {
		unix.Close(fd)
		return
	}
	k.runWatch = fd
	k.watchFd(fd, runWatch(fd))
	if k.bereft() {
		k.runChanged()
	}
}

// openUnnamed opens the read end of a FIFO whose name is gone: its own program, which must be proven to be the one,
// still has it as its stdout or stderr.
func (k *keeper) openUnnamed(l *life, s *stream) error {
	n := 1
	if s == &l.err {
		n = 2
	}
	link := "/proc/" + strconv.Itoa(l.pid) + "/fd/" + strconv.Itoa(n)
	var to [4096]byte
	got, err := unix.Readlink(link, to[:])
	if err != nil {
		return err
	}
	if name, gone := strings.CutSuffix(string(to[:got]), " (deleted)"); !gone || !strings.HasSuffix(name, "/fifo/"+s.fifo) {
		return unix.ENOENT
	}
	fd, err := unix.Open(link, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return k.attach(s, fd)
}
