package port

import (
	"os/exec"
	"strings"
	"testing"
)

func TestCalendars(t *testing.T) {
	for _, row := range []struct{ name, cron, on, back string }{
		{"each day", "0 3 * * *", "*-*-* 03:00:00", "0 3 * * *"},
		{"a word", "@hourly", "*-*-* *:00:00", "0 * * * *"},
		{"steps", "*/15 8-18/2 * * *", "*-*-* 08,10,12,14,16,18:00,15,30,45:00", "0,15,30,45 8,10,12,14,16,18 * * *"},
		{"weekdays", "30 9 * * mon-fri", "Mon,Tue,Wed,Thu,Fri *-*-* 09:30:00", "30 9 * * 1-5"},
		{"Sunday is 7 as well", "0 0 * * 7", "Sun *-*-* 00:00:00", "0 0 * * 0"},
		{"months and days", "0 0 1,15 jan,feb,mar *", "*-01..03-01,15 00:00:00", "0 0 1,15 1-3 *"},
		{"seconds", "*/20 * * * * *", "*-*-* *:*:00,20,40", "0,20,40 * * * * *"},
		{"each minute", "* * * * *", "*-*-* *:*:00", "* * * * *"},
		{"two restricted days are more than it can say", "0 0 1 * 1", "", ""},
		{"the last day is, too", "0 0 L * *", "", ""},
		{"and the second Friday", "0 0 * * FRI#2", "", ""},
		{"and a pause", "@every 90m", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, ok := calendarOf(row.cron)
			if ok != (row.on != "") {
				t.Fatalf("understood: %v", ok)
			}
			if !ok {
				return
			}
			if got := c.onCalendar(""); got != row.on {
				t.Errorf("OnCalendar=%s, want %s", got, row.on)
			}
			again, zone, ok := fromCalendar(row.on + " Europe/Berlin")
			if !ok || zone != "Europe/Berlin" || again.cron() != row.back {
				t.Errorf("back it is %q in %q (%v), want %q", again.cron(), zone, ok, row.back)
			}
			if tool, err := exec.LookPath("systemd-analyze"); err == nil {
				if out, err := exec.Command(tool, "calendar", row.on).CombinedOutput(); err != nil {
					t.Errorf("systemd says %s", out)
				}
			}
		})
	}
}

func TestOnCalendarOfOthers(t *testing.T) {
	for text, want := range map[string]string{"daily": "0 0 * * *", "weekly": "0 0 * * 1", "Mon..Fri 09:30": "30 9 * * 1-5", "*-*-01 00:00:00 UTC": "0 0 1 * *",
		"*:0/10": "0,10,20,30,40,50 * * * *", "2027-01-01": "", "Mon *-*-1 00:00": "", "nonsense": "", "*-*~01": "", "": ""} {
		c, _, ok := fromCalendar(text)
		if got := c.cron(); ok != (want != "") || ok && got != want {
			t.Errorf("OnCalendar=%s is %q (%v), want %q", text, got, ok, want)
		}
	}
	if c, _, ok := fromCalendar(strings.Repeat("*", 3)); ok {
		t.Errorf("%+v", c)
	}
}
