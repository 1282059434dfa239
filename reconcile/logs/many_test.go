package logs

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// manySegments is a stream of n closed segments of size bytes each, all but the last compressed ones; each spans span, with
// a mark each 10 ms of writing, 100 lines a mark. Every compressed segment is one file on the disk, linked: 10 GB of logs
// take the room of one segment.
func manySegments(t testing.TB, n int, size int64, span time.Duration) (dir string, begin time.Time) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	dir = filepath.Join(t.TempDir(), "out")
	must(os.MkdirAll(dir, 0o700))
	begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var text []byte
	for i := 0; int64(len(text)) < size; i++ {
		text = fmt.Appendf(text, "%08d request served in %d ms, user %d, %x\n", i, i*7919%977, i*104729%9973, i*2654435761)
	}
	text = append(text[:size-1], '\n')
	one := filepath.Join(t.TempDir(), "one")
	f, err := os.Create(one)
	must(err)
	z, err := zstd.NewWriter(f, zstd.WithLowerEncoderMem(true))
	must(err)
	_, err = z.Write(text)
	must(err)
	must(z.Close())
	must(f.Close())
	const marks = 1000
	idx := func(i int, closed bool) []byte {
		var b []byte
		at, off := begin.Add(time.Duration(i)*span), int64(i)*size
		for m := range int64(marks) {
			b = binary.LittleEndian.AppendUint64(b, uint64(at.Add(span*time.Duration(m)/marks).UnixNano()))
			b = binary.LittleEndian.AppendUint64(b, uint64(off+size*m/marks))
		}
		if closed {
			b = binary.LittleEndian.AppendUint64(b, uint64(at.Add(span).UnixNano()))
			b = binary.LittleEndian.AppendUint64(b, uint64(off+size))
		}
		return b
	}
	for i := range n {
		digits := fmt.Sprintf("%020d", int64(i)*size)
		if os.Link(one, filepath.Join(dir, "@"+digits+zipped)) != nil { // so many links are too many: a file of its own
			b, err := os.ReadFile(one)
			must(err)
			must(os.WriteFile(filepath.Join(dir, "@"+digits+zipped), b, 0o600))
		}
		must(os.WriteFile(filepath.Join(dir, digits+".idx"), idx(i, true), 0o600))
	}
	must(os.WriteFile(filepath.Join(dir, current), text, 0o600))
	must(os.WriteFile(filepath.Join(dir, current+".idx"), idx(n, false), 0o600))
	return dir, begin
}

// moments are a query by time each, all over 10 GB.
func moments(begin time.Time, n int, span time.Duration) map[string]Query {
	whole := time.Duration(n) * span
	q := map[string]Query{"the last 15": {Last: 15, Out: true}, "since a moment ago": {Last: -1, Out: true, Since: begin.Add(whole + span - time.Second)}}
	for _, part := range []int{0, 1, 50, 99} {
		at := begin.Add(whole * time.Duration(part) / 100)
		q[fmt.Sprintf("a second at %d %%", part)] = Query{Last: -1, Out: true, Since: at, Until: at.Add(time.Second)}
		q[fmt.Sprintf("the last 15 until %d %%", part)] = Query{Last: 15, Out: true, Until: at.Add(span / 2)}
		q[fmt.Sprintf("the last 15 of all since %d %%", part)] = Query{Last: 15, Out: true, Since: at}
	}
	return q
}

// TestAQueryByTimeOpensFewFiles holds queries against 10 GB in 1,000 compressed segments, by what is read for them.
func TestAQueryByTimeOpensFewFiles(t *testing.T) {
	const n, size, span = 1000, 100_000, 10 * time.Second // the shape of 10 GB; the bytes would only cost time here
	dir, begin := manySegments(t, n, size, span)
	for name, q := range moments(begin, n, span) {
		before, calls, lines := readBytes(t), readCalls(t), 0
		r := Open([]Source{{ID: "a", Out: dir}}, q)
		if err := r.Read(t.Context(), func(Line) error { lines++; return nil }); err != nil || lines == 0 {
			t.Fatal(name, lines, err)
		}
		r.Close()
		// each index opened for its ends costs two reads of 16 bytes, for all of its marks 16 KB; a segment about 30 KB
		if calls, bytes := readCalls(t)-calls, readBytes(t)-before; calls > 300 || bytes > 500<<10 {
			t.Errorf("%s: %d bytes read in %d calls", name, bytes, calls)
		}
	}
}

// readCalls is how often this process has read so far.
func readCalls(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("only Linux counts")
	}
	n, _ := strconv.Atoi(strings.Fields(string(b))[5])
	return n
}

// BenchmarkTimeIn10GB is a query by time in 10 GB of logs: 1,000 compressed segments of 10 MB.
func BenchmarkTimeIn10GB(b *testing.B) {
	const n, size, span = 1000, 10_000_000, 100 * time.Second
	dir, begin := manySegments(b, n, size, span)
	for name, q := range moments(begin, n, span) {
		b.Run(name, func(b *testing.B) {
			worst := time.Duration(0)
			for b.Loop() {
				at, lines := time.Now(), 0
				r := Open([]Source{{ID: "a", Out: dir}}, q)
				if err := r.Read(b.Context(), func(Line) error { lines++; return nil }); err != nil || lines == 0 {
					b.Fatal(lines, err)
				}
				r.Close()
				worst = max(worst, time.Since(at))
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
		})
	}
}
