package spec

import (
	"testing"
	"time"
)

func TestNext(t *testing.T) {
	for _, row := range []struct {
		name, cron, zone, after, want string
	}{
		{"each day at three", "0 3 * * *", "Europe/Berlin", "2026-01-10T02:00:00+01:00", "2026-01-10T03:00:00+01:00"},
		{"the time itself is over", "0 3 * * *", "Europe/Berlin", "2026-01-10T03:00:00+01:00", "2026-01-11T03:00:00+01:00"},
		{"six fields begin with the seconds", "*/10 * * * * *", "UTC", "2026-01-10T02:00:01Z", "2026-01-10T02:00:10Z"},
		{"@hourly", "@hourly", "UTC", "2026-01-10T02:00:01Z", "2026-01-10T03:00:00Z"},
		{"@every counts from the last", "@every 90s", "UTC", "2026-01-10T02:00:01Z", "2026-01-10T02:01:31Z"},
		{"names of days and months", "30 8 * JAN MON", "UTC", "2026-01-10T02:00:00Z", "2026-01-12T08:30:00Z"},
		{"the last day of the month", "0 0 L * *", "UTC", "2026-02-10T00:00:00Z", "2026-02-28T00:00:00Z"},
		{"either of two restricted days", "0 0 13 * FRI", "UTC", "2026-01-10T00:00:00Z", "2026-01-13T00:00:00Z"},
		{"Sunday is 7 as well", "0 0 * * 7", "UTC", "2026-01-10T00:00:00Z", "2026-01-11T00:00:00Z"},
		{"manual has no times", "manual", "UTC", "2026-01-10T00:00:00Z", ""},

		{"in spring a time that is skipped comes an hour later", "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+01:00", "2026-03-29T03:30:00+02:00"},
		{"and the day after as ever", "30 2 * * *", "Europe/Berlin", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"},
		{"in autumn a time that is repeated comes the first time", "30 2 * * *", "Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"and not again", "30 2 * * *", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"},
		{"but what comes each hour comes in both", "30 * * * *", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"},
		{"and what comes each quarter", "*/15 * * * *", "Europe/Berlin", "2026-10-25T02:45:00+02:00", "2026-10-25T02:00:00+01:00"},
		{"each quarter of a named hour only once", "*/15 2 * * *", "Europe/Berlin", "2026-10-25T02:45:00+02:00", "2026-10-26T02:00:00+01:00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			after, err := time.Parse(time.RFC3339, row.after)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if next := (Schedule{Cron: row.cron, Timezone: row.zone}).Next(after); !next.IsZero() {
				got = next.Format(time.RFC3339)
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// Whatever is accepted as a schedule comes again and again, each time later, and costs no more than a moment.
func FuzzSchedule(f *testing.F) {
	for _, text := range []string{"0 3 * * *", "*/5 * * * * *", "@every 1s", "0 0 29 2 *", "H H * * *", "CRON_TZ=UTC * * * * *", "0 0 31 4 *", "60 * * * *", "@", "1-0 * * * *", "*/0 * * * *"} {
		f.Add(text, "Europe/Berlin")
	}
	f.Fuzz(func(t *testing.T, text, zone string) {
		r := newReading(Request{})
		r.spec = &Spec{}
		p := Defaults()
		p.Restart.Policy, p.Schedule = "never", Schedule{Cron: text, Timezone: zone}
		r.validateSchedule(&p)
		if len(r.errs) > 0 || text == "" || text == Manual {
			return
		}
		at := anyDay
		for range 5 {
			next := p.Schedule.Next(at)
			if !next.After(at) {
				t.Fatalf("%q in %q: %s follows %s", text, zone, next, at)
			}
			at = next
		}
	})
}
