package service

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestAShutdownUnderAServiceIsTheManagersToEnd(t *testing.T) {
	asked := 0
	d := &Daemon{Service: true, Log: slog.New(slog.DiscardHandler), // and no Keeper: it must not be needed
		StopService: func(context.Context) error { asked++; return nil }}
	if d.end(true); asked != 1 {
		t.Errorf("the manager was asked %d times", asked)
	}
}

func TestAStopTakesTheTimeOfItsCommandAsWell(t *testing.T) {
	how := spec.Defaults().Stop
	how.Timeout = 3 * time.Second
	if got := takes(how); got != 3*time.Second {
		t.Errorf("a signal: %s", got)
	}
	how.Command = []string{"bye"}
	if got := takes(how); got != 6*time.Second {
		t.Errorf("a command: %s", got)
	}
}
