package keeper

import "golang.org/x/sys/unix"

// runWatch is a descriptor of the run folder, of which kqueue tells changes.
type runWatch int

func (w runWatch) wake(k *keeper, _ ready) { k.runChanged() }

// watchRun begins to watch the run folder as it is now. Without it nothing else changes.
func (k *keeper) watchRun() {
	if k.runWatch > 0 {
		delete(k.sources, k.runWatch)
		unix.Close(k.runWatch)
		k.runWatch = 0
	}
	fd, err := unix.Open(k.opt.Run, unix.O_EVTONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	const gone = unix.NOTE_DELETE | unix.NOTE_RENAME | unix.NOTE_WRITE
	if k.ctl.change(fd, unix.EVFILT_VNODE, unix.EV_ADD|unix.EV_CLEAR, gone) != nil {
		unix.Close(fd)
		return
	}
	k.runWatch = fd
	k.sources[fd] = runWatch(fd)
	if k.bereft() {
		k.runChanged()
	}
}

// openUnnamed cannot be done here: a FIFO without a name cannot be opened.
func (k *keeper) openUnnamed(*life, *stream) error { return unix.ENOENT }
