package logs

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
)

// storm writes lines while others compress, and runs read until all was written and read once more.
func storm(t *testing.T, w *writer, lines, size int, read func(done bool)) {
	var written, stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() { // ends when all is written
		for i := 0; i < lines; i += 7 {
			w.write(numbered(i, min(i+7, lines), size))
		}
		written.Store(true)
	})
	wg.Go(func() { // ends with stop
		for !stop.Load() {
			if err := Compress(context.Background(), w.dir); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer wg.Wait()
	defer stop.Store(true)
	for !written.Load() {
		read(false)
	}
	read(true)
}

func TestAFollowerLosesNothingInAStorm(t *testing.T) {
	w := newWriter(t)
	w.most = 10_001 // a rotation every 100 lines, in the middle of one
	r := w.open(Query{Last: -1, Whole: true})
	c := &checker{t: t, size: 100}
	storm(t, w, 40_000, 100, func(bool) {
		if err := r.Read(context.Background(), func(l Line) error { c.line(l.Text); return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if c.next != 40_000 {
		t.Errorf("read %d of 40000", c.next)
	}
}

func TestEveryFullReadInAStormIsWhole(t *testing.T) {
	w := newWriter(t)
	w.most = 30_001
	last := 0
	storm(t, w, 20_000, 100, func(done bool) {
		r := Open([]Source{{ID: "a.1", Out: w.dir}}, Query{Last: -1, Out: true, Whole: true})
		defer r.Close()
		c := &checker{t: t, size: 100}
		if err := r.Read(context.Background(), func(l Line) error { c.line(l.Text); return nil }); err != nil {
			t.Fatal(err)
		}
		if c.next < last {
			t.Fatalf("a later read has fewer lines: %d after %d", c.next, last)
		}
		last = c.next
	})
	if last != 20_000 {
		t.Errorf("read %d of 20000", last)
	}
}

func TestADeleterTakesAwayOnlyWhatItDeletes(t *testing.T) {
	w := newWriter(t)
	w.most, w.keep = 10_000, 3 // ends of segments are ends of lines
	r := w.open(Query{Last: -1, Whole: true})
	c := &checker{t: t, size: 100, gaps: true}
	storm(t, w, 40_000, 100, func(done bool) {
		if err := r.Read(context.Background(), func(l Line) error { c.line(l.Text); return nil }); err != nil {
			t.Fatal(err)
		}
	})
	if c.next != 40_000 {
		t.Errorf("the last line read is %d", c.next-1)
	}
	full := &checker{t: t, size: 100, gaps: true}
	for _, l := range read(t, w.open(Query{Last: -1})) {
		full.line([]byte(l))
	}
	if got := 40_000 - full.skipped; full.next != 40_000 || got < 300 {
		t.Errorf("%d lines are left, at least 300 were kept", got)
	}
}

func TestACopyInAStormIsWhole(t *testing.T) {
	w := newWriter(t)
	w.most = 10_001
	dest, state := t.TempDir()+"/copy", t.TempDir()+"/state"
	c := Copy{Path: dest, From: []Feed{{w.dir, "out", 1}}}
	var k *Copier
	n := 0
	storm(t, w, 40_000, 100, func(bool) {
		if n++; n%3 == 1 { // the one before is abandoned, as by a kill
			k, _ = NewCopier(c, state)
		}
		if err := k.Pump(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	})
	same(t, slurp(t, dest), numbered(0, 40_000, 100))
}
