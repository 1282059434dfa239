package local

import (
	"testing"

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
		r := &Runtime{oom: row.seen}
		if r.explainKill(&row.o); row.o.Exit.String() != row.want {
			t.Errorf("%s: %q", row.name, row.o.Exit)
		}
	}
	if n := counted("pgfault 7\noom_kill 12\noom_kill_x 3\n", "oom_kill "); n != 12 {
		t.Errorf("counted %d", n)
	}
}
