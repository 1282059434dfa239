package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A cursor reads the bytes of one stream from a logical offset on, over segments, and goes on where it was once
// there is more. io.EOF means: no more yet.
type cursor struct {
	dir   string
	at    int64 // of the next byte
	limit int64 // reads no further; 0: no limit

	r     io.ReadCloser
	seg   segment
	marks []mark
	stale bool // the marks may have grown
	mtime time.Time
}

// open opens a segment for reading as it was before compression.
func open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil || !strings.HasSuffix(path, ".zst") {
		return f, err
	}
	d, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		f.Close()
		return nil, err
	}
	return unzipped{d, f}, nil
}

type unzipped struct {
	*zstd.Decoder
	f *os.File
}

func (u unzipped) Close() error {
	u.Decoder.Close()
	return u.f.Close()
}

func discard(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }

// Read reads on. At the end of a segment that was closed meanwhile it goes on with the next one.
func (c *cursor) Read(p []byte) (int, error) {
	for {
		if c.limit > 0 {
			p = p[:max(0, min(int64(len(p)), c.limit-c.at))]
			if len(p) == 0 {
				return 0, io.EOF
			}
		}
		if c.r == nil {
			if err := c.enter(); err != nil {
				return 0, err
			}
		}
		n, err := c.r.Read(p)
		c.at += int64(n)
		if n > 0 {
			c.stale = true
			return n, nil
		}
		if err != nil && err != io.EOF {
			return 0, c.skipBroken(err)
		}
		if !c.over() {
			return 0, io.EOF
		}
		n, _ = c.r.Read(p) // what came between the end that was seen and the closing
		if c.at += int64(n); n > 0 {
			return n, nil
		}
		c.leave()
	}
}

// over tells whether the segment that was read to its end is closed, so that another follows.
func (c *cursor) over() bool {
	if !c.seg.current {
		return true
	}
	f, ok := c.r.(*os.File)
	if !ok {
		return true
	}
	held, err1 := f.Stat()
	now, err2 := os.Stat(c.seg.path)
	if err1 == nil && held.Size() < c.at-c.seg.start { // cut by somebody: go on at its end
		_, _ = f.Seek(0, io.SeekEnd)
		c.at = c.seg.start + held.Size()
	}
	return err1 == nil && err2 == nil && !os.SameFile(held, now)
}

// enter opens the segment that holds the byte at c.at, or the first one after it; io.EOF if there is none yet.
func (c *cursor) enter() error {
	for range 3 { // a segment may be renamed or compressed under our hands
		segs, err := segments(c.dir)
		if err != nil {
			return err
		}
		seg, ok := pick(segs, c.at)
		if !ok {
			return io.EOF
		}
		err = c.openAt(seg)
		if err == nil || !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return io.EOF
}

// pick finds the segment that holds the byte at off, or the first one after it.
func pick(segs []segment, off int64) (segment, bool) {
	for _, s := range segs {
		if s.current || s.end > off {
			return s, true
		}
	}
	return segment{}, false
}

func (c *cursor) openAt(s segment) error {
	r, err := open(s.path)
	if err != nil {
		return err
	}
	c.at = max(c.at, s.start)
	skip := c.at - s.start
	if f, ok := r.(*os.File); ok {
		_, err = f.Seek(skip, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, r, skip)
	}
	if err != nil && err != io.EOF {
		r.Close()
		return fmt.Errorf("read segment: %s: %w", s.path, err)
	}
	c.r, c.seg, c.marks, c.mtime = r, s, readMarks(s.idx), modified(s.path)
	c.stale = false
	return nil
}

// leave closes the segment; the next Read enters the one that follows.
func (c *cursor) leave() {
	if c.r != nil {
		c.r.Close()
		c.r = nil
	}
	if c.seg.end > c.at {
		c.at = c.seg.end // the rest of it cannot be had
	}
}

// skipBroken passes over the rest of a closed segment that cannot be read, and says so once.
func (c *cursor) skipBroken(err error) error {
	err = fmt.Errorf("read segment: %s: %w", c.seg.path, err)
	if c.seg.current {
		return err
	}
	c.leave()
	return err
}

// when is the time of the byte at off, which must lie in the segment read last.
func (c *cursor) when(off int64) time.Time {
	if c.stale && c.seg.current {
		c.marks, c.stale = readMarks(c.seg.idx), false
		if len(c.marks) > 0 && c.marks[0].off > off { // closed meanwhile: the index has moved
			c.marks = nil
		}
	}
	return timeAt(c.marks, off, c.mtime)
}
