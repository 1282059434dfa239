package service

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/service/api"
)

// A fence keeps two daemons from writing one state: a daemon whose keeper died lets go of it before the next keeper's
// daemon reads it.
type fence struct{ f *os.File }

// fenceLimit is how long a daemon waits for the one before it. A killed one holds nothing.
const fenceLimit = 5 * time.Second

// takeFence waits until the state in path's folder is ours.
func takeFence(path string) (*fence, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	for end := time.Now().Add(fenceLimit); ; time.Sleep(2 * time.Millisecond) {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return &fence{f}, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || time.Now().After(end) {
			_ = f.Close()
			return nil, fmt.Errorf("lock state: %s: %w", path, err)
		}
	}
}

// drop lets the next daemon in. The nil fence is dropped already.
func (f *fence) drop() {
	if f != nil {
		_ = f.f.Close()
	}
}

var errFenced = failure{api.Replaced, "kitt is just being replaced; nothing was changed", "the same again in a moment"}

// fenceOff ends all changing of the state by this daemon, and lets the next one in.
func (d *Daemon) fenceOff() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fenced = true
	d.alerts.end()
	d.fence.drop()
	d.fence = nil
}
