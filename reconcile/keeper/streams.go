package keeper

import (
	"syscall"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// takeStore returns the one store of a folder. Two lives of an instance may write to it for a while.
func (k *keeper) takeStore(dir string) *store {
	st := k.stores[dir]
	if st == nil {
		st = &store{dir: dir, fd: -1, idx: -1}
		if p := k.kept[st.path()]; p != nil {
			delete(k.kept, st.path())
			p.replayInto(st)
		}
		k.stores[dir] = st
	}
	st.refs++
	return st
}

// replayInto gives a store the page that a dead keeper could not write.
func (p *spill) replayInto(st *store) {
	data, _, before := p.held()
	var at unix.Stat_t
	p.done = 0
	if unix.Lstat(st.path(), &at) == nil && at.Size > before {
		p.done = int(min(at.Size-before, int64(len(data))))
	}
	p.got(len(data))
	st.page = p
	if unix.Lstat(st.path(), &at) == nil && at.Size > before {
		p.done = int(min(at.Size-before, int64(len(data))))
	}
}

func (k *keeper) releaseStore(s *stream) {
	st := s.store
	s.store, s.dir = nil, ""
	if st != nil {
		k.giveStore(st)
	}
}

// giveStore ends one use of a store.
func (k *keeper) giveStore(st *store) {
	if st.refs--; st.refs > 0 {
		return
	}
	if st.page != nil {
		k.kept[st.path()] = st.page
	}
	st.close()
	delete(k.stores, st.dir)
}

func (k *keeper) fifoPath(s *stream) string { return k.opt.fifos() + "/" + s.fifo }

// openStream opens the read end and begins to watch it.
func (k *keeper) openStream(s *stream) error {
	if s.fifo == "" {
		return syscall.ENOENT
	}
	fd, err := unix.Open(k.fifoPath(s), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		unix.Close(fd)
		return syscall.EINVAL
	}
	return k.attach(s, fd)
}

func (k *keeper) attach(s *stream, fd int) error {
	s.fd, s.size, s.full, s.stalled = fd, pipeSize(fd), 0, 0
	k.streams[fd] = s
	return k.pump.add(fd)
}

// closeStream stops reading; the FIFO stays.
func (k *keeper) closeStream(s *stream) {
	if s.fd >= 0 {
		if s.stalled == 0 && !s.hot {
			k.pump.drop(s.fd)
		}
		k.cool(s)
		delete(k.streams, s.fd)
		unix.Close(s.fd)
		s.fd = -1
	}
	k.releaseStore(s)
}

// endStream is called once nobody can write to a stream any more.
func (k *keeper) endStream(s *stream) {
	k.closeStream(s)
	if l := s.life; l.state == Exited {
		k.removeFifo(s)
		k.settle(l)
	}
}

// removeFifo takes the FIFO of a stream that nobody holds any more away: some are kept as spares for later lives,
// because making an inode is dear on ext4 while many were deleted lately, and a rename is not.
func (k *keeper) removeFifo(s *stream) {
	switch {
	case s.fifo == "":
		return
	case len(k.spareFifos) < spareFifosMost:
		k.spareFifos = append(k.spareFifos, k.fifoPath(s))
	default:
		unix.Unlink(k.fifoPath(s))
	}
	s.fifo = ""
}

// spareFifosMost is how many FIFOs without a life may lie on the disk.
const spareFifosMost = 256

// makeFifo makes a FIFO at path, of a spare one if there is any.
func (k *keeper) makeFifo(path string) error {
	if n := len(k.spareFifos); n > 0 {
		spare := k.spareFifos[n-1]
		k.spareFifos = k.spareFifos[:n-1]
		if unix.Rename(spare, path) == nil {
			return nil
		}
	}
	return unix.Mkfifo(path, 0o600)
}

// makeStream makes the FIFO of a new life and returns the end that the program gets: it holds both ends, so that
// it never finds itself without a reader, whoever dies.
func (k *keeper) makeStream(s *stream) (app int, err error) {
	path := k.fifoPath(s)
	err = k.makeFifo(path)
	failpoint.Here("keeper.fifo.made")
	if err == unix.ENOENT { // someone removed the folder
		k.remakeFifos()
		err = unix.Mkfifo(path, 0o600)
	}
	if err == unix.EEXIST { // of a life whose record was lost; nobody has this name now
		unix.Unlink(path)
		err = unix.Mkfifo(path, 0o600)
	}
	if err != nil {
		return -1, err
	}
	if err = k.openStream(s); err != nil {
		return -1, err
	}
	return unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
}
