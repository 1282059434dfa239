package logs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// A cursor reads the bytes of one stream from a logical offset on, over segments, and goes on where it was once
// there is more. A Read returns bytes of one segment. io.EOF means: no more yet; errGap: at has moved.
//
// Only at says where it is, never a place in a file: so it finds its place again after every rotation, and the same
// one that another cursor finds. Where a stream was cut by somebody, or begun anew, so that it ends before at, it
// goes on at the start of the current segment.
type cursor struct {
	dir string
	at  int64 // of the next byte

	seg   *file
	after int64 // start of the closed segment that was read to its end last; -1: none
}

// errGap says that the bytes before the cursor's new place cannot be had any more.
var errGap = errors.New("gap in the log")

func newCursor(dir string, at int64) *cursor { return &cursor{dir: dir, at: at, after: -1} }

func (c *cursor) Read(p []byte) (int, error) {
	for {
		if c.seg == nil {
			if err := c.enter(); err != nil {
				return 0, err
			}
		}
		if c.seg.grows && c.shifted() {
			c.leave()
			continue
		}
		n, err := c.read(p)
		if n == 0 && err == nil && c.seg.grows {
			if c.seg.inPlace() {
				return 0, io.EOF
			}
			n, err = c.read(p) // what came since; its new name may be gone soon
		}
		if n > 0 || err != nil {
			return n, err
		}
		if !c.seg.grows {
			c.after = c.seg.start
		}
		c.leave()
	}
}

// read reads on in the segment; nothing and no error is its end. What is broken is passed over and told.
func (c *cursor) read(p []byte) (int, error) {
	n, err := c.seg.Read(p)
	if n > 0 {
		c.at += int64(n)
		c.seg.grew()
		return n, nil
	}
	if err == nil || err == io.EOF {
		return 0, nil
	}
	err = fmt.Errorf("read segment: %s: %w", c.seg.path, err)
	if !c.seg.grows {
		c.after = c.seg.start
		c.leave()
	}
	return 0, err
}

// shifted tells whether somebody cut the growing segment, so that the next byte is elsewhere in it.
func (c *cursor) shifted() bool {
	size := c.seg.size()
	if first, ok := c.seg.idx.mark(0); ok && first.off != c.seg.start {
		return true
	}
	return size > 0 && size < c.at-c.seg.start
}

// enter opens the segment that holds the byte at c.at, or the first one after it; io.EOF if there is none yet.
func (c *cursor) enter() error {
	missing := int64(-1)
	for range 100 { // each time, a segment was renamed, compressed or removed under our hands
		cur, err := openCurrent(c.dir)
		if err != nil {
			return err
		}
		if cur != nil && cur.start <= c.at {
			return c.use(cur)
		}
		names, err := closed(c.dir) // after current was opened: all before it are complete
		if err != nil {
			closeFile(cur)
			return err
		}
		n, found := pick(names, c.at, c.after)
		if found && n.start <= c.at {
			closeFile(cur)
			if again, err := c.useClosed(n); !again {
				return err
			}
			continue
		}
		next := int64(-1)
		if found {
			next = n.start
		} else if cur != nil {
			next = cur.start
		}
		closeFile(cur)
		if next < 0 {
			return io.EOF
		}
		if next == missing { // seen twice: not one that is compressed just now
			c.at = next
			return errGap
		}
		missing = next
	}
	return io.EOF
}

// pick finds the segment that holds the byte at off, or the first one after it, among those that start behind after.
func pick(names []name, off, after int64) (n name, found bool) {
	for _, m := range names {
		if m.start <= after {
			continue
		}
		if found && m.start > off {
			break
		}
		n, found = m, true
	}
	return n, found
}

func (c *cursor) useClosed(n name) (again bool, err error) {
	s, err := openClosed(c.dir, n)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err == nil {
		if err = s.seek(c.at); err != nil {
			s.close()
		}
	}
	if err != nil {
		c.after = n.start
		return false, err
	}
	c.seg = s
	return false, nil
}

// use goes on in the current segment. An empty one may be about to get its bytes back: see the keeper's salvage.
func (c *cursor) use(s *file) error {
	back := false
	if size := s.size(); size > 0 && c.at > s.start+size {
		c.at, back = s.start, true
	}
	if err := s.seek(c.at); err != nil {
		s.close()
		return err
	}
	c.seg = s
	if back {
		return errGap
	}
	return nil
}

// idle tells at little cost that there is surely nothing new.
func (c *cursor) idle() bool {
	return c.seg != nil && c.seg.grows && c.seg.size() == c.at-c.seg.start && !c.shifted() && c.seg.inPlace()
}

func closeFile(s *file) {
	if s != nil {
		s.close()
	}
}

func (c *cursor) leave() {
	closeFile(c.seg)
	c.seg = nil
}

// when is the time of the byte at off, which must have come with the last Read.
func (c *cursor) when(off int64) time.Time {
	if c.seg == nil {
		return time.Now()
	}
	return c.seg.when(off)
}
