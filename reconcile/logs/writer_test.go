package logs

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A writer writes a stream's folder as the keeper does, step by step in the same order.
type writer struct {
	t        testing.TB
	dir      string
	cur, idx *os.File
	start    int64
	size     int64
	mark     int64
	now      func() int64
	fake     bool // the clock
	stamps   bool // a mark for each piece
	keep     int
	most     int64
}

func newWriter(t testing.TB) *writer { return newWriterIn(t, filepath.Join(t.TempDir(), "out")) }

func newWriterIn(t testing.TB, dir string) *writer {
	w := &writer{t: t, dir: dir, now: func() int64 { return time.Now().UnixNano() }, keep: 1 << 30, most: 1 << 40}
	w.must(os.MkdirAll(dir, 0o700))
	w.begin(0)
	t.Cleanup(func() { w.cur.Close(); w.idx.Close() })
	return w
}

// frozen sets the clock.
func (w *writer) frozen(sec int64) *writer {
	w.now, w.fake = func() int64 { return sec * 1e9 }, true
	if w.mark = 0; w.start+w.size == 0 {
		w.must(w.idx.Truncate(0))
		w.putMark(sec*1e9, 0)
	}
	return w
}

func (w *writer) must(err error) {
	if err != nil {
		w.t.Helper()
		panic(err)
	}
}

func (w *writer) path(name string) string { return filepath.Join(w.dir, name) }

func (w *writer) begin(start int64) {
	var err error
	w.cur, err = os.OpenFile(w.path("current"), os.O_RDWR|os.O_CREATE, 0o600)
	w.must(err)
	w.idx, err = os.OpenFile(w.path("current.idx"), os.O_RDWR|os.O_CREATE|os.O_APPEND|os.O_TRUNC, 0o600)
	w.must(err)
	w.start, w.size = start, 0
	w.putMark(w.now(), start)
}

func (w *writer) putMark(ns, off int64) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], uint64(ns))
	binary.LittleEndian.PutUint64(b[8:], uint64(off))
	_, err := w.idx.Write(b[:])
	w.must(err)
	w.mark = ns
}

// write is the keeper's: check, the bytes in slices, their mark behind them, rotation in the middle of a line.
func (w *writer) write(s string) {
	for b := []byte(s); len(b) > 0; {
		w.check()
		n := min(int64(len(b)), w.most-w.size)
		at := w.now()
		_, err := w.cur.WriteAt(b[:n], w.size)
		w.must(err)
		if w.fake {
			w.must(os.Chtimes(w.path("current"), time.Unix(0, at), time.Unix(0, at)))
		}
		if at-w.mark >= 10e6 || w.stamps {
			w.putMark(at, w.start+w.size)
		}
		w.size, b = w.size+n, b[n:]
		if w.size >= w.most {
			w.rotate()
		}
	}
}

// check is the keeper's store.check with look.
func (w *writer) check() {
	st, err := w.cur.Stat()
	w.must(err)
	if st.Size() != w.size {
		end := w.start + w.size
		w.size, w.start = st.Size(), end-st.Size()
		w.must(w.idx.Truncate(0))
		w.putMark(w.now(), w.start)
	}
	if at, err := os.Stat(w.path("current")); err != nil || !os.SameFile(at, st) {
		end := w.start + w.size
		w.cur.Close()
		w.idx.Close()
		w.must(os.MkdirAll(w.dir, 0o700))
		os.Remove(w.path("current.idx"))
		w.begin(end)
	}
}

func (w *writer) rotate() {
	end, digits := w.start+w.size, fmt.Sprintf("%020d", w.start)
	w.putMark(w.now(), end)
	w.must(os.Rename(w.path("current"), w.path("@"+digits+".log")))
	w.must(os.Rename(w.path("current.idx"), w.path(digits+".idx")))
	w.cur.Close()
	w.idx.Close()
	names, err := closed(w.dir)
	w.must(err)
	for _, n := range names[:max(0, len(names)-w.keep)] {
		os.Remove(n.path(w.dir))
		os.Remove(n.index(w.dir))
	}
	w.begin(end)
}

func read(t testing.TB, r *Reader) (out []string) {
	t.Helper()
	if err := r.Read(context.Background(), func(l Line) error { out = append(out, string(l.Text)); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *writer) open(q Query) *Reader {
	q.Out = true
	r := Open([]Source{{ID: "a.1", Out: w.dir}}, q)
	w.t.Cleanup(func() { r.Close() })
	return r
}

// raw is all that is stored, as `kitt logs -n all --raw` prints it.
func (w *writer) raw() string {
	var b bytes.Buffer
	r := w.open(Query{Last: -1})
	w.must(r.Read(context.Background(), func(l Line) error { b.Write(l.Text); return nil }))
	return b.String()
}

// numbered are lines from..to-1, each of about size bytes.
func numbered(from, to, size int) string {
	var b bytes.Buffer
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%08d %s\n", i, bytes.Repeat([]byte{byte('a' + i%26)}, size-10))
	}
	return b.String()
}

// checker wants the numbered lines in their order, whole.
type checker struct {
	t       testing.TB
	next    int
	size    int
	gaps    bool // whole lines may be missing, for they were deleted
	skipped int
}

func (c *checker) line(text []byte) {
	var n int
	if _, err := fmt.Sscanf(string(text[:min(9, len(text))]), "%08d ", &n); err != nil || string(text) != numbered(n, n+1, c.size) {
		if c.gaps {
			return // a line that was cut in two by a deletion
		}
		c.t.Fatalf("torn line behind %d: %.40q (%d bytes)", c.next-1, text, len(text))
	}
	if n < c.next || n > c.next && !c.gaps {
		c.t.Fatalf("line %d where %d is due", n, c.next)
	}
	c.skipped += n - c.next
	c.next = n + 1
}
