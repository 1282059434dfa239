package logs

import (
	"bytes"
	"io"
)

// End is how many bytes have ever come into a stream; 0 if that cannot be read.
func End(dir string) int64 { return max(end(dir), 0) }

// end is the logical offset behind the last byte of a stream; -1 if that cannot be read.
func end(dir string) int64 {
	cur, err := openCurrent(dir)
	if err != nil {
		return -1
	}
	if cur != nil {
		defer cur.close()
		return cur.start + cur.size()
	}
	n, _ := closedEnd(dir)
	return n
}

// tail is an offset at or a little before where the last n lines before limit begin, found from there backwards: it reads
// little of a large store. Of none it is where the unfinished last line begins, so that its end is not torn off.
func tail(dir string, n int, limit int64) int64 {
	cur, err := openCurrent(dir)
	if err != nil {
		return 0
	}
	before, left := int64(-1), n+1 // the last line may have no end yet: one more break is looked for
	if cur != nil {
		defer cur.close()
		before = cur.start
		if at, found := tailOf(cur, limit, &left); found {
			return at
		}
	}
	names, _ := closed(dir)
	for i := len(names) - 1; i >= 0; i-- {
		if before >= 0 && names[i].start >= before || names[i].start >= limit {
			continue
		}
		s, err := openClosed(dir, names[i])
		if err != nil {
			continue // just compressed: a line more or less is cut off by who reads from here
		}
		at, found := tailOf(s, limit, &left)
		s.close()
		if found {
			return at
		}
	}
	return 0
}

// tailOf looks for the left-th line break before limit from the end of a segment, and counts left down.
func tailOf(s *file, limit int64, left *int) (int64, bool) {
	if s.z != nil {
		return tailOfStream(s, limit, left)
	}
	buf := make([]byte, readSize)
	for hi := min(s.size(), limit-s.start); hi > 0; {
		lo := max(0, hi-readSize)
		b := buf[:hi-lo]
		if n, err := s.f.ReadAt(b, lo); n < len(b) && err != nil && err != io.EOF {
			return 0, false
		}
		for i := bytes.LastIndexByte(b, '\n'); i >= 0; i = bytes.LastIndexByte(b[:i], '\n') {
			if *left--; *left == 0 {
				return s.start + lo + int64(i) + 1, true
			}
		}
		hi = lo
	}
	return 0, false
}

// tailOfStream is tailOf for what can only be read forwards: it remembers the last breaks that it saw.
func tailOfStream(f *file, limit int64, left *int) (int64, bool) {
	var breaks []int64 // a ring of *left
	seen, at, buf := 0, f.start, make([]byte, readSize)
	for {
		n, err := f.Read(buf)
		n = int(min(int64(n), limit-at))
		for i := 0; i < n; i++ {
			j := bytes.IndexByte(buf[i:n], '\n')
			if j < 0 {
				break
			}
			i += j
			if len(breaks) < *left {
				breaks = append(breaks, 0)
			}
			breaks[seen%*left] = at + int64(i) + 1
			seen++
		}
		if at += int64(n); err != nil || at == limit {
			break
		}
	}
	if seen < *left {
		*left -= seen
		return 0, false
	}
	return breaks[seen%*left], true
}
