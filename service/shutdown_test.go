package service

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
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
	if got := how.Longest(); got != 3*time.Second {
		t.Errorf("a signal: %s", got)
	}
	how.Command = []string{"bye"}
	if got := how.Longest(); got != 6*time.Second {
		t.Errorf("a command: %s", got)
	}
}

func TestTheEndDoesNotWaitForAManagerThatWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &Daemon{Service: true, Log: slog.New(slog.DiscardHandler), signalled: make(chan struct{})} // and no Keeper
		d.StopService = func(ctx context.Context) error {
			close(d.signalled) // the manager's SIGTERM has come to the keeper
			<-ctx.Done()
			return ctx.Err()
		}
		begun := time.Now()
		d.end(true)
		d.background.Wait()
		if took := time.Since(begun); took > time.Second {
			t.Errorf("it waited %s", took)
		}
	})
}
