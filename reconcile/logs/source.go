package logs

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"time"
)

// maxLine is where a line without an end is cut into parts, so that no program's output fills our memory.
const maxLine = 1 << 20

// A lineReader cuts one stream into lines, each with the time of its first byte.
type lineReader struct {
	cur  *cursor
	buf  *bufio.Reader
	long []byte // a line longer than the buffer
}

func newLineReader(dir string, at int64) *lineReader {
	c := &cursor{dir: dir, at: at}
	return &lineReader{cur: c, buf: bufio.NewReaderSize(c, 16<<10)}
}

// offset is where the next line starts.
func (l *lineReader) offset() int64 { return l.cur.at - int64(l.buf.Buffered()) }

// next returns the next line with its end, or what there is of the last one; valid until the next call.
// io.EOF means: no more yet.
func (l *lineReader) next() (text []byte, at time.Time, err error) {
	start := l.offset()
	text, err = l.buf.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		text, err = l.rest(text)
	}
	if len(text) > 0 {
		if err == io.EOF {
			err = nil
		}
		return text, l.cur.when(start), err
	}
	return nil, time.Time{}, err
}

// rest reads on for a line that the buffer does not hold.
func (l *lineReader) rest(head []byte) ([]byte, error) {
	l.long = append(l.long[:0], head...)
	for len(l.long) < maxLine {
		more, err := l.buf.ReadSlice('\n')
		l.long = append(l.long, more...)
		if err != bufio.ErrBufferFull {
			return l.long, err
		}
	}
	return l.long, nil
}

func (l *lineReader) close() { l.cur.leave() }

// end is the logical offset behind the last byte of a stream.
func end(dir string) int64 {
	segs, err := segments(dir)
	if err != nil || len(segs) == 0 {
		return 0
	}
	last := segs[len(segs)-1]
	return last.start + plainSize(last.path)
}

// tail is the offset at which the last n lines of a stream begin, found from its end: it reads little of a large store.
func tail(dir string, n int) int64 {
	segs, err := segments(dir)
	if err != nil || len(segs) == 0 || n <= 0 {
		return end(dir)
	}
	left := n
	for i := len(segs) - 1; i >= 0; i-- {
		at, found := tailOf(segs[i], &left, i == len(segs)-1)
		if found {
			return at
		}
	}
	return segs[0].start
}

// tailOf looks from the end of one segment for the line break before the left-th line, and counts left down.
func tailOf(s segment, left *int, newest bool) (int64, bool) {
	text, ok := wholeOrFile(s.path)
	if !ok {
		return 0, false
	}
	defer text.close()
	const step = 64 << 10
	size, chunk := text.size, make([]byte, step)
	for hi := size; hi > 0; {
		lo := max(0, hi-step)
		b := chunk[:hi-lo]
		if _, err := text.ReadAt(b, lo); err != nil && err != io.EOF {
			return 0, false
		}
		for i := len(b); i > 0; {
			if i = bytes.LastIndexByte(b[:i], '\n'); i < 0 {
				break
			}
			if newest && lo+int64(i) == size-1 {
				continue // the end of the very last line
			}
			if *left--; *left == 0 {
				return s.start + lo + int64(i) + 1, true
			}
		}
		hi = lo
	}
	return 0, false
}

// contents is a segment that can be read anywhere.
type contents struct {
	io.ReaderAt
	size int64
	f    *os.File
}

func (c contents) close() {
	if c.f != nil {
		c.f.Close()
	}
}

// wholeOrFile opens a plain segment, or unpacks a compressed one into memory: it is as large as log.max_size.
func wholeOrFile(path string) (contents, bool) {
	r, err := open(path)
	if err != nil {
		return contents{}, false
	}
	if f, ok := r.(*os.File); ok {
		st, err := f.Stat()
		if err != nil {
			f.Close()
			return contents{}, false
		}
		return contents{f, st.Size(), f}, true
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return contents{bytes.NewReader(b), int64(len(b)), nil}, err == nil || len(b) > 0
}

// since is the offset of the first line that may have been written at t or later.
func since(dir string, t time.Time) int64 {
	segs, err := segments(dir)
	if err != nil {
		return 0
	}
	at := int64(0)
	for _, s := range segs {
		marks := readMarks(s.idx)
		if len(marks) > 0 && marks[0].at > t.UnixNano() {
			break
		}
		at = s.start
		for _, m := range marks {
			if m.at <= t.UnixNano() {
				at = m.off
			}
		}
	}
	return at
}
