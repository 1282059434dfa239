package service

import (
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

func TestWhatStopsSaysWhenItWillBeKilled(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	stopping := func(left time.Duration) reconcile.Observed {
		return reconcile.Observed{State: reconcile.Stopping, Deadline: now.Add(left)}
	}
	for _, row := range []struct {
		name  string
		phase reconcile.Phase
		why   string
		lives []reconcile.Observed
		want  string
	}{
		{"a begun second counts", reconcile.PhaseStopping, "stopped by you", []reconcile.Observed{stopping(6100 * time.Millisecond)}, "stopped by you; SIGKILL in 7s"},
		{"the last", reconcile.PhaseStopping, "", []reconcile.Observed{stopping(time.Millisecond)}, "SIGKILL in 1s"},
		{"longer", reconcile.PhaseStopping, "", []reconcile.Observed{stopping(125 * time.Second)}, "SIGKILL in 2m05s"},
		{"very long", reconcile.PhaseStopping, "", []reconcile.Observed{stopping(2*time.Hour + 3*time.Minute)}, "SIGKILL in 2h03m"},
		{"over", reconcile.PhaseStopping, "x", []reconcile.Observed{stopping(-time.Second)}, "x; SIGKILL was sent"},
		{"of two the one that has longest", reconcile.PhaseStopping, "", []reconcile.Observed{stopping(9 * time.Second), stopping(2 * time.Second)}, "SIGKILL in 9s"},
		{"one that waits for its turn", reconcile.PhaseStopping, "waits for web.1 to end", []reconcile.Observed{{State: reconcile.Running}}, "waits for web.1 to end"},
		{"its successor runs", reconcile.PhaseRunning, "", []reconcile.Observed{stopping(9 * time.Second), {State: reconcile.Running}}, ""},
	} {
		v := reconcile.View{Lives: row.lives, Verdict: reconcile.Verdict{Phase: row.phase, Reason: row.why}}
		if got := reasonOf(now, v); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestAProgressLineComesAnewAsLongAsSomethingIsCountedDown(t *testing.T) {
	w := wait{views: make([]reconcile.View, 3)}
	a, b := []api.Pending{{ID: "web.1", Reason: "SIGKILL in 2s"}}, []api.Pending{{ID: "web.1", Reason: "SIGKILL in 1s"}}
	if w.state(a) != w.state(b) || w.second() != nil {
		t.Error("what is not counted down tells only how many there are")
	}
	if w.state(a) == w.state(nil) {
		t.Error("another number is the same state")
	}
	w.counting = true
	if w.state(a) == w.state(b) || w.second() == nil {
		t.Error("the countdown stands still")
	}
}
