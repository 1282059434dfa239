package service

import (
	"slices"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

func TestAClockThatIsSetIsNoSleep(t *testing.T) {
	asleep := time.Hour
	n := nap{asleep: func() time.Duration { return asleep }}
	n.since()
	for _, row := range []struct{ more, want time.Duration }{
		{0, 0}, // the clock was set
		{time.Second, 0},
		{8 * time.Hour, 8 * time.Hour},
		{0, 0}, // told once
	} {
		asleep += row.more
		if got := n.since(); got != row.want {
			t.Errorf("after %s: %s, want %s", row.more, got, row.want)
		}
	}
}

func TestTheAlarmTellsHowLongTheMachineSlept(t *testing.T) {
	var told []time.Duration
	a := newAlarm(func(slept time.Duration) { told = append(told, slept) })
	asleep := time.Minute
	a.nap.asleep = func() time.Duration { return asleep }
	a.nap.since()
	a.ring()
	asleep += time.Hour
	a.ring()
	if !slices.Equal(told, []time.Duration{0, time.Hour}) {
		t.Errorf("it told %v", told)
	}
}

// TestAWakeBeginsAnewWhatAsksForIt: through the daemon, into the intents, the events and what is wanted.
func TestAWakeBeginsAnewWhatAsksForIt(t *testing.T) {
	d := booted(t, t.TempDir())
	s := shop("web", "held", "other")
	for i := range s.Processes {
		if s.Processes[i].Name != "other" {
			s.Processes[i].OnWake = spec.WakeRestart
		}
	}
	until := time.Now().Add(time.Hour)
	d.specs["shop"] = s
	d.intents.Projects["shop"] = &reconcile.Project{File: "/x/kitt.hcl", Holds: map[string]reconcile.Hold{"held": {Until: until}}}
	d.mu.Lock()
	d.rewant(nil)
	d.mu.Unlock()
	running := func(id reconcile.ID) []reconcile.Observed {
		return []reconcile.Observed{{ID: id, State: reconcile.Running}}
	}
	ids := wakers(d.rec.Wanted(), running)
	if want := []reconcile.ID{{Project: "shop", Process: "web", N: 1}}; !slices.Equal(ids, want) {
		t.Fatalf("it would restart %v", ids)
	}
	if over := wakers(d.rec.Wanted(), func(reconcile.ID) []reconcile.Observed { return []reconcile.Observed{{State: reconcile.Exited}} }); len(over) > 0 {
		t.Errorf("what has ended: %v", over)
	}
	d.again(ids, "wake", reconcile.ReasonWake)
	in, _ := d.rec.Wants(ids[0])
	if in.Generation != 2 || in.Cause != "the machine woke up" || !reconcile.Replaces(in.Cause) {
		t.Errorf("wanted is %+v", in)
	}
	kinds := map[string]int{}
	for _, e := range d.events.tail(100) {
		kinds[e.Kind]++
	}
	if kinds["wake"] != 1 {
		t.Errorf("events: %v", kinds)
	}
}

func TestWhatTheAlarmIsFor(t *testing.T) {
	in := func(f func(*spec.Process)) []reconcile.Instance {
		p := spec.Defaults()
		f(&p)
		return []reconcile.Instance{{Process: &p}}
	}
	hold := &reconcile.Hold{Until: time.Now()}
	for _, row := range []struct {
		name string
		list []reconcile.Instance
		p    reconcile.Project
		want bool
	}{
		{"nothing", in(func(*spec.Process) {}), reconcile.Project{Holds: map[string]reconcile.Hold{"web": {}}, Down: &reconcile.Hold{}}, false},
		{"a job", in(func(p *spec.Process) { p.Schedule.Cron = "@daily" }), reconcile.Project{}, true},
		{"restarts at times", in(func(p *spec.Process) { p.Schedule.Restart = "@daily" }), reconcile.Project{}, true},
		{"on_wake", in(func(p *spec.Process) { p.OnWake = spec.WakeRestart }), reconcile.Project{}, true},
		{"a hold that ends", nil, reconcile.Project{Holds: map[string]reconcile.Hold{"web": *hold}}, true},
		{"of a whole project", nil, reconcile.Project{Down: hold}, true},
	} {
		if got := timely(row.list, map[string]*reconcile.Project{"shop": &row.p}); got != row.want {
			t.Errorf("%s: %t", row.name, got)
		}
	}
}

// TestAHoldEndsByTheClock: its end must not carry the monotonic reading, which stands still in a sleep.
func TestAHoldEndsByTheClock(t *testing.T) {
	now := time.Now()
	h := holdOf("stop", api.Order{For: time.Hour, Message: "db moves"}, now)
	if h.Until != h.Until.Round(0) || !h.Until.Equal(now.Add(time.Hour)) || h.Message != "db moves" || h.Deleted {
		t.Errorf("got %+v", h)
	}
	if h := holdOf("delete", api.Order{}, now); !h.Until.IsZero() || !h.Deleted {
		t.Errorf("got %+v", h)
	}
}

// TestAWakeLooksForHoldsThatAreOver: the timer that waits for their end stood still.
func TestAWakeLooksForHoldsThatAreOver(t *testing.T) {
	d := booted(t, t.TempDir())
	for len(d.watch.committed) > 0 {
		<-d.watch.committed
	}
	d.woke(0)
	if len(d.watch.committed) != 1 {
		t.Error("nobody is told")
	}
}
