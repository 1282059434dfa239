package keeper

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// A stream is a life's stdout or stderr on its way from the FIFO into the store.
type stream struct {
	life  *life
	fifo  string // name in run/fifo; "" once it is gone
	fd    int    // read end; -1: at its end, or not open
	store *store // nil: bytes are dropped, or none came yet
	dir   string // of store

	size    int   // what the pipe takes
	full    int   // large slices since busy
	busy    int64 // when the first of those came
	calm    int   // looks in a row that found nothing, while hot
	hot     bool  // flat-out: looked at by the clock. Being watched costs a writer a fifth of its speed
	cool    int64 // not to be read before this time
	stalled time.Duration
	copying bool // splice was refused: by the page
}

const (
	pipeSmall, pipeLarge = 1 << 16, 1 << 20
	sliceMost            = 1 << 18
	coolFor              = int64(300 * time.Microsecond) // a pipe of pipeLarge does not fill in that time
	hotFor               = int64(10 * time.Millisecond)
	stallFirst           = 100 * time.Millisecond
	stallMost            = time.Second
)

// pour gives every stream that has bytes one slice. Control is served between slices, so a flood of bytes never
// makes a request wait. A stream that gave little is left alone for a while: many small writes, one wake-up.
func (k *keeper) pour() {
	now := k.now()
	k.cooling = 0
	k.ready = k.pump.take(k.ready[:0])
	soonest, did := int64(0), false
	for _, r := range k.ready {
		s := k.streams[r.tok]
		if s == nil || s.stalled > 0 || s.hot {
			continue
		}
		if s.cool > now && !r.hup {
			soonest = sooner(soonest, s.cool)
			continue
		}
		did = true
		k.pourOne(s)
	}
	if !did {
		k.cooling = soonest
	}
	k.pourHot()
}

// pourOne gives one stream a slice, and control its turn.
func (k *keeper) pourOne(s *stream) (n int64) {
	n, end := k.slice(s)
	for got := n; got == spillData && n < sliceMost && s.stalled == 0; n += got { // a page is but a part of a slice
		if got, end = k.slice(s); end {
			break
		}
	}
	if end {
		k.endStream(s)
	} else if n < int64(s.size)/4 && (s.hot || !s.life.log.Stamps) {
		s.cool = k.now() + coolFor
	}
	k.control()
	return n
}

// pourHot looks at the streams that are flat-out, and gives those that are no more back to the poller.
func (k *keeper) pourHot() {
	k.hotNext = 0
	for i := 0; i < len(k.hot); i++ {
		s := k.hot[i]
		if s.hot && s.cool <= k.now() {
			if s.calm++; k.pourOne(s) > 0 {
				s.calm = 0
			}
			if s.hot && s.calm >= 3 {
				k.cool(s)
				if s.fd >= 0 && s.stalled == 0 {
					k.pump.add(s.fd)
				}
			}
		}
		if !s.hot {
			k.hot = append(k.hot[:i], k.hot[i+1:]...)
			i--
			continue
		}
		k.hotNext = sooner(k.hotNext, max(s.cool, 1))
	}
}

// heat takes a stream that is flat-out away from the poller.
func (k *keeper) heat(s *stream) {
	if !s.hot && s.stalled == 0 {
		s.hot, s.calm = true, 0
		k.hot = append(k.hot, s)
		k.pump.drop(s.fd)
	}
}

// cool ends that; the caller sees to the poller.
func (k *keeper) cool(s *stream) { s.hot, s.full = false, 0 }

func sooner(a, b int64) int64 {
	if a == 0 || b < a {
		return b
	}
	return a
}

// slice moves what is there, up to a bound. end says that nobody can write any more and all was moved.
func (k *keeper) slice(s *stream) (n int64, end bool) {
	if s.life.log.Dir == "" {
		return k.discard(s)
	}
	if h := k.holeOf(s); h != nil {
		return k.fall(s, h)
	}
	if s.store == nil || s.store.fd < 0 { // a silent program gets no folder
		if empty, end := k.peek(s.fd); empty {
			return 0, end
		}
	}
	now := time.Now().UnixNano()
	st, err := k.storeFor(s, now)
	if err == nil {
		if n, err = k.move(s, st, now); err == nil && n == 0 {
			return 0, true
		}
	}
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return n, false
	}
	if err != nil {
		k.refused(s, err)
		return n, false
	}
	k.resumed(s)
	k.fireWatches(s.life.log.Dir)
	k.grow(s, n)
	return n, false
}

// storeFor returns the stream's store, open and in its place.
func (k *keeper) storeFor(s *stream, now int64) (*store, error) {
	dir := s.folder()
	if s.dir != dir {
		k.releaseStore(s)
		s.store, s.dir = k.takeStore(dir), dir
	}
	st := s.store
	if st.every = markEvery; s.life.log.Stamps {
		st.every = 1
	}
	if st.fd < 0 {
		if err := st.open(now); err != nil {
			return nil, err
		}
	} else if err := st.check(now, now-st.mark >= markEvery); err != nil {
		return nil, err
	}
	return st, k.turn(s.life, st, now)
}

// turn rotates a store that is full.
func (k *keeper) turn(l *life, st *store, now int64) error {
	most := l.log.MaxSize
	if most <= 0 || st.size < most || st.page != nil {
		return nil
	}
	if err := st.rotate(l.log.Keep, now); err != nil {
		st.close()
		return err
	}
	k.tell("rotated", l, st.dir)
	return nil
}

// move takes one slice from the FIFO to the store. 0 without an error is the end of the stream.
func (k *keeper) move(s *stream, st *store, now int64) (n int64, err error) {
	room := int64(sliceMost)
	if most := s.life.log.MaxSize; most > 0 {
		room = max(1, min(room, most-st.size))
	}
	if !k.opt.Copy && !s.copying && st.page == nil {
		failpoint.Here("keeper.splice.before")
		n, err = spliceSlice(s.fd, st.fd, int(room))
		failpoint.Here("keeper.splice.after")
		if err == syscall.EINVAL || err == syscall.ENOSYS {
			s.copying = true
		}
	}
	if k.opt.Copy || s.copying || st.page != nil {
		return k.copySlice(s, st, now, room)
	}
	if err != nil {
		return 0, err
	}
	st.wrote(n, now)
	if err := k.turn(s.life, st, now); err != nil {
		k.refused(s, err)
	}
	return n, nil
}

// copySlice is move by way of a page that outlives the keeper.
func (k *keeper) copySlice(s *stream, st *store, now, room int64) (int64, error) {
	if st.page != nil {
		if err := k.flushPage(st, now); err != nil {
			return 0, err
		}
	}
	page, err := k.idlePage()
	if err != nil {
		return 0, err
	}
	there, _ := unix.IoctlGetInt(s.fd, fionread)
	want := max(1, min(there, spillData, int(room)))
	if !page.ask(want, st.size, st.path()) {
		return 0, syscall.ENAMETOOLONG
	}
	failpoint.Here("keeper.copy.asked")
	n, err := unix.Read(s.fd, page.data()[:want])
	failpoint.Here("keeper.copy.read")
	if err != nil || n <= 0 {
		page.clear()
		return 0, err
	}
	page.got(n)
	failpoint.Here("keeper.copy.got")
	st.page, k.page = page, nil
	if err := k.flushPage(st, now); err != nil {
		return int64(n), err
	}
	if err := k.turn(s.life, st, now); err != nil {
		k.refused(s, err)
	}
	return int64(n), nil
}

// flushPage writes what is left of a store's page, and gives the page back.
func (k *keeper) flushPage(st *store, now int64) error {
	p := st.page
	data, _, _ := p.held()
	for p.done < len(data) {
		n, err := unix.Write(st.fd, data[p.done:])
		failpoint.Here("keeper.copy.written")
		if err != nil {
			return err
		}
		st.wrote(int64(n), now)
		p.done += n
	}
	p.clear()
	failpoint.Here("keeper.copy.cleared")
	st.page = nil
	if k.page == nil {
		k.page = p
	} else {
		p.unmap()
		unix.Unlink(p.path)
	}
	return nil
}

func (k *keeper) idlePage() (p *spill, err error) {
	if k.page == nil {
		k.page, err = freeSpill(k.opt.Run)
	}
	return k.page, err
}

// discard reads and drops.
func (k *keeper) discard(s *stream) (int64, bool) {
	n, err := unix.Read(s.fd, k.scratch())
	if err != nil {
		return 0, err != syscall.EAGAIN && err != syscall.EINTR
	}
	k.grow(s, int64(n))
	return int64(n), n == 0
}

// grow gives a stream that is flat-out a larger pipe, so that its writer need not wait for us.
func (k *keeper) grow(s *stream, n int64) {
	if n < int64(s.size)/4 || s.hot {
		return
	}
	now := k.now()
	if s.full == 0 || now-s.busy > hotFor {
		s.full, s.busy = 0, now
	}
	if s.full++; s.full < 4 {
		return
	}
	if s.size < pipeLarge && setPipeSize(s.fd, pipeLarge) {
		s.size = pipeLarge
	}
	k.heat(s)
}

// stall stops reading a stream whose bytes cannot be written; its program waits once the pipe is full. Tried again
// on a timer: a loop would only burn.
func (k *keeper) stall(s *stream, err error) {
	if s.fd < 0 {
		return
	}
	if s.stalled == 0 {
		s.stalled = stallFirst
		if !s.hot {
			k.pump.drop(s.fd)
		}
		k.cool(s)
		k.tell("stalled", s.life, err.Error())
	} else {
		s.stalled = min(2*s.stalled, stallMost)
	}
	k.after(s.stalled, func() {
		if s.fd >= 0 && s.stalled > 0 {
			if n, end := k.slice(s); end {
				k.resumed(s)
				k.endStream(s)
			} else if s.stalled > 0 && n == 0 && k.idle(s) {
				k.resumed(s)
			}
		}
	})
}

// idle says whether a stalled stream's store could be opened and nothing more waits to be written.
func (k *keeper) idle(s *stream) bool {
	there, _ := unix.IoctlGetInt(s.fd, fionread)
	return there == 0 && s.store != nil && s.store.fd >= 0 && s.store.page == nil
}

func (k *keeper) resumed(s *stream) {
	if s.stalled == 0 {
		return
	}
	s.stalled = 0
	k.pump.add(s.fd)
	k.tell("resumed", s.life, "")
}

// drain reads what a dead program left, as far as that ends: somebody else may hold its pipe and go on writing.
func (k *keeper) drain(s *stream) {
	for i := 0; i < 64 && s.fd >= 0 && s.stalled == 0; i++ {
		n, end := k.slice(s)
		if end {
			k.endStream(s)
		}
		if n == 0 {
			return
		}
	}
}

// folder is where the stream's bytes belong.
func (s *stream) folder() string { return s.life.log.Dir + "/" + s.name() }

func (s *stream) name() string {
	if s == &s.life.err {
		return "err"
	}
	return "out"
}
