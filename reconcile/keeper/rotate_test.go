package keeper

import "testing"

func TestBeyond(t *testing.T) {
	at := func(starts ...int64) (out []segment) {
		for _, s := range starts {
			out = append(out, segment{start: s})
		}
		return out
	}
	for _, row := range []struct {
		name   string
		closed []segment
		keep   int
		want   int
	}{
		{"none is none", nil, 2, 0},
		{"as many as are kept stay", at(0, 10), 2, 0},
		{"the oldest goes", at(0, 10, 20), 2, 1},
		{"a segment with two files counts once", at(0, 10, 10, 20), 2, 1},
		{"and goes with both", at(0, 0, 10, 20), 2, 2},
		{"keep none", at(0, 10, 10), 0, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := beyond(row.closed, row.keep); got != row.want {
				t.Errorf("%d files, want %d", got, row.want)
			}
		})
	}
}
