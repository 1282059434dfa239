package logs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBytesComeBackAsTheyWere(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":              "",
		"one line":             "a\n",
		"no end":               "a\nb",
		"empty lines":          "\n\n\na\n\n",
		"NUL and no UTF-8":     "\x00\xff\xfe\r\n\x80\n\x00",
		"over 64 KiB":          "a\n" + strings.Repeat("b", 70<<10) + "\nc\n",
		"over 1 MiB":           "a\n" + strings.Repeat("b", 5<<19) + "\nc\n",
		"over 1 MiB, no end":   strings.Repeat("b", 5<<19),
		"exactly a part, ends": strings.Repeat("b", maxLine) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			w.most = 100_003
			w.write(text)
			same(t, w.raw(), text)
			if err := Compress(context.Background(), w.dir); err != nil {
				t.Fatal(err)
			}
			same(t, w.raw(), text)
		})
	}
}

func TestLastIsOverAllSources(t *testing.T) {
	root := t.TempDir()
	var sources []Source
	var want []string
	for i := range 3 {
		w := newWriterIn(t, fmt.Sprintf("%s/%d/out", root, i))
		for j := range 50 {
			w.frozen(int64(100 + j*3 + i)).write(fmt.Sprintf("%03d\n", j*3+i))
			if j%10 == 9 {
				w.rotate()
			}
		}
		if err := Compress(context.Background(), w.dir); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, Source{ID: fmt.Sprint(i), Out: w.dir})
	}
	for i := range 150 {
		want = append(want, fmt.Sprintf("%03d\n", i))
	}
	for n := -1; n <= 152; n++ {
		r := Open(sources, Query{Last: n, Out: true})
		got, due := read(t, r), want
		if n >= 0 {
			due = want[max(0, 150-n):]
		}
		if !slices.Equal(got, due) {
			t.Fatalf("-n %d: %q", n, got)
		}
		if got := read(t, r); got != nil {
			t.Fatalf("-n %d, second Read: %q", n, got)
		}
		r.Close()
	}
}

func TestSinceIsTrueToTheMarks(t *testing.T) {
	w := newWriter(t)
	for i := range 30 {
		w.frozen(int64(i * 10)).write(fmt.Sprintf("half %d, ", i))
		w.write(fmt.Sprintf("line %d\n", i))
		if i%7 == 6 {
			w.rotate()
		}
	}
	for sec := -5; sec < 310; sec += 5 {
		var want []string
		for i := max(0, (sec+9)/10); i < 30; i++ {
			want = append(want, fmt.Sprintf("half %d, line %d\n", i, i))
		}
		got := read(t, w.open(Query{Last: -1, Since: time.Unix(int64(sec), 0)}))
		if !slices.Equal(got, want) {
			t.Fatalf("since %d: %q, want %q", sec, got, want)
		}
	}
}

func TestSinceOutlivesAClockThatWasSetBack(t *testing.T) {
	w := newWriter(t)
	for i, sec := range []int64{100, 200, 50, 60, 300} {
		w.frozen(sec).write(fmt.Sprintf("%d at %d\n", i, sec))
		w.mark = 0 // the keeper's next mark is by its own clock
	}
	got := read(t, w.open(Query{Last: -1, Since: time.Unix(150, 0)}))
	if !slices.Contains(got, "1 at 200\n") || !slices.Contains(got, "4 at 300\n") {
		t.Errorf("%q", got)
	}
}

func TestLinesOfOneTimeKeepTheOrderOfTheSources(t *testing.T) {
	root := t.TempDir()
	var sources []Source
	for i := range 4 {
		w := newWriterIn(t, fmt.Sprintf("%s/%d/out", root, i)).frozen(7)
		w.write(fmt.Sprintf("%d a\n%d b\n", i, i))
		sources = append(sources, Source{ID: fmt.Sprint(i), Out: w.dir})
	}
	for range 3 {
		got := strings.Join(read(t, Open(sources, Query{Last: -1, Out: true})), "")
		same(t, got, "0 a\n0 b\n1 a\n1 b\n2 a\n2 b\n3 a\n3 b\n")
	}
}

func TestTimesAreThoseOfTheFirstByte(t *testing.T) {
	w := newWriter(t)
	w.frozen(10).write("first half, ")
	w.rotate()
	w.frozen(20).write("second half\nnext\n")
	var got []int64
	err := w.open(Query{Last: -1}).Read(t.Context(), func(l Line) error { got = append(got, l.At.Unix()); return nil })
	if err != nil || !slices.Equal(got, []int64{10, 20}) {
		t.Error(got, err)
	}
}

func TestHarmToAStreamIsOutlived(t *testing.T) {
	zeroes := func(w *writer, n int) string { return fmt.Sprintf("%020d", n) }
	for name, row := range map[string]struct {
		harm func(w *writer)
		want string // after "a\n" and "b\n" in segments of their own, "c\n" in the current one; then "d\n"
	}{
		"nothing":            {func(w *writer) {}, "a b c d"},
		"index of current":   {func(w *writer) { os.Remove(w.path("current.idx")) }, "a b c d"},
		"all indexes":        {func(w *writer) { os.Remove(w.path("current.idx")); os.Remove(w.path(zeroes(w, 0) + ".idx")) }, "a b c d"},
		"torn index":         {func(w *writer) { os.Truncate(w.path(zeroes(w, 2)+".idx"), 17) }, "a b c d"},
		"current truncated":  {func(w *writer) { os.Truncate(w.path("current"), 0) }, "a b d"},
		"current removed":    {func(w *writer) { os.Remove(w.path("current")) }, "a b d"},
		"a segment removed":  {func(w *writer) { os.Remove(w.path("@" + zeroes(w, 2) + ".log")) }, "a c d"},
		"strange files":      {func(w *writer) { os.WriteFile(w.path("@x.log"), nil, 0o600); os.Mkdir(w.path("@.log"), 0o700) }, "a b c d"},
		"a half compression": {func(w *writer) { os.WriteFile(w.path("half.@"+zeroes(w, 0)+".log.zst"), []byte("x"), 0o600) }, "a b c d"},
		"all removed":        {func(w *writer) { os.RemoveAll(w.dir) }, "d"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			for _, s := range []string{"a\n", "b\n"} {
				w.write(s)
				w.rotate()
			}
			w.write("c\n")
			follow := w.open(Query{Last: -1})
			same(t, strings.Join(read(t, follow), ""), "a\nb\nc\n")
			row.harm(w)
			if got := read(t, follow); got != nil {
				t.Errorf("the follower reads again %q", got)
			}
			w.write("d\n")
			same(t, strings.Join(read(t, follow), ""), "d\n")
			same(t, strings.Join(strings.Fields(w.raw()), " "), row.want)
		})
	}
}

func TestABrokenSegmentIsToldAndPassed(t *testing.T) {
	for name, harm := range map[string]func(b []byte) []byte{
		"no zstd at all": func(b []byte) []byte { return []byte("hello") },
		"cut":            func(b []byte) []byte { return b[:len(b)/2] },
		"empty":          func(b []byte) []byte { return nil },
		"a flipped bit":  func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			w.write(numbered(0, 1000, 50))
			w.rotate()
			w.write("next\n")
			if err := Compress(context.Background(), w.dir); err != nil {
				t.Fatal(err)
			}
			zst := w.path("@00000000000000000000.log.zst")
			os.WriteFile(zst, harm([]byte(slurp(t, zst))), 0o600)
			r, last := w.open(Query{Last: -1}), ""
			err := r.Read(t.Context(), func(l Line) error { last = string(l.Text); return nil })
			if last != "next\n" {
				t.Errorf("last is %q", last)
			}
			if name != "empty" && (err == nil || !strings.Contains(err.Error(), zst)) {
				t.Errorf("error: %v", err)
			}
			if got := read(t, r); got != nil {
				t.Errorf("again: %q", got)
			}
			k := copier(t, Copy{Path: w.path("../copy"), From: []Feed{{w.dir, "out", 1}}}, w.path("../state"))
			_ = k.Pump(t.Context(), nil)
			if !strings.HasSuffix(slurp(t, w.path("../copy")), "next\n") {
				t.Error("the copy stops there")
			}
		})
	}
}

// The keeper renames the segment first, its index next, and makes the new ones after that.
func TestNoStepOfARotationMixesTimesOrPlaces(t *testing.T) {
	digits := fmt.Sprintf("%020d", 0)
	steps := []func(w *writer){
		func(w *writer) { w.putMark(w.now(), 2) },
		func(w *writer) { os.Rename(w.path("current"), w.path("@"+digits+".log")) },
		func(w *writer) { os.Rename(w.path("current.idx"), w.path(digits+".idx")) },
		func(w *writer) { os.WriteFile(w.path("current"), nil, 0o600) },
		func(w *writer) { os.WriteFile(w.path("current.idx"), nil, 0o600) },
		func(w *writer) { os.WriteFile(w.path("current.idx"), []byte("torn"), 0o600) },
		func(w *writer) { w.begin(2) },
	}
	for n := range len(steps) + 1 {
		w := newWriter(t).frozen(10)
		w.write("a\n")
		follow := w.open(Query{Last: -1})
		read(t, follow)
		w.frozen(20)
		for _, step := range steps[:n] {
			step(w)
			if got := read(t, follow); got != nil {
				t.Fatalf("step %d: follower reads %q", n, got)
			}
		}
		fresh := w.open(Query{Last: -1})
		err := fresh.Read(t.Context(), func(l Line) error {
			if l.At.Unix() != 10 || string(l.Text) != "a\n" {
				t.Errorf("step %d: %v %q", n, l.At, l.Text)
			}
			return nil
		})
		if err != nil || len(read(t, fresh)) > 0 {
			t.Errorf("step %d: %v", n, err)
		}
		for _, step := range steps[n:] {
			step(w)
		}
		w.frozen(30).write("b\n")
		for _, r := range []*Reader{follow, fresh} {
			if got := read(t, r); !slices.Equal(got, []string{"b\n"}) {
				t.Errorf("step %d: then %q", n, got)
			}
		}
	}
}

func TestAFollowerGetsWholeLinesOnly(t *testing.T) {
	w := newWriter(t)
	r := w.open(Query{Last: 5, Whole: true})
	w.write("a\nhal")
	if got := read(t, r); !slices.Equal(got, []string{"a\n"}) {
		t.Errorf("%q", got)
	}
	w.rotate()
	w.write("f\n")
	if got := read(t, r); !slices.Equal(got, []string{"half\n"}) {
		t.Errorf("%q", got)
	}
}

func TestAnErrorLosesNoLine(t *testing.T) {
	w := newWriter(t)
	w.write(numbered(0, 100, 20))
	r, c, stop := w.open(Query{Last: -1}), &checker{t: t, size: 20}, errors.New("stop")
	for c.next < 100 {
		n := 0
		err := r.Read(context.Background(), func(l Line) error {
			c.line(l.Text)
			if n++; n == 7 {
				return stop
			}
			return nil
		})
		if err != nil && err != stop {
			t.Fatal(err)
		}
	}
}

func TestNewSourcesAreReadFromTheirBeginning(t *testing.T) {
	a, b := newWriter(t), newWriter(t)
	a.write("1\n2\n3\n")
	r := a.open(Query{Last: 1})
	same(t, strings.Join(read(t, r), ""), "3\n")
	b.write("x\ny\n")
	for range 2 {
		r.Follow([]Source{{ID: "a.1", Out: a.dir + "/"}, {ID: "b.1", Out: b.dir, Err: filepath.Join(b.dir, "none")}})
	}
	same(t, strings.Join(read(t, r), ""), "x\ny\n")
}

// The keeper marks bytes after it wrote them: who reads between must not give them the time of the mark before.
func TestBytesThatAreNotMarkedYetAreOfNow(t *testing.T) {
	w := newWriter(t)
	w.frozen(time.Now().Unix() - 3600).write("an hour ago\n")
	r := w.open(Query{Last: -1})
	read(t, r)
	appendTo(w.path("current"), "now\n")
	w.size += 4
	var at time.Time
	note := func(l Line) error { at = l.At; return nil }
	if err := r.Read(t.Context(), note); err != nil || time.Since(at) > time.Minute {
		t.Error(at, err)
	}
	w.putMark(7e9, w.start+w.size-4)
	if err := w.open(Query{Last: -1}).Read(t.Context(), note); err != nil || at.Unix() != 7 {
		t.Error(at, err)
	}
}
