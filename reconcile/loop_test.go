package reconcile_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
	"kitt.sh/spec"
)

var web = ID{Project: "shop", Process: "web", N: 1}

// A bench is a loop over a fake, in a bubble.
type bench struct {
	*testing.T
	f    *runtimetest.Fake
	r    *Reconciler
	stop func() // ends the loop and waits for it

	mu  sync.Mutex
	did []string // "start shop/web.1", with " failed" behind
}

// inBubble runs body with a loop that wants nothing yet.
func inBubble(t *testing.T, body func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{T: t, f: runtimetest.NewFake()}
		b.r = New(b.f, slog.New(slog.DiscardHandler))
		b.r.Did = b.note
		b.run()
		body(b)
		b.stop() // a goroutine that is left fails the bubble
	})
}

func (b *bench) run() {
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.r.Run(ctx) }() // ended by b.stop
	b.stop = func() {
		cancel()
		if err := <-ended; err != context.Canceled {
			b.Errorf("the loop ended with %v", err)
		}
	}
}

func (b *bench) note(a Action, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := string(a.Verb) + " " + a.ID.String()
	if err != nil {
		text += " failed"
	}
	b.did = append(b.did, text)
}

// took returns what was done since the last call.
func (b *bench) took() []string {
	b.let()
	b.mu.Lock()
	defer b.mu.Unlock()
	did := b.did
	b.did = nil
	return did
}

func (b *bench) expect(what string, did ...string) {
	b.Helper()
	got := b.took()
	slices.Sort(got) // several instances are acted on at once
	slices.Sort(did)
	if fmt.Sprint(got) != fmt.Sprint(did) {
		b.Errorf("%s: did %q, want %q", what, got, did)
	}
}

// let lets happen what is about to: a life takes a microsecond to heed a stop.
func (b *bench) let() {
	time.Sleep(10 * time.Microsecond)
	synctest.Wait()
}

// alive returns the only life of id that lives.
func (b *bench) alive(id ID) (found Observed) {
	b.Helper()
	b.let()
	n := 0
	for _, l := range b.f.Past(id) {
		if l.State == Running || l.State == Stopping {
			found = l
			n++
		}
	}
	if n != 1 {
		b.Errorf("%d lives of %s, want 1", n, id)
	}
	return found
}

// instance n of web runs argv; the same pointer is the same spec.
func instances(n int, argv ...string) (out []Instance) {
	p := spec.Defaults()
	p.Name, p.Command, p.Instances = "web", argv, n
	for i := 1; i <= n; i++ {
		out = append(out, Instance{ID: ID{Project: "shop", Process: "web", N: i}, Process: &p, Generation: 1, Run: p.RunDigest(i)})
	}
	return out
}

func TestNothingIsDoneBeforeItIsKnownWhatIsWanted(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.r.Want(instances(1, "sleep"), nil)
		b.expect("at first", "start shop/web.1")
		b.stop()
		b.r = New(b.f, slog.New(slog.DiscardHandler)) // another daemon, which read no spec yet
		b.r.Did = b.note
		b.run()
		time.Sleep(time.Hour)
		b.f.Poke(ID{})
		b.expect("before Want")
		b.r.Want(instances(1, "sleep"), nil)
		time.Sleep(time.Hour)
		b.expect("after the same Want")
		b.r.Want(nil, nil)
		b.expect("after Want of nothing", "stop shop/web.1")
	})
}

func TestCrashesAreFollowedByExactPauses(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.r.Want(instances(1, "exit", "1", "after", "5ms"), nil)
		time.Sleep(time.Minute)
		past := b.f.Past(web)
		pause := 100 * time.Millisecond
		for i := 1; i < len(past); i++ {
			if got := past[i].Started.Sub(past[i-1].Exit.At); got != pause {
				t.Errorf("pause %d was %s, want %s", i, got, pause)
			}
			if h := past[i].History; h.Restarts != i || len(h.Deaths) != i || h.Last.Code != 1 {
				t.Errorf("life %d inherited %+v", i, h)
			}
			pause = min(2*pause, 15*time.Second)
		}
		if len(past) != 11 {
			t.Errorf("%d lives in a minute, want 11", len(past))
		}
	})
}

func TestARestartWhileWaitingStartsAtOnce(t *testing.T) {
	inBubble(t, func(b *bench) {
		want := instances(1, "exit", "1")
		b.r.Want(want, nil)
		time.Sleep(20 * time.Second)
		n := len(b.f.Past(web))
		want = instances(1, "exit", "1")
		want[0].Generation = 2
		b.r.Want(want, nil)
		synctest.Wait()
		past := b.f.Past(web)
		if len(past) != n+1 || past[n].Generation != 2 || len(past[n].History.Deaths) != 0 {
			t.Errorf("%d lives, then %d", n, len(past))
		}
	})
}

func TestAnEditReplacesExactlyOne(t *testing.T) {
	inBubble(t, func(b *bench) {
		want := instances(5, "sleep")
		b.r.Want(want, nil)
		if n := len(b.took()); n != 5 {
			t.Fatalf("%d starts, want 5", n)
		}
		edited := instances(5, "sleep")
		edited[2].Run = "edited"
		b.r.Want(edited, map[string]string{want[2].Run: "env PORT"})
		b.expect("the edit", "stop shop/web.3", "start shop/web.3")
		b.r.Want(instances(5, "sleep")[:4], nil)
		b.expect("one less, and the edit undone", "stop shop/web.5", "stop shop/web.3", "start shop/web.3")
	})
}

func TestARestartStopsBeforeItStarts(t *testing.T) {
	inBubble(t, func(b *bench) {
		want := instances(1, "deaf")
		b.r.Want(want, nil)
		old := b.alive(web)
		want = instances(1, "deaf")
		want[0].Generation = 2
		b.r.Asked(web, 77)
		b.r.Want(want, nil)
		time.Sleep(11 * time.Second)
		if l := b.alive(web); l.Life != old.Life || l.State != Stopping {
			t.Errorf("before the deadline there is %+v", l)
		}
		time.Sleep(2 * time.Second) // the asker's two seconds
		if l := b.alive(web); l.Generation != 2 {
			t.Errorf("after it there is %+v", l)
		}
		if b.f.Counts().Twins > 0 {
			t.Error("a twin was asked for")
		}
	})
}

func TestLostPokesDoNotMatterOnceAllIsLookedAt(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.f.Change(func() { b.f.Lose = 1 })
		b.r.Want(instances(1, "exit", "1", "after", "1m"), nil)
		time.Sleep(time.Hour)
		if n := len(b.f.Past(web)); n != 1 {
			t.Fatalf("%d lives without a poke", n)
		}
		b.f.Poke(ID{})
		synctest.Wait()
		if n := len(b.f.Past(web)); n != 2 {
			t.Errorf("%d lives after a look at all, want 2", n)
		}
	})
}

func TestWantTwiceQuicklyIsTheLastWant(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.r.Want(instances(3, "sleep"), nil)
		b.r.Want(instances(1, "sleep"), nil)
		b.alive(web)
		held := instances(1, "sleep")
		held[0].Hold = "stopped by you"
		b.r.Want(held, nil)
		b.r.Want(instances(1, "sleep"), nil)
		b.alive(web)
		lives, err := b.f.Observe(b.Context())
		if err != nil || len(lives) != 1 {
			t.Errorf("there are %+v, %v", lives, err)
		}
	})
}

func TestFiveHundredStartASafeNumberAtATime(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.f.Change(func() { b.f.Delay = 10 * time.Millisecond })
		b.r.Want(instances(500, "sleep"), nil)
		time.Sleep(10 * time.Second)
		c := b.f.Counts()
		if c.Start != 500 || c.Most != Parallel || c.Forget+c.Stop+c.Tune+c.Twins > 0 {
			t.Errorf("%+v, want 500 starts, %d at once", c, Parallel)
		}
	})
}

func TestAtRestNothingWakes(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.r.Want(instances(50, "sleep"), nil)
		time.Sleep(time.Second)
		before := b.f.Counts()
		time.Sleep(1000 * time.Hour)
		b.r.Want(b.wanted(), nil) // what is wanted already
		time.Sleep(1000 * time.Hour)
		if after := b.f.Counts(); after != before {
			t.Errorf("from %+v to %+v", before, after)
		}
		if d, busy, tried, wakes, _ := b.r.Sizes(); d+busy+tried+wakes != 0 {
			t.Errorf("it remembers %d dirty, %d busy, %d tried, %d wakes", d, busy, tried, wakes)
		}
	})
}

func (b *bench) wanted() (out []Instance) {
	views, _, _ := b.r.Look(time.Now())
	for _, v := range views {
		out = append(out, v.Want)
	}
	return out
}

func TestWhatWasRemovedIsForgotten(t *testing.T) {
	inBubble(t, func(b *bench) {
		for i := range 20 {
			want := instances(5, "exit", "1")
			for k := range want {
				want[k].Run = fmt.Sprint(i, k)
			}
			b.r.Want(want, map[string]string{fmt.Sprint(i-1, 0): "command"})
			time.Sleep(time.Second)
		}
		b.r.Want(nil, map[string]string{"x": "y"})
		time.Sleep(time.Minute)
		views, _, _ := b.r.Look(time.Now())
		d, busy, tried, wakes, why := b.r.Sizes()
		if len(views)+d+busy+tried+wakes != 0 || why > 6 {
			t.Errorf("%d views, %d dirty, %d busy, %d tried, %d wakes, %d reasons are left", len(views), d, busy, tried, wakes, why)
		}
	})
}

func TestWhatNeedsAnotherStartsWhenItRuns(t *testing.T) {
	inBubble(t, func(b *bench) {
		want := instances(3, "sleep")
		for i := range want {
			p := *want[i].Process
			p.Name, want[i].Process = fmt.Sprint("p", i), &p
			want[i].ID.Process, want[i].ID.N = p.Name, 1
			if i > 0 {
				p.DependsOn = map[string]string{fmt.Sprint("p", i-1): "ready"}
			}
		}
		want[0].Hold = "stopped by you"
		b.r.Want(want, nil)
		b.expect("what it needs is held")
		views, _, ok := b.r.Look(time.Now())
		if !ok || !views[2].Verdict.Final || views[2].Verdict.Phase != PhaseWaiting {
			t.Errorf("the last of the row is %+v", views[2].Verdict)
		}
		next := append([]Instance(nil), want...)
		next[0].Hold = ""
		b.r.Want(next, nil)
		b.expect("the hold is lifted", "start shop/p0.1", "start shop/p1.1", "start shop/p2.1")
		b.f.Poke(next[0].ID) // both it and those that need it are looked at, once each
		b.f.Poke(next[1].ID)
		b.expect("a poke of all of them")
	})
}

func TestATwinIsStopped(t *testing.T) {
	inBubble(t, func(b *bench) {
		want := instances(1, "sleep")
		b.r.Want(want, nil)
		first := b.alive(web)
		time.Sleep(time.Second)
		b.f.Twin(want[0])
		b.f.Poke(web)
		b.expect("a twin", "start shop/web.1", "stop shop/web.1")
		if l := b.alive(web); l.Life != first.Life {
			t.Errorf("%s was stopped in place of its twin", first.Life)
		}
	})
}

func TestRetryStartsWhatIsDownForGood(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.r.Want(instances(1, "missing"), nil)
		b.expect("it cannot start", "start shop/web.1")
		time.Sleep(time.Hour)
		b.expect("and nothing more is done")
		for range 2 {
			if err := b.r.Retry(b.Context(), []ID{web}); err != nil {
				t.Fatal(err)
			}
			b.expect("a retry", "start shop/web.1")
		}
	})
}

func TestLookTellsWhenItIsOutOfDate(t *testing.T) {
	inBubble(t, func(b *bench) {
		synctest.Wait()
		_, changed, ok := b.r.Look(time.Now())
		if !ok {
			t.Error("nothing was looked at")
		}
		b.r.Want(instances(1, "sleep"), nil)
		<-changed
		synctest.Wait()
		views, changed, _ := b.r.Look(time.Now())
		if len(views) != 1 || views[0].Verdict.Phase != PhaseRunning || views[0].Busy {
			t.Errorf("it shows %+v", views)
		}
		b.f.Kill(web, Exit{How: "exit", Code: 1})
		<-changed
		do := b.r.Would(time.Now(), nil, nil, nil)
		if len(do) != 1 || do[0].Verb != Forget {
			t.Errorf("it would %+v", do)
		}
	})
}

func TestTheEndOfTheLoopStartsNothingMore(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.f.Change(func() { b.f.Delay = 10 * time.Second })
		b.r.Want(instances(100, "sleep"), nil)
		synctest.Wait()
		b.stop()
		if c := b.f.Counts(); c.Start != Parallel {
			t.Errorf("%d starts were begun, want the first %d", c.Start, Parallel)
		}
		b.run()
	})
}
