package keeper

import (
	"encoding/binary"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// A store is one stream's folder: `current`, where bytes are appended; `current.idx`, when they came; and closed
// segments `@START.log` with `START.idx`. START, and every offset in an index, counts from the stream's first byte:
// it goes on over segments, lives and keepers. Lives that write to the same folder share one store.
//
// An index holds 16-byte little-endian records {int64 unix ns, uint64 offset of the first byte written then}. Its
// first record is {creation, START}; that of a closed segment ends with {closed at, END}.
type store struct {
	dir   string
	refs  int
	fd    int   // of current; -1: not opened yet. Nothing is made before the first byte
	idx   int   // of current.idx
	start int64 // offset of current's first byte
	size  int64 // bytes in current
	safe  int64 // of those, how many were there when current was last seen in its place
	mark  int64 // unix ns of the last mark
	every int64 // the least distance of two marks
	page  *spill
}

// markEvery is the least distance of two marks of an index, where not each piece has its own.
const markEvery = 10 * int64(time.Millisecond)

// end is the offset at which the next byte goes.
func (s *store) end() int64 { return s.start + s.size }

func (s *store) path() string { return s.dir + "/current" }

// open opens or creates current and its index, and finds out where in the stream it is.
func (s *store) open(now int64) error {
	if err := makeDir(s.dir); err != nil {
		return err
	}
	s.mend()
	fd, size, err := openPlain(s.path(), unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return err
	}
	failpoint.Here("keeper.store.opened")
	idx, n, err := openPlain(s.path()+".idx", unix.O_RDWR|unix.O_CREAT|unix.O_APPEND)
	if err != nil {
		unix.Close(fd)
		return err
	}
	s.fd, s.idx, s.size, s.safe = fd, idx, size, size
	if torn := n % 16; torn != 0 {
		n -= torn
		unix.Ftruncate(idx, n)
	}
	if err := s.locate(n, now); err != nil {
		s.close()
		return err
	}
	_, err = unix.Seek(fd, size, 0)
	return err
}

// locate sets start from the index of n bytes, or begins a new one behind the last closed segment.
func (s *store) locate(n, now int64) error {
	if n >= 16 {
		first, last := readMark(s.idx, 0), readMark(s.idx, n-16)
		s.start, s.mark = first.off, last.ns
		if last.off <= s.start+s.size {
			return nil
		}
		return s.restart(last.off, now) // someone cut current while no keeper looked
	}
	s.start = lastEnd(s.dir)
	failpoint.Here("keeper.store.unmarked")
	return s.putMark(now, s.start)
}

// restart makes end the offset of the next byte, whatever current holds: it was cut.
func (s *store) restart(end, now int64) error {
	s.start = end - s.size
	if err := unix.Ftruncate(s.idx, 0); err != nil {
		return err
	}
	return s.putMark(now, s.start)
}

// mend finishes a rotation that a kill interrupted between its two renames.
func (s *store) mend() {
	idx, n, err := openPlain(s.path()+".idx", unix.O_RDONLY)
	if err != nil {
		return
	}
	defer unix.Close(idx)
	if n < 16 {
		return
	}
	start := pad20(readMark(idx, 0).off)
	var st unix.Stat_t
	if unix.Lstat(s.dir+"/@"+start+".log", &st) == nil {
		unix.Rename(s.path()+".idx", s.dir+"/"+start+".idx")
	} else if unix.Lstat(s.path(), &st) == unix.ENOENT {
		unix.Rename(s.path()+".idx", s.dir+"/"+start+".idx") // current was taken away: go on behind its last mark
	}
}

func (s *store) close() {
	if s.fd >= 0 {
		unix.Close(s.fd)
		unix.Close(s.idx)
	}
	s.fd, s.idx = -1, -1
}

// check makes sure that current is still the file in its place, after others may have cut, moved or removed it.
// look says that the place itself is to be looked at, which costs one more call.
func (s *store) check(now int64, look bool) error {
	var st unix.Stat_t
	if err := unix.Fstat(s.fd, &st); err != nil {
		return err
	}
	if st.Nlink == 0 {
		return s.salvage(now)
	}
	if st.Size != s.size {
		end := max(s.end(), s.start+st.Size)
		s.size = st.Size
		if _, err := unix.Seek(s.fd, s.size, 0); err != nil {
			return err
		}
		if end > s.end() {
			if err := s.restart(end, now); err != nil {
				return err
			}
		}
	}
	if look {
		var at unix.Stat_t
		if unix.Lstat(s.path(), &at) != nil || at.Ino != st.Ino || at.Dev != st.Dev {
			return s.reopen(s.end(), now)
		}
	}
	s.safe = s.size
	return nil
}

// reopen begins a new current at offset end; the old one was moved away by someone.
func (s *store) reopen(end, now int64) error {
	s.close()
	if err := makeDir(s.dir); err != nil {
		return err
	}
	unix.Unlink(s.path() + ".idx")
	fd, size, err := openPlain(s.path(), unix.O_RDWR|unix.O_CREAT)
	if err != nil {
		return err
	}
	idx, n, err := openPlain(s.path()+".idx", unix.O_RDWR|unix.O_CREAT|unix.O_APPEND)
	if err != nil {
		unix.Close(fd)
		return err
	}
	_ = n
	s.fd, s.idx, s.size, s.safe, s.start = fd, idx, size, size, end-size
	unix.Seek(fd, size, 0)
	return s.restart(end, now)
}

// salvage begins a new current with the bytes that went into the old one after it was last seen in its place:
// nobody can have read those.
func (s *store) salvage(now int64) error {
	old, from, to := s.fd, s.safe, s.size
	unix.Close(s.idx)
	s.fd, s.idx = -1, -1
	if err := s.reopen(s.start+from, now); err != nil {
		s.fd, s.idx, _ = old, dupNull(), err
		return err
	}
	defer unix.Close(old)
	buf := make([]byte, min(to-from, 1<<16))
	for from < to {
		n, err := unix.Pread(old, buf[:min(to-from, int64(len(buf)))], from)
		if err != nil || n <= 0 {
			return err
		}
		if n, err = unix.Write(s.fd, buf[:n]); err != nil {
			return err
		}
		from, s.size = from+int64(n), s.size+int64(n)
	}
	return nil
}

// dupNull keeps a store whose folder cannot be made again in a shape that can be closed.
func dupNull() int {
	fd, _ := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	return fd
}

// wrote takes note of n bytes that were appended, first at the time at.
func (s *store) wrote(n, at int64) {
	failpoint.Here("keeper.store.wrote")
	if n > 0 && at-s.mark >= s.every {
		s.putMark(at, s.end())
	}
	s.size += n
}

func (s *store) putMark(ns, off int64) error {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], uint64(ns))
	binary.LittleEndian.PutUint64(b[8:], uint64(off))
	s.mark = ns
	_, err := unix.Write(s.idx, b[:])
	return err
}

type mark struct{ ns, off int64 }

func readMark(fd int, at int64) (m mark) {
	var b [16]byte
	if n, err := unix.Pread(fd, b[:], at); err == nil && n == 16 {
		m.ns, m.off = int64(binary.LittleEndian.Uint64(b[:])), int64(binary.LittleEndian.Uint64(b[8:]))
	}
	return m
}

// openPlain opens a file of our own: no symlink, no pipe, 0600.
func openPlain(path string, how int) (fd int, size int64, err error) {
	fd, err = unix.Open(path, how|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o600)
	if err != nil {
		return -1, 0, err
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = syscall.EINVAL
	}
	if err != nil {
		unix.Close(fd)
		return -1, 0, err
	}
	return fd, st.Size, nil
}

// makeDir makes the folder of a stream, which may not be a symlink.
func makeDir(dir string) error {
	var st unix.Stat_t
	err := unix.Lstat(dir, &st)
	if err == unix.ENOENT {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			if p, ok := err.(*os.PathError); ok {
				return p.Err
			}
			return err
		}
		return nil
	}
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return syscall.ELOOP
	}
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return syscall.ENOTDIR
	}
	return err
}
