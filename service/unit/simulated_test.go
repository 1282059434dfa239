package unit

import (
	"context"
	"runtime"
	"testing"
)

func TestNoVariableLeadsToASimulationWhereTheLinkerNamedNone(t *testing.T) {
	t.Setenv("KITT_LAUNCHSIM", t.TempDir())
	if dir := Simulation(); dir != "" || OnMac() != (runtime.GOOS == "darwin") {
		t.Errorf("%q", dir)
	}
}

func TestASimulationTakesThePlaceOfTheManager(t *testing.T) {
	defer func(was string) { simulated = was }(simulated)
	simulated = "KITT_LAUNCHSIM"
	t.Setenv("KITT_LAUNCHSIM", "/sim")
	var asked string
	m, err := New(Host{Run: func(_ context.Context, name string, _ ...string) (string, int, error) {
		asked = name
		return "", 0, nil
	}}, Spec{})
	if err != nil || m.engine.kind() != "launchd" || !OnMac() {
		t.Fatal(err, OnMac())
	}
	if _, _, _ = m.Run(t.Context(), "launchctl", "print"); asked != "/sim/launchctl" {
		t.Errorf("asked %s", asked)
	}
}
