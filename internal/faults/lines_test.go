package faults

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func init() {
	roles["lines"] = asLines
	roles["sleep"] = func([]string) int { select {} }
}

// asLines writes numbered lines of 64 bytes until the file STOP appears, then how many there were: @lines ID STOP PACE.
// At the pace "some" it writes in bursts, so that a short run does not fill a disk; "few" are few, and "flat" is as fast
// as they are taken.
func asLines(args []string) int {
	time.AfterFunc(5*time.Minute, func() { os.Exit(3) }) // where the test that would end it is dead itself
	id, stop := args[0], args[1]
	most := map[string]int{"few": 50, "some": 200, "flat": 1000}[args[2]]
	pause := map[string]time.Duration{"few": 5 * time.Millisecond, "some": 2 * time.Millisecond}[args[2]]
	var buf []byte
	for n := 0; ; {
		buf = buf[:0]
		for range 1 + n%most {
			buf = appendLine(buf, id, n)
			n++
		}
		if _, err := os.Stdout.Write(buf); err != nil {
			return 98
		}
		if _, err := os.Stat(stop); err == nil {
			fmt.Printf("@%s:END %d$\n", id, n)
			return 0
		}
		time.Sleep(pause)
	}
}

// appendLine appends the line of 64 bytes with this number. It does with little, so that writers are fast.
func appendLine(b []byte, id string, n int) []byte {
	at := len(b)
	b = append(append(append(b, '@'), id...), ":000000000 "...)
	b = append(b, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"[:62+at-len(b)]...)
	for i := at + len(id) + 10; n > 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, '$', '\n')
}

// writers are n processes that write numbered lines until the file "stop" is there; more are lines of each block.
func (w *world) writers(n int, more ...string) []string {
	pace := "some"
	if *long {
		pace = "flat"
	}
	return w.writersAt(pace, n, more...)
}

func (w *world) writersAt(pace string, n int, more ...string) (blocks []string) {
	more = append([]string{`restart { policy = "never" }`}, more...)
	for i := range n {
		blocks = append(blocks, process(fmt.Sprintf("w%d", i), own("lines", strconv.Itoa(i), w.at("stop"), pace), more...))
	}
	return blocks
}

// bigLog keeps all, in files that need no unpacking.
const bigLog = "log {\n max_size = \"1GB\"\n keep = 10000\n compress = false\n}"

// stopWriters ends them, and finds what is missing, doubled or torn.
func (w *world) stopWriters(n int) {
	w.Helper()
	w.file("stop", "")
	for i := range n {
		id := fmt.Sprintf("w%d.1", i)
		w.ended(id)
		checkLines(w.T, strconv.Itoa(i), raw(w.T, w.store(id, "out")), 0)
	}
}

// ended waits until a writer's last word is stored.
func (w *world) ended(id string) {
	w.Helper()
	w.until("the end of "+id, func() bool {
		f, err := os.Open(w.store(id, "out") + "/current")
		if err != nil {
			return false
		}
		defer f.Close()
		st, _ := f.Stat()
		b := make([]byte, 40)
		n, _ := f.ReadAt(b, max(0, st.Size()-40))
		return bytes.Contains(b[:n], []byte(":END ")) && bytes.HasSuffix(b[:n], []byte("$\n"))
	})
}

// checkLines finds what is missing, doubled or torn in a writer's text, which must begin with the line first, and end
// with the word of how many there were.
func checkLines(t *testing.T, id string, text []byte, first int) {
	t.Helper()
	bad := faultyLines(id, text, first)
	for _, b := range bad[:min(len(bad), 3)] {
		t.Errorf("writer %s: %s", id, b)
	}
}

func faultyLines(id string, text []byte, next int) (bad []string) {
	head := []byte("@" + id + ":")
	for len(text) > 0 {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		text = rest
		n := -1
		switch {
		case whole && len(line) == 63 && bytes.HasPrefix(line, head) && line[62] == '$':
			n = number(line[len(head) : len(head)+9])
		case string(line) == fmt.Sprintf("@%s:END %d$", id, next):
			if len(text) > 0 {
				bad = append(bad, fmt.Sprintf("%d bytes behind its end", len(text)))
			}
			return bad
		}
		if n != next {
			bad = append(bad, fmt.Sprintf("where line %d belongs is %q", next, line[:min(len(line), 80)]))
		}
		next = max(n, next) + 1
	}
	return append(bad, fmt.Sprintf("no end after %d lines", next))
}

// number is that of nine digits, -1 if they are none.
func number(digits []byte) (n int) {
	for _, d := range digits {
		if d < '0' || d > '9' {
			return -1
		}
		n = 10*n + int(d-'0')
	}
	return n
}

// raw is all that a stream's folder holds, read from its files alone; holes between them are faults.
func raw(t *testing.T, dir string) []byte {
	t.Helper()
	for range 100 { // a rotation may come between the listing and the reading
		names, _ := filepath.Glob(dir + "/@*.log")
		slices.Sort(names)
		text, err := readAll(append(names, dir+"/current"))
		again, _ := filepath.Glob(dir + "/@*.log")
		slices.Sort(again)
		if slices.Equal(names, again) && (err == nil || os.IsNotExist(err)) {
			checkOffsets(t, names)
			return text
		}
	}
	t.Fatalf("%s: does not stand still", dir)
	return nil
}

func readAll(names []string) (text []byte, err error) {
	for _, name := range names {
		var b []byte
		if b, err = os.ReadFile(name); err != nil {
			break
		}
		text = append(text, b...)
	}
	return text, err
}

// checkOffsets compares the names of closed segments, which tell where each begins, with their sizes.
func checkOffsets(t *testing.T, names []string) {
	t.Helper()
	end := int64(-1)
	for _, name := range names {
		begin, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "@"), ".log"), 10, 64)
		if end >= 0 && begin != end {
			t.Errorf("%s begins at %d, the one before ends at %d", name, begin, end)
		}
		if st, err := os.Stat(name); err == nil {
			end = begin + st.Size()
		}
	}
}

// lineNumbers are the numbers in the first whole line of a writer's text, and in its last; -1 where there is none.
func lineNumbers(text []byte) (first, last int) {
	first, last = -1, -1
	for len(text) > 0 {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		text = rest
		if len(line) != 63 || line[0] != '@' {
			continue
		}
		if n := number(line[3:12]); n >= 0 {
			if last = n; first < 0 {
				first = n
			}
		}
	}
	return first, last
}

// TestTheCheckerSees each kind of fault, or the others prove nothing.
func TestTheCheckerSees(t *testing.T) {
	var good []byte
	for n := range 5 {
		good = appendLine(good, "0", n)
	}
	end := []byte("@0:END 5$\n")
	cut := func(from, to int) []byte { return append(append(bytes.Clone(good[:from]), good[to:]...), end...) }
	for _, row := range []struct {
		name string
		text []byte
		bad  int
	}{
		{"all is there", cut(0, 0), 0},
		{"a line is missing", cut(64, 128), 1},
		{"the last line is missing", cut(256, 320), 2}, // and the end says so
		{"half a line is missing", cut(100, 128), 2},
		{"a line is there twice", append(bytes.Clone(good[:128]), append(bytes.Clone(good[64:]), end...)...), 1},
		{"there is no end", good, 1},
		{"there is more behind the end", append(cut(0, 0), 'x'), 1},
		{"a byte is another", append(bytes.Replace(good, []byte("x$"), []byte("x#"), 1), end...), 1},
	} {
		if bad := faultyLines("0", row.text, 0); (len(bad) > 0) != (row.bad > 0) {
			t.Errorf("%s: %q", row.name, bad)
		}
	}
}
