package logs

import (
	"math"
	"os"
	"path/filepath"
	"sort"
)

// nearby is how many segments on the far side of a boundary are looked at as well: a clock that was set back while they
// were written must hide nothing.
const nearby = 4

// A spans finds out when the segments of a stream were written. It opens the indexes of those it is asked about, and of
// the segments none.
type spans struct {
	dir   string
	names []name // closed, oldest first
}

// ends are the first and the last mark of a segment. One without an index is as old as its file.
func (s spans) ends(i int) (first, last mark) {
	n := s.names[i]
	x := closedIndex(s.dir, n)
	defer x.close()
	first, ok1 := x.mark(0)
	last, ok2 := x.mark(x.len() - 1)
	if ok1 && ok2 {
		return first, last
	}
	at := int64(0)
	if st, err := os.Stat(n.path(s.dir)); err == nil {
		at = st.ModTime().UnixNano()
	}
	return mark{at, n.start}, mark{at, n.start}
}

// since is the first segment that something of ns or later may be in; len(names) if none is.
func (s spans) since(ns int64) int {
	within := func(i int) bool { _, last := s.ends(i); return last.at >= ns }
	i := sort.Search(len(s.names), within)
	for j := max(0, i-nearby); j < i; j++ {
		if within(j) {
			return j
		}
	}
	return i
}

// until is the first segment from which on all was written later than ns; len(names) if there is none.
func (s spans) until(ns int64) int {
	later := func(i int) bool { first, last := s.ends(i); return first.at > ns && last.at > ns }
	i := sort.Search(len(s.names), later)
	for j := min(len(s.names), i+nearby) - 1; j >= i; j-- {
		if !later(j) {
			return j + 1
		}
	}
	return i
}

// since is an offset before everything that was written at ns or later, and at a mark, or the beginning. What lies
// between was written before ns. Of the indexes it reads the ends of a few, and one up to ns; of the segments nothing.
func since(dir string, ns int64) int64 {
	names, err := closed(dir)
	if err != nil {
		return 0
	}
	s := spans{dir, names}
	if i := s.since(ns); i < len(names) {
		x := closedIndex(dir, names[i])
		defer x.close()
		return x.since(ns, names[i].start)
	}
	from := int64(0)
	if len(names) > 0 {
		_, last := s.ends(len(names) - 1)
		from = last.off
	}
	x, _, _ := openIndex(filepath.Join(dir, current+".idx"))
	defer x.close()
	return x.since(ns, from)
}

// since is the offset of the last mark before the first one of ns or later; from if there is none.
func (x *index) since(ns, from int64) int64 {
	x.each(func(m mark) bool {
		if m.at < ns {
			from = m.off
		}
		return m.at < ns
	})
	return from
}

// until is an offset behind everything that was written at ns or earlier, at a mark. Of the indexes it reads the ends of a
// few, and one whole; of the segments nothing.
func until(dir string, ns int64) int64 {
	x, first, ok := openIndex(filepath.Join(dir, current+".idx")) // before the closed ones are listed: none is missed
	limit := x.until(ns, math.MaxInt64)
	x.close()
	names, err := closed(dir)
	if !ok || err != nil || limit > first.off {
		return limit
	}
	s := spans{dir, names}
	i := s.until(ns)
	if i < len(names) {
		limit = names[i].start
	}
	if i > 0 {
		x := closedIndex(dir, names[i-1])
		limit = x.until(ns, limit)
		x.close()
	}
	return limit
}

// until is the offset of the mark behind the last one of ns or earlier; limit if that is the last of all.
func (x *index) until(ns, limit int64) int64 {
	at, found := limit, false
	x.each(func(m mark) bool {
		switch {
		case m.at <= ns:
			at, found = limit, false
		case !found:
			at, found = m.off, true
		}
		return true
	})
	return at
}

// each hands over all marks from the first on, until f returns false.
func (x *index) each(f func(mark) bool) {
	if x.f == nil {
		return
	}
	x.seek(0)
	x.fresh = true
	for len(x.page) >= markSize || x.load() {
		m := parseMark(x.page)
		x.page = x.page[markSize:]
		if !f(m) {
			return
		}
	}
}
