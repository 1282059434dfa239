package reconcile

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"kitt.sh/spec"
)

// sleeps is t as a clock shows it after the machine slept for d more than t's own reading knows: its wall clock went on, its
// monotonic one stood still.
func sleeps(t time.Time, d time.Duration) time.Time {
	t = t.Add(d)
	(*struct { // a time.Time with a monotonic reading
		wall uint64
		mono int64
		loc  *time.Location
	})(unsafe.Pointer(&t)).mono -= int64(d)
	return t
}

func TestASimulatedSleepIsOne(t *testing.T) {
	now := time.Now()
	later := sleeps(now.Add(time.Second), time.Hour)
	if awake, wall := later.Sub(now), later.Round(0).Sub(now.Round(0)); awake != time.Second || wall != time.Hour+time.Second {
		t.Fatalf("awake %s, by the clock %s", awake, wall)
	}
}

// TestTimeAsleepIsNoUptime: a life that began, slept for an hour with the machine and died is as young as it was awake.
func TestTimeAsleepIsNoUptime(t *testing.T) {
	began := time.Now()
	died := sleeps(began.Add(2*time.Second), time.Hour)
	end := Observed{State: Exited, Started: began, Exit: Exit{How: "exit", Code: 1, At: died}}
	unseen := end // of a daemon that began after the sleep: it knows the clock's times, and how long the machine slept
	unseen.Started, unseen.Exit.At, unseen.Slept = began.Round(0), died.Round(0), time.Hour
	for name, o := range map[string]Observed{"seen by one daemon": end, "by two": unseen} {
		o.History.Deaths = []Death{{At: began, Ran: time.Second}, {At: began, Ran: time.Second}}
		h := inherit(o)
		if ran := h.Deaths[2].Ran; ran != 2*time.Second {
			t.Errorf("%s: it ran for %s", name, ran)
		}
		r := spec.Defaults().Restart
		if n := streak(r, h.Deaths); n != 3 {
			t.Errorf("%s: %d deaths in a row: the sleep counts as a stable life", name, n)
		}
		if r.Max, r.MinUptime = 1, time.Minute; !spent(r, h.Deaths[2:]) {
			t.Errorf("%s: an early death does not count for restart.max", name)
		}
	}
	unseen.Slept = 2 * time.Hour // a clock that was set back meanwhile
	if ran := inherit(unseen).Deaths[0].Ran; ran != 0 {
		t.Errorf("it ran for %s", ran)
	}
}

// TestASleepIsNoPartOfAPause: what was left of it before is left after, and people are told when that is.
func TestASleepIsNoPartOfAPause(t *testing.T) {
	died := time.Now()
	in := wants(restart(func(r *spec.Restart) { r.BackoffMin, r.BackoffMax = 15*time.Second, 15*time.Second }))
	w := World{Want: map[ID]Instance{web: in}, Have: map[ID][]Observed{web: {{ID: web, Life: "shop/web.1#1.a", Generation: 1, Run: "r1",
		State: Exited, Started: died.Add(-time.Second), Exit: Exit{How: "exit", Code: 1, At: died}}}}}
	woke := sleeps(died.Add(5*time.Second), time.Hour)
	v := Judge(woke, w, web)
	if v.Phase != PhaseWaiting || v.Wake.Sub(woke) != 10*time.Second {
		t.Errorf("%s, next in %s", v.Phase, v.Wake.Sub(woke))
	}
	if at := woke.Add(10 * time.Second).Local().Format("15:04:05"); !strings.HasSuffix(v.Reason, "at "+at) {
		t.Errorf("%q, want %s", v.Reason, at)
	}
	if v := Judge(woke.Add(10*time.Second), w, web); v.Phase != PhaseStarting {
		t.Errorf("when it is over: %s", v.Phase)
	}
}

// TestASleepIsNoTimeToGetReadyIn: Started.Add(within) stands still as well.
func TestASleepIsNoTimeToGetReadyIn(t *testing.T) {
	began := time.Now()
	in := wants(process(func(p *spec.Process) { p.Ready.TCP, p.Ready.Within = "1", time.Minute }))
	l := lives(started(began))
	if v := (Verdict{Phase: PhaseRunning}).readied(sleeps(began.Add(time.Second), time.Hour), in.Process, &l); v.Phase != PhaseStarting || v.Final {
		t.Errorf("after a sleep it is %s: %s", v.Phase, v.Reason)
	}
}

// TestAHoldEndsByTheClock: until Monday is until Monday, also if the machine sleeps until then.
func TestAHoldEndsByTheClock(t *testing.T) {
	now := time.Now()
	h := Hold{Since: now, Until: now.Add(2 * time.Hour).Round(0)}
	if !h.holds(now.Add(time.Hour)) || h.holds(sleeps(now.Add(time.Second), 3*time.Hour)) {
		t.Error("it counts the hours that the machine was awake")
	}
}
