package logs

import (
	"bytes"
	"io"
	"time"
)

const (
	// maxLine is where a line without an end is cut into parts, so that no program's output fills our memory.
	maxLine  = 1 << 20
	readSize = 64 << 10
)

// A lineReader cuts one stream into lines, each with the time of its first byte. Parts of one line have one time.
type lineReader struct {
	cur   *cursor
	buf   []byte
	r, w  int       // what is unread in buf
	pos   int64     // logical offset of buf[r]
	at    time.Time // of the line that buf[r] is in, if timed
	timed bool
	err   error // comes after what is in buf
}

func newLineReader(dir string, at int64) *lineReader {
	return &lineReader{cur: newCursor(dir, at), pos: at}
}

// next returns the next line with its end; valid until the next call. io.EOF means: no more yet. A last line
// that has no end yet is handed over as it is, unless whole: then it waits for it.
func (l *lineReader) next(whole bool) (text []byte, at time.Time, err error) {
	for seen := 0; ; {
		if l.w > l.r {
			l.time()
		}
		if i := bytes.IndexByte(l.buf[l.r+seen:l.w], '\n'); i >= 0 {
			text, at = l.take(seen + i + 1)
			return text, at, nil
		}
		if seen = l.w - l.r; seen >= maxLine {
			text, at = l.take(maxLine)
			return text, at, nil
		}
		err := l.fill()
		if err == errGap && seen == 0 {
			l.timed, err = false, nil
		}
		if err == nil {
			continue
		}
		if seen > 0 && (err != io.EOF || !whole) {
			if err != errGap && err != io.EOF {
				l.err = err
			}
			text, at = l.take(seen)
			return text, at, nil
		}
		return nil, time.Time{}, err
	}
}

// time finds out when the line at buf[r] began. Its bytes are those of the cursor's last Read: before that one is
// made, all whole lines are handed over.
func (l *lineReader) time() {
	if !l.timed {
		l.at, l.timed = l.cur.when(l.pos), true
	}
}

// take hands over the next n bytes.
func (l *lineReader) take(n int) ([]byte, time.Time) {
	text := l.buf[l.r : l.r+n]
	l.r, l.pos = l.r+n, l.pos+int64(n)
	l.timed = text[n-1] != '\n' && n >= maxLine // the rest of the line has its time
	return text, l.at
}

// fill reads on.
func (l *lineReader) fill() error {
	if err := l.err; err != nil {
		l.err = nil
		return err
	}
	l.room()
	if l.r == l.w {
		l.pos = l.cur.at
	}
	n, err := l.cur.Read(l.buf[l.w:])
	l.w += n
	return err
}

// room makes room behind what is unread, and lets go of what a very long line took.
func (l *lineReader) room() {
	held := l.w - l.r
	switch {
	case held == 0 && len(l.buf) != 2*readSize:
		l.buf = make([]byte, 2*readSize)
	case len(l.buf)-held < readSize:
		bigger := make([]byte, 2*len(l.buf))
		copy(bigger, l.buf[l.r:l.w])
		l.buf = bigger
	case l.r > 0:
		copy(l.buf, l.buf[l.r:l.w])
	}
	l.r, l.w = 0, held
}

// idle tells at little cost that there is surely nothing new.
func (l *lineReader) idle() bool { return l.r == l.w && l.cur.idle() }

func (l *lineReader) close() { l.cur.leave() }
