package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A service's keeper that finds the lock taken leaves for good: who hands over waits for it.
func TestTheLockOfAKeeperIsWaitedFor(t *testing.T) {
	lock := filepath.Join(t.TempDir(), "keeper.lock")
	if err := released(t.Context(), lock); err != nil {
		t.Errorf("of no keeper: %v", err)
	}
	held, err := os.Create(lock)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := released(ctx, lock); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of one that stays: %v", err)
	}
	free := make(chan error, 1)
	go func() { free <- released(t.Context(), lock) }()
	if err := unix.Flock(int(held.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := <-free; err != nil {
		t.Errorf("of one that left: %v", err)
	}
}
