package service

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// TestWhatWasReadBeforeAnApplyDoesNotUndoIt: kitt apply comes while the file, as it was saved before, is being read.
func TestWhatWasReadBeforeAnApplyDoesNotUndoIt(t *testing.T) {
	d := answering(t)
	file := filepath.Join(t.TempDir(), "kitt.hcl")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	saved := func(command string) *spec.Spec {
		s := shop("web")
		s.File, s.Processes[0].Command = file, []string{command}
		return s
	}
	commit := func(change func(*reconcile.Project)) {
		if err := d.commit(func(in *reconcile.Intents) error { change(in.Projects["shop"]); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	commit(func(p *reconcile.Project) { p.File = file })
	reads := 0
	d.Load = func(context.Context, spec.Request) (Loaded, error) {
		if reads++; reads > 1 {
			return Loaded{Spec: saved("second")}, nil
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if _, err := d.adopt(saved("second"), cause{why: "applied"}); err != nil {
			t.Error(err)
		}
		commit(func(p *reconcile.Project) { p.Applies++ })
		return Loaded{Spec: saved("first")}, nil
	}
	d.edited(context.Background(), "shop")
	if got := d.specs["shop"].Processes[0].Command[0]; got != "second" || reads != 2 {
		t.Errorf("after %d reads it is as the %s save", reads, got)
	}
}
