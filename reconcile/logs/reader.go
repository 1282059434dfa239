package logs

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"
)

// A Source is one instance and the folders of its streams.
type Source struct{ ID, Out, Err string }

// A Line is one stored line. Text holds its line break, but for the last line of a stream that has none yet, and for
// parts of lines over 1 MiB. Text is valid until the next one is handed over.
type Line struct {
	ID     string
	Stream string // out or err
	At     time.Time
	Text   []byte
}

// A Query says which lines are meant.
type Query struct {
	Last     int // lines of the past over all sources; below 0: all
	Out, Err bool
	Since    time.Time
	Keep     func(line []byte) bool // nil keeps all
}

// A Reader reads the stored streams of several instances as one, in the order of time. It remembers where it was.
type Reader struct {
	q       Query
	sources []*source
	known   map[string]bool // folders
	begun   bool
}

// A source is one stream of a Reader, with its next line.
type source struct {
	id, stream string
	order      int
	lines      *lineReader
	next       Line
	skipTo     time.Time
	broken     error
}

// Open returns a Reader of the sources. It reads nothing yet.
func Open(sources []Source, q Query) *Reader {
	r := &Reader{q: q, known: map[string]bool{}}
	r.Follow(sources)
	return r
}

// Follow adds the sources that are new; these are read from their beginning once reading has begun.
func (r *Reader) Follow(sources []Source) {
	for _, s := range sources {
		for _, stream := range []struct {
			name, dir string
			want      bool
		}{{"out", s.Out, r.q.Out}, {"err", s.Err, r.q.Err}} {
			if dir := filepath.Clean(stream.dir); stream.want && stream.dir != "" && !r.known[dir] {
				r.known[dir] = true
				r.sources = append(r.sources, &source{id: s.ID, stream: stream.name, order: len(r.sources),
					lines: newLineReader(dir, r.from(dir)), skipTo: r.q.Since})
			}
		}
	}
}

// from is the offset at which reading a stream begins.
func (r *Reader) from(dir string) int64 {
	switch {
	case r.begun:
		return 0
	case r.q.Last >= 0 && r.q.Keep == nil && r.q.Since.IsZero():
		return tail(dir, r.q.Last)
	case !r.q.Since.IsZero():
		return since(dir, r.q.Since)
	}
	return 0
}

// Read hands over every stored line that was not handed over yet, in the order of time; the first call keeps to
// Last and Since. What cannot be read is passed over, and told at the end.
func (r *Reader) Read(ctx context.Context, emit func(Line) error) error {
	if !r.begun && r.q.Last >= 0 {
		ring := ring{most: r.q.Last}
		if err := r.merge(ctx, ring.put); err != nil {
			return err
		}
		r.begun = true
		return ring.each(emit)
	}
	r.begun = true
	return r.merge(ctx, emit)
}

// merge hands over the lines of all sources as they come in time.
func (r *Reader) merge(ctx context.Context, emit func(Line) error) error {
	var h byTime
	var troubles error
	for _, s := range r.sources {
		if s.advance(r.q) {
			h = append(h, s)
		}
	}
	heap.Init(&h)
	for n := 0; len(h) > 0; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s := h[0]
		if err := emit(s.next); err != nil {
			return err
		}
		if s.advance(r.q) {
			heap.Fix(&h, 0)
		} else {
			heap.Pop(&h)
		}
	}
	for _, s := range r.sources {
		troubles = errors.Join(troubles, s.broken)
		s.broken = nil
	}
	return troubles
}

// advance reads the source's next line that is meant; false if there is none yet.
func (s *source) advance(q Query) bool {
	for {
		text, at, err := s.lines.next()
		if err == io.EOF {
			return false
		}
		if err != nil && len(text) == 0 {
			if s.broken != nil {
				return false
			}
			s.broken = err
			continue
		}
		if at.Before(s.skipTo) || q.Keep != nil && !q.Keep(text) {
			continue
		}
		s.next = Line{s.id, s.stream, at, text}
		return true
	}
}

// Close lets go of the files.
func (r *Reader) Close() error {
	for _, s := range r.sources {
		s.lines.close()
	}
	return nil
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

// ring keeps the last lines that it was given.
type ring struct {
	most, at int
	lines    []Line
}

func (g *ring) put(l Line) error {
	if g.most == 0 {
		return nil
	}
	if len(g.lines) < g.most {
		l.Text = append([]byte(nil), l.Text...)
		g.lines = append(g.lines, l)
		return nil
	}
	old := &g.lines[g.at]
	l.Text = append(old.Text[:0], l.Text...)
	*old = l
	g.at = (g.at + 1) % g.most
	return nil
}

func (g *ring) each(emit func(Line) error) error {
	for i := range g.lines {
		if err := emit(g.lines[(g.at+i)%len(g.lines)]); err != nil {
			return err
		}
	}
	return nil
}
