package reconcile_test

import (
	"slices"
	"testing"
	"time"

	. "kitt.sh/reconcile"
)

// nights is one job, wanted from now on.
func nights(b *bench, argv ...string) []Instance {
	want := instances(1, argv...)
	p := want[0].Process
	p.Schedule.Cron, p.Schedule.Timezone, p.Restart.Policy = "30 2 * * *", "Europe/Berlin", "never"
	want[0].Since = time.Now()
	return want
}

func starts(b *bench, zone *time.Location) (out []string) {
	for _, l := range b.f.Past(web) {
		out = append(out, l.Started.In(zone).Format("2 Jan 15:04 MST"))
	}
	return out
}

func TestAJobRunsEachNightAndWhenTheClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	for begin, want := range map[time.Time][]string{ // the bubble's time begins in 2000
		time.Date(2000, 3, 24, 12, 0, 0, 0, berlin):  {"25 Mar 02:30 CET", "26 Mar 03:30 CEST", "27 Mar 02:30 CEST"},
		time.Date(2000, 10, 27, 12, 0, 0, 0, berlin): {"28 Oct 02:30 CEST", "29 Oct 02:30 CEST", "30 Oct 02:30 CET"},
	} {
		inBubble(t, func(b *bench) {
			time.Sleep(time.Until(begin))
			b.r.Want(nights(b, "exit", "0", "after", "5ms"), nil)
			time.Sleep(3 * 24 * time.Hour)
			b.let()
			if got := starts(b, berlin); !slices.Equal(got, want) {
				t.Errorf("it ran at %q, want %q", got, want)
			}
		})
	}
}

// A timer stands still while the machine sleeps. Whatever wakes the loop afterwards, one run is made up.
func TestAJobWhoseTimesPassedInSleepRunsOnce(t *testing.T) {
	inBubble(t, func(b *bench) {
		want := nights(b, "exit", "0", "after", "5ms")
		want[0].Since = time.Now().Add(-72 * time.Hour) // as if it had slept since
		b.r.Want(want, nil)
		b.expect("after waking", "start shop/web.1")
		b.r.LookAgain()
		time.Sleep(time.Minute)
		b.expect("then")
	})
}

func TestAJobThatIsAskedForRunsOnceAndNotAfterABoot(t *testing.T) {
	inBubble(t, func(b *bench) {
		want := nights(b, "exit", "3", "after", "5ms")
		b.r.Want(want, nil)
		time.Sleep(time.Minute)
		b.expect("at first")
		want[0].Generation, want[0].Cause = 2, ReasonRun
		b.r.Want(want, nil)
		time.Sleep(time.Minute)
		b.expect("asked for", "start shop/web.1")
		b.stop()
		b.f.Reboot()
		b.r = New(b.f, b.r.Log)
		b.r.Did = b.note
		b.run()
		want[0].Ran = 2
		b.r.Want(want, nil)
		time.Sleep(time.Minute)
		b.expect("after a boot")
	})
}
