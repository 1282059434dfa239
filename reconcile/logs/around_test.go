package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// marked are the lines of a reader: > before what is meant, - before what is beside it, -- where some were left out.
func marked(t *testing.T, r *Reader) (out []string) {
	t.Helper()
	if err := r.Read(t.Context(), func(l Line) error {
		mark := ">"
		if l.Near {
			mark = "-"
		}
		if l.Apart && len(out) > 0 {
			out = append(out, "--")
		}
		out = append(out, mark+strings.TrimSpace(string(l.Text)))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func hit(line []byte) bool { return strings.Contains(string(line), "x") }

func TestLinesHaveTheirNeighbours(t *testing.T) {
	for _, row := range []struct {
		name                string
		last, before, after int
		text, want          string
	}{
		{"before and after", -1, 1, 1, "a b x c d", "-b >x -c"},
		{"groups that do not touch are apart", -1, 1, 1, "a x1 b c d x2 e", "-a >x1 -b -- -d >x2 -e"},
		{"groups that touch are one", -1, 1, 1, "a x1 b c x2 d", "-a >x1 -b -c >x2 -d"},
		{"a line between two is there once", -1, 2, 2, "x1 b x2", ">x1 -b >x2"},
		{"only after", -1, 0, 2, "a x b c d", ">x -b -c"},
		{"only before", -1, 2, 0, "a b c x d", "-b -c >x"},
		{"neighbours do not count for the last", 1, 1, 1, "a x1 b c d x2 e", "-d >x2 -e"},
		{"a line between the last two is kept for the last", 1, 1, 1, "x1 b x2 c", "-b >x2 -c"},
		{"the last two of three", 2, 1, 1, "a x1 b c x2 d e f x3 g", "-c >x2 -d -- -f >x3 -g"},
		{"none meant, none beside", -1, 2, 2, "a b c", ""},
		{"none of the past", 0, 1, 1, "a x b", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWriter(t)
			w.write(strings.ReplaceAll(row.text, " ", "\n") + "\n")
			got := marked(t, w.open(Query{Last: row.last, Keep: hit, Before: row.before, After: row.after}))
			if text := strings.Join(got, " "); text != row.want {
				t.Errorf("got %q, want %q", text, row.want)
			}
		})
	}
}

func TestNeighboursComeLater(t *testing.T) {
	w := newWriter(t)
	w.write("a\nx\n")
	r := w.open(Query{Last: -1, Keep: hit, Before: 1, After: 2})
	got := marked(t, r)
	w.write("b\nc\nd\ne\nx2\n")
	got = append(got, marked(t, r)...)
	if text := strings.Join(got, " "); text != "-a >x -b -c -- -e >x2" {
		t.Error(text)
	}
}

// TestNeighboursOfAnyLines holds random streams against the plain definition: a line is there if one that is meant is near.
func TestNeighboursOfAnyLines(t *testing.T) {
	for seed := range uint64(300) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		before, after, last := rnd.IntN(4), rnd.IntN(4), rnd.IntN(5)-1
		var lines []string
		var hits []int
		for i := range rnd.IntN(40) {
			text := fmt.Sprintf("a%d", i)
			if rnd.IntN(5) == 0 {
				text = fmt.Sprintf("x%d", i)
				hits = append(hits, i)
			}
			lines = append(lines, text)
		}
		if last == 0 || before+after == 0 {
			continue
		}
		if last > 0 {
			hits = hits[max(0, len(hits)-last):]
		}
		var want []string
		for i, text := range lines {
			near := func(h int) bool { return i >= h-before && i < h || i > h && i <= h+after }
			switch {
			case slices.Contains(hits, i):
				want = append(want, ">"+text)
			case slices.ContainsFunc(hits, near): // one that is meant, but not among the last, too
				want = append(want, "-"+text)
			}
		}
		w := newWriter(t)
		if len(lines) > 0 {
			w.write(strings.Join(lines, "\n") + "\n")
		}
		got := slices.DeleteFunc(marked(t, w.open(Query{Last: last, Keep: hit, Before: before, After: after})), func(s string) bool { return s == "--" })
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, -n %d -B %d -A %d of %v:\n got %v\nwant %v", seed, last, before, after, lines, got, want)
		}
	}
}
