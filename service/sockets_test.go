package service

import (
	"testing"
	"time"
)

func TestNotifications(t *testing.T) {
	s := &socket{}
	for _, line := range [][2]string{{"STATUS", "READY=1"}, {"READY", "0"}, {"X", "1"}} {
		s.note(line[0], line[1])
	}
	if s.ready || s.excused || s.failed || !s.pinged.IsZero() {
		t.Errorf("%+v", s)
	}
	s.note("RELOADING", "1")
	if !s.excused {
		t.Error("what reloads is asked as ever")
	}
	s.note("READY", "1")
	if !s.ready || s.excused {
		t.Error("reloaded, it is not ready")
	}
	s.note("WATCHDOG_USEC", "250000")
	s.note("WATCHDOG", "1")
	if s.within != 250*time.Millisecond || time.Since(s.pinged) > time.Second {
		t.Errorf("%+v", s)
	}
	s.note("EXTEND_TIMEOUT_USEC", "60000000")
	if left := time.Until(s.pinged.Add(s.within)); left < 50*time.Second || left > time.Minute {
		t.Errorf("it asked for a minute and has %s", left)
	}
	s.note("WATCHDOG", "trigger")
	if !s.failed {
		t.Error("it said that it has failed")
	}
	for _, bad := range []string{"", "x", "-1", "99999999999999999999"} {
		if d := micros(bad); d != 0 {
			t.Errorf("%q is %s", bad, d)
		}
	}
}
