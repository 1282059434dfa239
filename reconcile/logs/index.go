package logs

import (
	"encoding/binary"
	"math"
	"os"
	"sort"
)

// A mark says when the byte at a logical offset was written, to 10 ms.
type mark struct {
	at  int64 // unix ns
	off int64
}

const markSize = 16

func parseMark(b []byte) mark {
	off := binary.LittleEndian.Uint64(b[8:])
	return mark{int64(binary.LittleEndian.Uint64(b)), int64(min(off, math.MaxInt64))}
}

// An index tells times of ascending offsets. It reads the marks as they are needed, each once, and goes on where it
// was when there are more of them. A torn last mark is left out; so is all that follows one that runs backwards.
// It holds its file open, so that it is still the right one after a rotation. The zero index knows nothing.
type index struct {
	f     *os.File
	pos   int64  // in the file, of the first mark not in page
	page  []byte // marks that were read but not passed yet
	last  mark   // passed last
	known bool   // last is set
	fresh bool   // there may be marks behind pos
}

// openIndex opens an index and stands before its first mark. ok tells whether there is one.
func openIndex(path string) (x index, first mark, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return index{}, mark{}, false
	}
	x = index{f: f, fresh: true}
	first, ok = x.mark(0)
	return x, first, ok
}

// mark reads the i-th mark.
func (x *index) mark(i int64) (mark, bool) {
	var b [markSize]byte
	if x.f == nil {
		return mark{}, false
	}
	if n, _ := x.f.ReadAt(b[:], i*markSize); n < markSize {
		return mark{}, false
	}
	return parseMark(b[:]), true
}

// len is the number of whole marks.
func (x *index) len() int64 {
	if x.f == nil {
		return 0
	}
	st, err := x.f.Stat()
	if err != nil {
		return 0
	}
	return st.Size() / markSize
}

// seek stands before the mark for off, reading few others.
func (x *index) seek(off int64) {
	i := sort.Search(int(x.len()), func(i int) bool { m, ok := x.mark(int64(i)); return !ok || m.off > off })
	x.pos, x.page, x.known = max(0, int64(i)-1)*markSize, nil, false
}

// at returns the last mark at or before off. ok is false if there is none.
func (x *index) at(off int64) (m mark, ok bool) {
	for len(x.page) >= markSize || x.load() {
		m := parseMark(x.page)
		if m.off > off {
			break
		}
		if x.known && m.off < x.last.off {
			x.close() // broken from here on
			break
		}
		x.last, x.known, x.page = m, true, x.page[markSize:]
	}
	return x.last, x.known
}

// load reads the marks that are new.
func (x *index) load() bool {
	if x.f == nil || !x.fresh {
		return false
	}
	b := make([]byte, 256*markSize)
	n, _ := x.f.ReadAt(b, x.pos)
	n -= n % markSize
	x.page, x.fresh = b[:n], n == len(b)
	x.pos += int64(n)
	return n > 0
}

// drained tells whether no mark is known behind the one passed last.
func (x *index) drained() bool { return len(x.page) < markSize && !x.fresh }

func (x *index) close() {
	if x.f != nil {
		x.f.Close()
	}
	x.f, x.page, x.fresh = nil, nil, false
}
