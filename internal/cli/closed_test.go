package cli

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"
)

func TestAPipeThatNobodyReadsEndsTheWait(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, stop := untilRead(t.Context(), w)
	defer stop()
	if _, err := w.WriteString("a line"); err != nil || ctx.Err() != nil {
		t.Fatal("it ended while somebody reads", err)
	}
	r.Close()
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("nobody reads, and it goes on")
	}
}

func TestWhatIsReadGoesOn(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	for _, out := range []any{w, os.Stdin, &bytes.Buffer{}} {
		outer, cancel := context.WithCancel(t.Context())
		ctx, stop := untilRead(outer, out)
		if ctx.Err() != nil {
			t.Error("it ended by itself")
		}
		cancel()
		if <-ctx.Done(); ctx.Err() == nil {
			t.Error("it does not end with its context")
		}
		stop()
	}
}
