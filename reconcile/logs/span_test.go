package logs

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// minutes is a stream of a line each minute, a rotation each ten.
func minutes(t *testing.T, n int) *writer {
	w := newWriter(t)
	for i := range n {
		w.frozen(int64(i * 60)).write(fmt.Sprintf("%d\n", i))
		if i%10 == 9 {
			w.rotate()
		}
	}
	return w
}

func TestASpanOfTimeIsReadToItsEnds(t *testing.T) {
	w := minutes(t, 95)
	if err := Compress(context.Background(), w.dir); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < 95; from += 7 {
		for to := from; to < 97; to += 6 {
			var want []string
			for i := from; i <= min(to, 94); i++ {
				want = append(want, fmt.Sprintf("%d\n", i))
			}
			q := Query{Last: -1, Since: time.Unix(int64(from*60), 0), Until: time.Unix(int64(to*60), 0)}
			if got := read(t, w.open(q)); !slices.Equal(got, want) {
				t.Fatalf("%d to %d: %q", from, to, got)
			}
			q.Last = 2
			if got := read(t, w.open(q)); !slices.Equal(got, want[max(0, len(want)-2):]) {
				t.Fatalf("the last 2 of %d to %d: %q", from, to, got)
			}
		}
	}
}

func TestASpanEndsWhereTheStoreIsLater(t *testing.T) {
	w := minutes(t, 95)
	for _, row := range []struct {
		name string
		min  int64
		want int64
	}{
		{"before all: at the start", -5, 0},
		{"within a segment: at the next mark", 25, 10*2 + 16*3},
		{"at the end of a segment: at the next one's start", 29, 80},
		{"within the last: at the next mark", 93, 10*2 + 84*3},
		{"after all: nowhere", 99, 1<<63 - 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := until(w.dir, (row.min*60+1)*1e9); got != row.want {
				t.Errorf("%d, want %d", got, row.want)
			}
		})
	}
}

func TestNoneOfThePastIsNoHalfLineLater(t *testing.T) {
	w := newWriter(t)
	w.write("past\nbegun in the past, ")
	r := w.open(Query{Last: 0, Whole: true})
	if got := read(t, r); got != nil {
		t.Fatalf("%q", got)
	}
	w.rotate()
	w.write("ended now\nnew\n")
	if got, want := read(t, r), []string{"begun in the past, ended now\n", "new\n"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestTheLastLinesUntilAMomentAreNotThoseOfTheEnd(t *testing.T) {
	got := read(t, minutes(t, 95).open(Query{Last: 2, Until: time.Unix(31*60, 0)}))
	if want := []string{"30\n", "31\n"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestNothingOutsideASpanIsRead(t *testing.T) {
	w := minutes(t, 95)
	if err := Compress(context.Background(), w.dir); err != nil {
		t.Fatal(err)
	}
	names, err := closed(w.dir)
	w.must(err)
	for i, n := range names {
		if i != 3 && i != 4 { // minutes 30 to 49
			w.must(os.WriteFile(n.path(w.dir), []byte("junk"), 0o600))
		}
	}
	got := read(t, w.open(Query{Last: -1, Since: time.Unix(35*60, 0), Until: time.Unix(44*60, 0)}))
	if len(got) != 10 {
		t.Errorf("%q", got)
	}
}

func TestAStreamThatCannotBeReadIsTold(t *testing.T) {
	w := newWriter(t)
	w.write("x\n")
	w.must(os.Remove(w.path("current")))
	w.must(os.Mkdir(w.path("current"), 0o700))
	for name, dir := range map[string]string{"a file in its place": t.TempDir() + "/out", "a folder in the place of a segment": w.dir} {
		if dir != w.dir {
			w.must(os.WriteFile(dir, nil, 0o600))
		}
		for _, q := range []Query{{Last: -1}, {Last: 15}, {Last: -1, Since: time.Unix(1, 0)}, {Last: 3, Until: time.Unix(4e9, 0)}} {
			q.Out = true
			r := Open([]Source{{ID: "a", Out: dir}}, q)
			if err := r.Read(t.Context(), func(Line) error { return nil }); err == nil {
				t.Errorf("%s, %+v: nothing is told", name, q)
			}
			r.Close()
		}
	}
}
