package service

import (
	"testing"

	"kitt.sh/reconcile"
)

func TestAHeldPortIsAReasonOfWhatIsNotUp(t *testing.T) {
	const held = "port 3000 is held by process 812 (node)"
	for _, tt := range []struct {
		name  string
		phase reconcile.Phase
		why   string
		held  string
		want  string
	}{
		{"it died of that", reconcile.PhaseWaiting, "exit 1; try 3 at 12:00:07", held, "exit 1; try 3 at 12:00:07; " + held},
		{"nothing else is known", reconcile.PhaseStarting, "", held, held},
		{"the probe has said so", reconcile.PhaseStarting, "is not ready yet: " + held + ", not by this", held, "is not ready yet: " + held + ", not by this"},
		{"it gave up", reconcile.PhaseFailed, "gave up", held, "gave up; " + held},
		{"it runs all the same", reconcile.PhaseRunning, "", held, ""},
		{"the user holds it", reconcile.PhaseHeld, "stopped by you", held, "stopped by you"},
		{"nobody holds it", reconcile.PhaseWaiting, "exit 1", "", "exit 1"},
	} {
		v := reconcile.View{}
		v.Verdict.Phase = tt.phase
		if got := withPort(v, tt.why, tt.held); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
