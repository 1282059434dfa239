package logs

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
)

// closedAt makes a closed segment of 1,000 bytes a minute, at these minutes.
func closedAt(w *writer, at ...int64) {
	for _, min := range at {
		w.frozen(min * 60).write(strings.Repeat("x", 999) + "\n")
		w.rotate()
	}
}

func left(t *testing.T, w *writer) (out []int64) {
	names, err := closed(w.dir)
	w.must(err)
	for _, n := range names {
		out = append(out, n.start/1000)
	}
	return out
}

func are(got []int64, want ...int64) bool { return slices.Equal(got, want) }

func TestTrimRemovesTheOldestOverAllStreams(t *testing.T) {
	a, b := newWriter(t), newWriter(t)
	closedAt(a, 1, 3, 5)
	closedAt(b, 2, 4, 6)
	a.write("now\n")
	dirs := []string{a.dir, b.dir, a.dir + "/nowhere"}
	before := Usage(a.dir) + Usage(b.dir)
	n, freed, err := Trim(dirs, before)
	if n != 0 || freed != 0 || err != nil {
		t.Fatalf("within the budget: %d, %d, %v", n, freed, err)
	}
	n, freed, err = Trim(dirs, before-2500) // three of them
	if n != 3 || err != nil || Usage(a.dir)+Usage(b.dir) != before-freed {
		t.Fatalf("%d, %d, %v", n, freed, err)
	}
	if !are(left(t, a), 2) || !are(left(t, b), 1, 2) {
		t.Errorf("left %v and %v", left(t, a), left(t, b))
	}
	if n, _, err = Trim(dirs, 0); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got := a.raw(); got != "now\n" {
		t.Errorf("what grows is %q", got)
	}
	if _, err := os.Stat(a.path("current.idx")); err != nil {
		t.Error(err)
	}
}

func TestTrimKnowsCompressedSegments(t *testing.T) {
	w := newWriter(t)
	closedAt(w, 1, 2, 3)
	if err := Compress(context.Background(), w.dir); err != nil {
		t.Fatal(err)
	}
	if n, _, err := Trim([]string{w.dir}, Usage(w.dir)-1); n != 1 || err != nil || !are(left(t, w), 1, 2) {
		t.Errorf("%d, %v, %v", n, err, left(t, w))
	}
}

func TestAClockThatWasSetBackMakesNoHole(t *testing.T) {
	w := newWriter(t)
	closedAt(w, 10, 2, 11)
	if n, _, err := Trim([]string{w.dir}, Usage(w.dir)-1); n != 1 || err != nil || !are(left(t, w), 1, 2) {
		t.Errorf("%d, %v, %v", n, err, left(t, w))
	}
}

func TestAReaderGoesOnBehindWhatWasTrimmed(t *testing.T) {
	w := newWriter(t)
	w.most = 1000
	w.write(numbered(0, 50, 100))
	r := w.open(Query{Last: -1, Whole: true})
	read(t, r)
	w.write(numbered(50, 100, 100))
	if _, _, err := Trim([]string{w.dir}, 2000); err != nil {
		t.Fatal(err)
	}
	c := &checker{t: t, next: 50, size: 100, gaps: true}
	for _, l := range read(t, r) {
		c.line([]byte(l))
	}
	if c.next != 100 {
		t.Errorf("read up to %d", c.next)
	}
}

func TestTrimTellsWhatItCannotRemove(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root removes everything")
	}
	w := newWriter(t)
	closedAt(w, 1, 2)
	w.must(os.Chmod(w.dir, 0o500))
	defer os.Chmod(w.dir, 0o700)
	if n, _, err := Trim([]string{w.dir}, 0); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}
