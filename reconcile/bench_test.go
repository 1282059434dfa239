package reconcile_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
)

// running is a loop at rest over n instances.
func running(b *testing.B, n int) (*Reconciler, *runtimetest.Fake) {
	f := runtimetest.NewFake()
	r := New(f, slog.New(slog.DiscardHandler))
	r.Want(instances(n, "sleep"), nil)
	step(b, r)
	step(b, r)
	return r, f
}

func step(b *testing.B, r *Reconciler) {
	todo, _ := r.Turn(b.Context())
	for id, do := range todo {
		r.Act(b.Context(), id, do)
	}
}

// BenchmarkTurn is one instance's poke among n: it must not grow with n.
func BenchmarkTurn(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, _ := running(b, n)
			for b.Loop() {
				r.Poked(web)
				step(b, r)
			}
		})
	}
}

// BenchmarkLook is what status costs.
func BenchmarkLook(b *testing.B) {
	r, _ := running(b, 500)
	for b.Loop() {
		r.Look(time.Now())
	}
}

// BenchmarkWant is what a save of the spec costs that changed nothing, with another reading of the file.
func BenchmarkWant(b *testing.B) {
	r, _ := running(b, 500)
	want := [][]Instance{instances(500, "sleep"), instances(500, "sleep")}
	for i := 0; b.Loop(); i++ {
		r.Want(want[i%2], nil)
		step(b, r)
	}
}

// BenchmarkCrash is one restart among 500, 100 of which wait for theirs.
func BenchmarkCrash(b *testing.B) {
	r, f := running(b, 500)
	for n := 2; n <= 101; n++ {
		f.Kill(ID{Project: "shop", Process: "web", N: n}, Exit{How: "exit", Code: 1})
		r.Poked(ID{Project: "shop", Process: "web", N: n})
	}
	step(b, r)
	for b.Loop() {
		f.Kill(web, Exit{How: "exit", Code: 1})
		r.Poked(web)
		step(b, r) // it waits
		if err := r.Retry(b.Context(), []ID{web}); err != nil {
			b.Fatal(err)
		}
		step(b, r) // it starts
		step(b, r)
	}
}
