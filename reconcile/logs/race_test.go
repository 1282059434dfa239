package logs

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// Each segment holds its own START: what is opened as current must be what its index says, however often it is
// rotated between the two.
func TestCurrentIsNeverReadByTheIndexOfAnother(t *testing.T) {
	w := newWriter(t)
	w.keep = 2
	var over atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() { // ends after so many rotations
		defer over.Store(true)
		for range 6_000 {
			w.write(fmt.Sprintf("%09d\n", w.start))
			w.rotate()
		}
	})
	seen := 0
	for !over.Load() {
		s, err := openCurrent(w.dir)
		if err != nil {
			t.Fatal(err)
		}
		if s == nil {
			continue
		}
		b := make([]byte, 9)
		if n, _ := s.Read(b); n == 9 {
			seen++
			if start, _ := strconv.ParseInt(string(b), 10, 64); start != s.start {
				t.Errorf("segment of %d is taken for that of %d", start, s.start)
			}
		}
		s.close()
	}
	wg.Wait()
	t.Logf("seen %d", seen)
}

func TestAReadEndsThoughTheWriterDoesNot(t *testing.T) {
	w := newWriter(t)
	w.write("a\nb\n")
	r, n := w.open(Query{Last: -1}), 0
	err := r.Read(t.Context(), func(Line) error {
		if n++; n > 100 {
			t.Fatal("it goes on")
		}
		w.write("more\n")
		return nil
	})
	if err != nil || n != 2 || len(read(t, r)) != 2 {
		t.Error(n, err)
	}
}

func TestMarksBehindOneThatRunsBackwardsAreLeftOut(t *testing.T) {
	var b []byte
	for _, m := range []mark{{1, 0}, {2, 10}, {3, 5}, {4, 20}} {
		b = binary.LittleEndian.AppendUint64(b, uint64(m.at))
		b = binary.LittleEndian.AppendUint64(b, uint64(m.off))
	}
	path := t.TempDir() + "/x.idx"
	os.WriteFile(path, append(b, "torn"...), 0o600)
	x, _, _ := openIndex(path)
	for off, want := range map[int64]int64{0: 1, 9: 1, 10: 2, 25: 2} {
		y := x
		if m, ok := y.at(off); !ok || m.at != want {
			t.Errorf("at %d: %v", off, m)
		}
		x, _, _ = openIndex(path)
	}
}
