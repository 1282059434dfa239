package local

import (
	"encoding/json"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
)

func TestTheSleepOfALifeThatAnotherDaemonBegan(t *testing.T) {
	now := time.Now()
	for _, row := range []struct {
		name   string
		asleep time.Duration // at its start
		known  bool
		state  reconcile.State
		ended  time.Duration // ago
		now    time.Duration
		want   time.Duration
	}{
		{"it runs", time.Hour, true, reconcile.Running, 0, 3 * time.Hour, 2 * time.Hour},
		{"no sleep before it", 0, true, reconcile.Running, 0, time.Hour, time.Hour},
		{"it is over, just now", time.Hour, true, reconcile.Exited, 0, 3 * time.Hour, 2 * time.Hour},
		{"the sleep may have come after its end", time.Hour, true, reconcile.Exited, 90 * time.Minute, 3 * time.Hour, 30 * time.Minute},
		{"it must have", time.Hour, true, reconcile.Exited, 5 * time.Hour, 3 * time.Hour, 0},
		{"an older kitt began it", 0, false, reconcile.Running, 0, 3 * time.Hour, 0},
	} {
		o := reconcile.Observed{State: row.state, Exit: reconcile.Exit{At: now.Add(-row.ended)}}
		if row.known {
			o.Asleep = row.asleep + 1
		}
		if noteSleep(&o, now, row.now); o.Slept != row.want {
			t.Errorf("%s: %s, want %s", row.name, o.Slept, row.want)
		}
	}
}

// TestALifeCarriesWhatItsSleepIsCountedFrom: over a new daemon, and the notes that are made of it meanwhile.
func TestALifeCarriesWhatItsSleepIsCountedFrom(t *testing.T) {
	began := time.Now().Add(-time.Hour).Round(0)
	b, _ := json.Marshal(meta{Run: "r", Asleep: int64(Asleep()) + 1 - int64(20*time.Minute)}) // it slept for 20 minutes since
	l := keeper.Life{Name: "shop/web.1#1.a", State: keeper.Running, Started: began, Meta: b}
	r := New(listKeeper{l}, "", "", "")
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	o, _ := r.known(l.Name)
	if o.Slept.Round(time.Minute) != 20*time.Minute || !o.Started.Equal(began) {
		t.Errorf("it slept for %s since %s", o.Slept, o.Started)
	}
	if o.Started == o.Started.Round(0) {
		t.Error("a sleep from now on would count as uptime")
	}
	if metaOf(&o).Asleep != int64(o.Asleep) {
		t.Error("a note forgets it")
	}
	l.State, l.Exit = keeper.Exited, keeper.Exit{How: "exit", Code: 1, At: time.Now().Round(0)}
	r.Happened(keeper.Event{Kind: "exit", Life: l})
	if o, _ = r.known(l.Name); o.Slept.Round(time.Minute) != 20*time.Minute || o.State != reconcile.Exited {
		t.Errorf("its end: %+v", o)
	}
}

func TestTimesGetTheMonotonicReadingAndStayTheSame(t *testing.T) {
	now := time.Now()
	for name, at := range map[string]time.Time{"just now": now.Add(-2 * time.Second), "before the boot": now.Add(-1e6 * time.Hour)} {
		at = at.Round(0)
		if got := anchored(at); !got.Round(0).Equal(at) || got == got.Round(0) {
			t.Errorf("%s: %s became %s", name, at, got)
		}
	}
	future := now.Add(time.Hour).Round(0)
	if anchored(future) != future || !anchored(time.Time{}).IsZero() || !fresh(time.Time{}).IsZero() {
		t.Error("what is not past was changed")
	}
}

// TestALifeIsBegunWithWhatItsSleepIsCountedFrom: and its record has it, for the daemons to come.
func TestALifeIsBegunWithWhatItsSleepIsCountedFrom(t *testing.T) {
	r := start(t)
	in := instance(t.TempDir(), "sleep", "1000")
	l := up(t, r, in)
	if l.Asleep == 0 || l.Slept != 0 {
		t.Errorf("it began with %+v", l)
	}
	o := one(t, heir(t, r), in.ID)
	if o.Asleep != l.Asleep || o.Slept > time.Second {
		t.Errorf("another daemon knows %+v", o)
	}
}
