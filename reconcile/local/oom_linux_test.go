package local

import (
	"testing"
	"time"

	"kitt.sh/reconcile"
)

func TestAKillIsExplainedByWantOfMemoryOnlyIfTheSystemCountedOne(t *testing.T) {
	now := oomKills()
	for _, row := range []struct {
		name string
		seen int
		o    reconcile.Observed
		want string
	}{
		{"it counted one since", now - 1, reconcile.Observed{State: reconcile.Exited, Exit: reconcile.Exit{How: "signal", Signal: "SIGKILL"}}, "killed by SIGKILL: the system was out of memory"},
		{"it counted none", now, reconcile.Observed{State: reconcile.Exited, Exit: reconcile.Exit{How: "signal", Signal: "SIGKILL"}}, "killed by SIGKILL"},
		{"its stop was asked for", now - 1, reconcile.Observed{State: reconcile.Exited, Asked: true, Exit: reconcile.Exit{How: "signal", Signal: "SIGKILL"}}, "killed by SIGKILL"},
		{"another signal", now - 1, reconcile.Observed{State: reconcile.Exited, Exit: reconcile.Exit{How: "signal", Signal: "SIGSEGV"}}, "killed by SIGSEGV"},
	} {
		r := &Runtime{oom: shortage{seen: row.seen}}
		if r.explainKill(&row.o); row.o.Exit.String() != row.want {
			t.Errorf("%s: %q", row.name, row.o.Exit)
		}
	}
	if n := counted("pgfault 7\noom_kill 12\noom_kill_x 3\n", "oom_kill "); n != 12 {
		t.Errorf("counted %d", n)
	}
}

// The system may take two for one shortage, and counts both before the first of them is told.
func TestEveryKillOfAShortageIsExplainedOnce(t *testing.T) {
	began := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	s := shortage{seen: 4}
	for i, row := range []struct {
		counted int
		after   time.Duration
		want    bool
	}{
		{6, 0, true},
		{6, time.Second, true},
		{6, 2 * time.Second, false},
		{8, 3 * time.Second, true},
		{8, 9 * time.Second, false}, // the other was not one of ours
		{9, 9 * time.Second, true},
	} {
		if got := s.explains(row.counted, began.Add(row.after)); got != row.want {
			t.Errorf("%d: %v", i, got)
		}
	}
}
