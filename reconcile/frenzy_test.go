package reconcile_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
)

func TestWhatFailsIsTriedAgainEverySecond(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.f.Change(func() { b.f.Fail = 1 })
		b.r.Want(instances(1, "sleep"), nil)
		time.Sleep(10 * time.Second)
		b.f.Change(func() { b.f.Fail = 0 })
		time.Sleep(time.Second)
		b.alive(web)
		c := b.f.Counts()
		if c.Observe < 8 || c.Observe > 20 || c.Twins > 0 {
			t.Errorf("in 11 s: %+v", c)
		}
	})
}

// A stubborn Runtime can be looked at, but its verbs fail, and each failure pokes.
type stubborn struct{ *runtimetest.Fake }

func (s stubborn) Start(_ context.Context, in Instance, _ History) error {
	s.Poke(in.ID)
	return fmt.Errorf("no")
}

func TestAFailureThatPokesIsNotTriedInAFrenzy(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.stop()
		b.r = New(stubborn{b.f}, slog.New(slog.DiscardHandler))
		b.r.Did = b.note
		b.run()
		b.r.Want(instances(1, "sleep"), nil)
		time.Sleep(10*time.Second + time.Millisecond)
		if n := len(b.took()); n != 11 {
			t.Errorf("%d starts in ten seconds, want 11", n)
		}
		want := instances(1, "sleep")
		want[0].Generation = 2
		b.r.Want(want, nil)
		b.expect("a restart while it fails is tried at once", "start shop/web.1 failed")
	})
}

// An idle Runtime says yes and does nothing.
type idle struct{ *runtimetest.Fake }

func (idle) Start(context.Context, Instance, History) error { return nil }

func TestWhatChangesNothingIsNotDoneInAFrenzy(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.stop()
		b.r = New(idle{b.f}, slog.New(slog.DiscardHandler))
		b.r.Did = b.note
		b.run()
		b.r.Want(instances(1, "sleep"), nil)
		time.Sleep(10*time.Second + time.Millisecond)
		if n := len(b.took()); n != 11 {
			t.Errorf("%d starts in ten seconds, want 11", n)
		}
	})
}

func TestABusyInstanceIsNotActedOnTwice(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.f.Change(func() { b.f.Delay = time.Second })
		for n := range uint64(20) {
			want := instances(1, "sleep")
			want[0].Generation = n + 1
			b.r.Want(want, nil)
			b.f.Poke(web)
			b.f.Poke(ID{})
			time.Sleep(time.Millisecond)
		}
		if c := b.f.Counts(); c.Most != 1 {
			t.Errorf("%d verbs at once on one instance", c.Most)
		}
		time.Sleep(time.Minute)
		if l := b.alive(web); l.Generation != 20 {
			t.Errorf("the last word was 20, there is %+v", l)
		}
	})
}
