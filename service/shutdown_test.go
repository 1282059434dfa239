package service

import (
	"context"
	"log/slog"
	"testing"
)

func TestAShutdownUnderAServiceIsTheManagersToEnd(t *testing.T) {
	asked := 0
	d := &Daemon{Service: true, Log: slog.New(slog.DiscardHandler), // and no Keeper: it must not be needed
		StopService: func(context.Context) error { asked++; return nil }}
	if d.end(true); asked != 1 {
		t.Errorf("the manager was asked %d times", asked)
	}
}
