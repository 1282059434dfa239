package logs

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// written writes lines to two streams at random times, each line its own time in ns, and reads both as one.
func written(t *testing.T, seed uint64, stamps bool) (at []int64) {
	rnd := rand.New(rand.NewPCG(seed, 2))
	now := int64(1_000_000_000_000)
	out, err := newWriter(t), newWriter(t)
	for _, w := range []*writer{out, err} {
		w.frozen(now / 1e9)
		w.now, w.stamps, w.most = func() int64 { return now }, stamps, 500
	}
	for range 200 {
		now += 1000 + rnd.Int64N([]int64{1e4, 1e6, 3e7}[rnd.IntN(3)]) // bursts and pauses
		w := []*writer{out, err}[rnd.IntN(2)]
		w.write(fmt.Sprintf("%d\n", now))
	}
	r := Open([]Source{{ID: "a.1", Out: out.dir, Err: err.dir}}, Query{Last: -1, Out: true, Err: true})
	defer r.Close()
	for _, line := range read(t, r) {
		var n int64
		fmt.Sscan(line, &n)
		at = append(at, n)
	}
	return at
}

func TestStreamsAreInOrderTo10ms(t *testing.T) {
	for seed := range uint64(50) {
		latest := int64(0)
		for i, at := range written(t, seed, false) {
			if at < latest-10e6 {
				t.Fatalf("seed %d: line %d comes %d µs behind a later one", seed, i, (latest-at)/1000)
			}
			latest = max(latest, at)
		}
	}
}

func TestStreamsWithTimestampsAreInOrder(t *testing.T) {
	for seed := range uint64(50) {
		all := written(t, seed, true)
		for i := 1; i < len(all); i++ {
			if all[i] < all[i-1] {
				t.Fatalf("seed %d: line %d was written %d µs before the one before it", seed, i, (all[i-1]-all[i])/1000)
			}
		}
		if len(all) != 200 {
			t.Fatalf("seed %d: %d lines", seed, len(all))
		}
	}
}
