package logs

import (
	"cmp"
	"container/heap"
	"errors"
	"io"
	"math"
	"time"
)

// A source is one stream among others, with its next line.
type source struct {
	id, stream string
	order      int
	lines      *lineReader
	whole      bool                   // a last line without an end waits for it
	keep       func(line []byte) bool // nil keeps all
	skipTo     time.Time
	skipAfter  time.Time // zero: nothing
	most       int64     // if skipAfter: what starts here or later is later

	next   Line
	ready  bool  // next is there
	taken  int64 // offset behind the last line that was handed over or left out
	until  int64 // lines that start here or later are left for another time
	broken error
}

// bound sets until to what is stored now: a writer who is faster than us must not hold us for ever.
func (s *source) bound() {
	s.until = math.MaxInt64
	if e := end(s.lines.cur.dir); e >= s.lines.pos {
		s.until = e
	}
	if !s.skipAfter.IsZero() {
		s.until = min(s.until, s.most)
	}
}

// advance reads the source's next line that is meant; false if there is none yet.
func (s *source) advance() bool {
	for !s.ready {
		if s.lines.pos >= s.until {
			return false
		}
		text, at, err := s.lines.next(s.whole)
		if err == io.EOF {
			return false
		}
		if err != nil {
			if s.broken != nil {
				return false // told first, tried again at the next call
			}
			s.broken = err
			continue
		}
		if at.Before(s.skipTo) || !s.skipAfter.IsZero() && at.After(s.skipAfter) || s.keep != nil && !s.keep(text) {
			s.taken = s.lines.pos
			continue
		}
		s.next, s.ready = Line{ID: s.id, Stream: s.stream, At: at, Text: text}, true
	}
	return true
}

// byTime is a heap of sources by the time of their next lines; lines of one time keep the order of the sources.
type byTime []*source

func (h byTime) Len() int { return len(h) }
func (h byTime) Less(i, j int) bool {
	return cmp.Or(h[i].next.At.Compare(h[j].next.At), cmp.Compare(h[i].order, h[j].order)) < 0
}
func (h byTime) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byTime) Push(x any)   { *h = append(*h, x.(*source)) }
func (h *byTime) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// gather lists the sources that have a line, up to what is stored now.
func gather(sources []*source) byTime {
	var h byTime
	for _, s := range sources {
		if !s.ready && s.lines.idle() {
			continue
		}
		s.bound()
		if s.advance() {
			h = append(h, s)
		}
	}
	heap.Init(&h)
	return h
}

// taken goes on behind the line of the first source.
func (h *byTime) taken() {
	s := (*h)[0]
	s.ready, s.taken = false, s.lines.pos
	if s.advance() {
		heap.Fix(h, 0)
	} else {
		heap.Pop(h)
	}
}

// troubles are what could not be read since the last call.
func troubles(sources []*source) error {
	var errs []error
	for _, s := range sources {
		if s.broken != nil {
			errs = append(errs, s.broken)
			s.broken = nil
		}
	}
	return errors.Join(errs...)
}
