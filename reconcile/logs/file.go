package logs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A file is a segment that is open for reading, with its index, whatever becomes of their names.
type file struct {
	io.Reader
	f     *os.File
	z     *zstd.Decoder // nil: plain
	path  string
	start int64
	grows bool // it was the current one when opened
	idx   index
	mtime time.Time // for what the index does not tell
	late  time.Time // see when
}

// openClosed opens a closed segment. The error is fs.ErrNotExist if it was compressed or removed meanwhile.
func openClosed(dir string, n name) (*file, error) {
	s, err := openFile(n.path(dir))
	if err != nil {
		return nil, err
	}
	s.start = n.start
	if n.zst {
		s.z, err = zstd.NewReader(s.f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			s.close()
			return nil, fmt.Errorf("read segment: %s: %w", s.path, err)
		}
		s.Reader = s.z
	}
	s.idx = closedIndex(dir, n)
	return s, nil
}

// closedIndex opens the index of a closed segment; the zero index if it has none.
func closedIndex(dir string, n name) index {
	// A rotation renames the segment before its index.
	for _, path := range []string{n.index(dir), filepath.Join(dir, current+".idx"), n.index(dir)} {
		x, first, ok := openIndex(path)
		if ok && first.off == n.start {
			return x
		}
		x.close()
	}
	return index{}
}

// openCurrent opens the growing segment and finds out where it starts. It is nil if there is none, or nothing in it
// and no index yet.
func openCurrent(dir string) (*file, error) {
	for range 100 { // rotated under our hands as often as that: no
		s, err := openFile(filepath.Join(dir, current))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		s.grows = true
		empty := s.size() == 0 // before the index is read: no byte comes before the first mark
		located, err := s.locate(dir, empty)
		if err == nil && located && s.inPlace() {
			return s, nil // the index that was read is its own: it is renamed after the segment, made after it
		}
		stays := err == nil && !located && s.inPlace()
		s.close()
		if err != nil || stays {
			return nil, err
		}
	}
	return nil, nil
}

// locate sets start: the index says it, or else the closed segment before. False: not to be known yet.
func (s *file) locate(dir string, empty bool) (bool, error) {
	x, first, ok := openIndex(s.path + ".idx")
	if ok {
		s.idx, s.start = x, first.off
		return true, nil
	}
	x.close()
	if empty {
		return false, nil
	}
	var err error
	s.start, err = closedEnd(dir)
	return err == nil, err
}

// closedEnd is the offset behind the newest closed segment; 0 if there is none.
func closedEnd(dir string) (int64, error) {
	names, err := closed(dir)
	if err != nil || len(names) == 0 {
		return 0, err
	}
	last := names[len(names)-1]
	s, err := openClosed(dir, last)
	if err != nil {
		return last.start, nil // taken away just now
	}
	defer s.close()
	if s.z == nil {
		return s.start + s.size(), nil
	}
	if m, ok := s.idx.mark(s.idx.len() - 1); ok {
		return m.off, nil
	}
	n, _ := io.Copy(io.Discard, s)
	return s.start + n, nil
}

func openFile(path string) (*file, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read segment: %w", err)
	}
	s := &file{Reader: f, f: f, path: path}
	if st, err := f.Stat(); err == nil {
		s.mtime = st.ModTime()
	}
	return s, nil
}

// seek goes to a logical offset within the segment, or to its end.
func (s *file) seek(off int64) (err error) {
	if s.z != nil {
		_, err = io.CopyN(io.Discard, s.z, off-s.start)
	} else {
		_, err = s.f.Seek(off-s.start, io.SeekStart)
	}
	if err != nil && err != io.EOF {
		return fmt.Errorf("read segment: %s: %w", s.path, err)
	}
	s.idx.seek(off)
	return nil
}

// size is how large the file is on the disk.
func (s *file) size() int64 {
	st, err := s.f.Stat()
	if err != nil {
		return 0
	}
	return st.Size()
}

// inPlace tells whether the file still has the name by which it was opened.
func (s *file) inPlace() bool {
	held, err := s.f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(s.path)
	return err == nil && os.SameFile(held, now)
}

const (
	markEvery = 10 * time.Millisecond // the keeper's
	slack     = 50 * time.Millisecond
)

// grew is told that bytes were read: there may be marks for them.
func (s *file) grew() {
	if s.grows {
		s.idx.fresh, s.late = true, time.Time{}
	}
}

// when is the time of the byte at off. Offsets must ascend.
func (s *file) when(off int64) time.Time {
	fresh := s.idx.fresh
	m, ok := s.idx.at(off)
	if !ok {
		return s.mtime
	}
	if fresh && s.grows && s.idx.drained() {
		s.late = s.lateness(m)
	}
	if !s.late.IsZero() && s.idx.drained() {
		return s.late
	}
	return time.Unix(0, m.at)
}

// lateness is the time of bytes that the keeper wrote just now and has not marked yet: it marks after writing, and
// the mark before may be a day old. Zero if the last mark is theirs.
func (s *file) lateness(last mark) time.Time {
	st, err := s.f.Stat()
	if err != nil || time.Since(st.ModTime()) > time.Second || st.ModTime().UnixNano()-last.at < int64(markEvery+slack) {
		return time.Time{}
	}
	return st.ModTime()
}

func (s *file) close() {
	if s.z != nil {
		s.z.Close()
	}
	s.f.Close()
	s.idx.close()
}
