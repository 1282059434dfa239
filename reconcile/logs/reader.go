package logs

import (
	"context"
	"math"
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
	Near   bool // not meant itself, but beside a line that is: see Query.Before
	Apart  bool // lines between the one before and this one were left out; only where the query has Before or After
}

// A Query says which lines are meant.
type Query struct {
	Last     int // lines of the past over all sources; below 0: all
	Out, Err bool
	Since    time.Time              // lines that began earlier are left out
	Until    time.Time              // lines that began later are left out; zero: none
	Keep     func(line []byte) bool // nil keeps all
	From     map[string]int64       // folders -> where to begin, instead of Last and Since: what At said
	Before   int                    // with Keep: so many lines before each that it keeps, in the merged order,
	After    int                    // and after; neither counts for Last
	Whole    bool                   // a last line that has no end yet waits for it; for those who go on reading
}

// A Reader reads the stored streams of several instances as one, in the order of time. It remembers where it was.
type Reader struct {
	q       Query
	sources []*source
	known   map[string]bool // folders
	begun   bool
	past    past    // of the first Read
	near    *around // nil: no neighbours are meant
}

// past keeps the last lines that it was given.
type past interface {
	put(l Line) error
	each(emit func(Line) error) error
}

// Open returns a Reader of the sources. It reads nothing yet.
func Open(sources []Source, q Query) *Reader {
	r := &Reader{q: q, known: map[string]bool{}, past: &ring{most: q.Last}}
	if q.Keep != nil && q.Before+q.After > 0 {
		r.near, r.past = &around{keep: q.Keep, before: q.Before, after: q.After}, &group{most: q.Last, before: q.Before}
	}
	r.Follow(sources)
	return r
}

// Follow adds the sources that are new; these are read from their beginning once reading has begun.
func (r *Reader) Follow(sources []Source) {
	for _, s := range sources {
		if r.q.Out {
			r.add(s.ID, "out", s.Out)
		}
		if r.q.Err {
			r.add(s.ID, "err", s.Err)
		}
	}
}

func (r *Reader) add(id, stream, dir string) {
	clean := filepath.Clean(dir)
	if dir == "" || r.known[clean] {
		return
	}
	r.known[clean] = true
	most := int64(math.MaxInt64)
	if !r.q.Until.IsZero() {
		most = until(clean, r.q.Until.UnixNano())
	}
	at := r.from(clean, most)
	s := &source{id: id, stream: stream, order: len(r.sources), lines: newLineReader(clean, at), taken: at,
		whole: r.q.Whole, keep: r.q.Keep, skipTo: r.q.Since, skipAfter: r.q.Until, most: most}
	if r.near != nil {
		s.keep = nil // judged among its neighbours
	}
	r.sources = append(r.sources, s)
}

// from is the offset at which reading a stream begins, of which nothing from most on is meant.
func (r *Reader) from(dir string, most int64) (off int64) {
	if at, ok := r.q.From[dir]; ok {
		return max(at, 0)
	}
	if r.begun {
		return 0
	}
	if !r.q.Since.IsZero() {
		off = since(dir, r.q.Since.UnixNano())
	}
	if r.q.Last >= 0 && r.q.Keep == nil && off < most {
		off = max(off, tail(dir, r.q.Last, most))
	}
	return off
}

// Read hands over every line that is stored now and was not handed over yet, in the order of time; the first call
// keeps to Last and Since. What cannot be read is passed over, and told at the end. After an error of emit or ctx,
// the next call goes on behind the line that was handed over last.
func (r *Reader) Read(ctx context.Context, emit func(Line) error) error {
	if r.begun || r.q.Last < 0 {
		r.begun = true
		return r.merge(ctx, emit)
	}
	err := r.merge(ctx, r.past.put)
	if ctx.Err() != nil {
		return err
	}
	r.begun = true
	if failed := r.past.each(emit); failed != nil {
		return failed
	}
	r.past = nil
	return err
}

// merge hands over the lines of all sources as they come in time.
func (r *Reader) merge(ctx context.Context, emit func(Line) error) error {
	if r.near != nil {
		emit = r.near.over(emit)
	}
	h := gather(r.sources)
	for n := 0; len(h) > 0; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line := h[0].next
		err := emit(line)
		h.taken()
		if err != nil {
			return err
		}
	}
	return troubles(r.sources)
}

// At is where the next Read goes on, by folder: for Query.From of another Reader, at any later time.
func (r *Reader) At() map[string]int64 {
	at := make(map[string]int64, len(r.sources))
	for _, s := range r.sources {
		at[s.lines.cur.dir] = s.taken
	}
	return at
}

// Ended says that nothing more will be written: the next Read hands over last lines that have no end as well.
func (r *Reader) Ended() {
	for _, s := range r.sources {
		s.whole = false
	}
}

// Close lets go of the files.
func (r *Reader) Close() error {
	for _, s := range r.sources {
		s.lines.close()
	}
	return nil
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
