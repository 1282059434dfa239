package logs

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

const benchLines = 500_000

// stocked is a store of lines of 100 bytes, with a mark every 100 lines.
func stocked(b testing.TB, lines int) *writer {
	w := newWriter(b)
	w.most = 10 << 20
	now := time.Now().Unix()*1e9 - int64(time.Hour)
	w.frozen(now / 1e9)
	w.now = func() int64 { now += 10e6; return now }
	text := strings.Repeat(strings.Repeat("x", 99)+"\n", 100)
	for range lines / 100 {
		w.write(text)
	}
	return w
}

func rate(b *testing.B, lines int) {
	b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
}

func BenchmarkRead(b *testing.B) {
	w := stocked(b, benchLines)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		r := Open([]Source{{ID: "a", Out: w.dir}}, Query{Last: -1, Out: true})
		if err := r.Read(context.Background(), func(Line) error { n++; return nil }); err != nil || n != benchLines {
			b.Fatal(n, err)
		}
		r.Close()
	}
	rate(b, benchLines)
}

func BenchmarkReadTwoStreams(b *testing.B) {
	w, v := stocked(b, benchLines/2), stocked(b, benchLines/2)
	b.ReportAllocs()
	for b.Loop() {
		r := Open([]Source{{ID: "a", Out: w.dir, Err: v.dir}}, Query{Last: -1, Out: true, Err: true})
		if err := r.Read(context.Background(), func(Line) error { return nil }); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
	rate(b, benchLines)
}

func benchCopy(b *testing.B, c Copy) {
	w := stocked(b, benchLines)
	dir := b.TempDir()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		c.Path, c.From = filepath.Join(dir, strconv.Itoa(n)), []Feed{{w.dir, "out", 1}}
		k, _ := NewCopier(c, dir+"/state."+strconv.Itoa(n))
		if err := k.Pump(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
		os.Remove(c.Path)
	}
	rate(b, benchLines)
}

func BenchmarkCopy(b *testing.B) { benchCopy(b, Copy{}) }

func BenchmarkCopyStamped(b *testing.B) { benchCopy(b, Copy{Stamp: "2006-01-02T15:04:05"}) }

func BenchmarkCopyObjects(b *testing.B) { benchCopy(b, Copy{JSON: true, Name: "a"}) }

// BenchmarkFollow is what a line that comes costs its follower, whose stream has an index of 100,000 marks.
func BenchmarkFollow(b *testing.B) {
	w := newWriter(b)
	w.write("first\n")
	now := time.Now().UnixNano()
	w.idx.Write(bytes.Repeat([]byte(slurp(b, w.path("current.idx")))[:16], 100_000))
	w.now = func() int64 { now += 10e6; return now }
	r := w.open(Query{Last: -1})
	read(b, r)
	b.ReportAllocs()
	for b.Loop() {
		w.write("line\n")
		_ = r.Read(context.Background(), func(Line) error { return nil })
	}
}

// BenchmarkIdlePump is what a copy costs when others have grown.
func BenchmarkIdlePump(b *testing.B) {
	w := newWriter(b)
	w.write("first\n")
	k := copier(b, Copy{Path: b.TempDir() + "/copy", From: []Feed{{w.dir, "out", 1}}}, b.TempDir()+"/state")
	pump(b, k)
	b.ReportAllocs()
	for b.Loop() {
		_ = k.Pump(context.Background(), nil)
	}
}

// readBytes is how much this process has read so far.
func readBytes(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("only Linux counts")
	}
	n, _ := strconv.Atoi(strings.Fields(string(b))[1])
	return n
}

func TestTheEndOfALargeStoreIsFoundByReadingLittle(t *testing.T) {
	w := stocked(t, 2_000_000) // 200 MB
	for name, q := range map[string]Query{
		"last 15": {Last: 15, Out: true},
		"since":   {Last: -1, Out: true, Since: time.Unix(0, w.now()).Add(-200 * time.Millisecond)},
	} {
		before, n := readBytes(t), 0
		r := w.open(q)
		if err := r.Read(t.Context(), func(Line) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		if got := readBytes(t) - before; got > 400<<10 || n == 0 {
			t.Errorf("%s: %d bytes read for %d lines", name, got, n)
		}
	}
}
