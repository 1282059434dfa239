package logs

import (
	"math"
	"path/filepath"
	"time"
)

// since is an offset before everything that was written at t or later, and at a mark, or the beginning. What lies
// between was written before t. Of the indexes it reads the ends, and one up to t; of the segments nothing.
func since(dir string, t time.Time) int64 {
	from, ns := int64(0), t.UnixNano()
	names, err := closed(dir)
	if err != nil {
		return 0
	}
	for _, n := range names {
		x := closedIndex(dir, n)
		at, found := x.since(ns, &from)
		x.close()
		if found {
			return at
		}
	}
	x, _, _ := openIndex(filepath.Join(dir, current+".idx"))
	defer x.close()
	at, found := x.since(ns, &from)
	if found {
		return at
	}
	return from
}

// since looks for the first mark of ns or later; from is the offset of the last one that is earlier.
func (x *index) since(ns int64, from *int64) (int64, bool) {
	first, ok1 := x.mark(0)
	last, ok2 := x.mark(x.len() - 1)
	switch {
	case !ok1 || !ok2:
		return 0, false // no index: it is passed if one after it is early
	case first.at >= ns:
		return *from, true
	case last.at < ns:
		*from = last.off
		return 0, false
	}
	x.seek(0)
	for len(x.page) >= markSize || x.load() {
		m := parseMark(x.page)
		x.page = x.page[markSize:]
		if m.at >= ns {
			break
		}
		*from = m.off
	}
	return *from, true
}

// until is an offset behind everything that was written at t or earlier: the start of a segment whose first and last
// marks are later, as those of all after it are. Of the indexes it reads the ends; of the segments nothing.
func until(dir string, t time.Time) int64 {
	x, _, _ := openIndex(filepath.Join(dir, current+".idx")) // before the closed ones are listed: none is missed
	limit, later := x.later(t.UnixNano(), math.MaxInt64)
	x.close()
	names, err := closed(dir)
	for i := len(names) - 1; i >= 0 && later && err == nil; i-- {
		x := closedIndex(dir, names[i])
		limit, later = x.later(t.UnixNano(), limit)
		x.close()
	}
	return limit
}

// later is where the segment starts, if it is all later than ns; else limit.
func (x *index) later(ns, limit int64) (int64, bool) {
	first, ok1 := x.mark(0)
	last, ok2 := x.mark(x.len() - 1)
	if !ok1 || !ok2 || first.at <= ns || last.at <= ns {
		return limit, false
	}
	return first.off, true
}
