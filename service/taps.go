package service

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"

	"kitt.sh/reconcile/keeper"
)

// taps lets many wait for the bytes of many log folders: each is watched at the keeper once, however many wait, and
// not at all while nobody does.
type taps struct {
	keeper *keeper.Client

	mu    sync.Mutex
	armed map[string]bool
	fires map[string]int // folder -> how often it grew
	any   chan struct{}  // closed and replaced when any folder grew
}

// A tap waits for the growth of some folders, counted from when it was armed.
type tap struct {
	t    *taps
	from map[string]int
}

func newTaps(k *keeper.Client) *taps {
	return &taps{keeper: k, armed: map[string]bool{}, fires: map[string]int{}, any: make(chan struct{})}
}

// arm begins to watch the folders, each with the streams out and err in it. What grows from now on ends the wait.
func (t *taps) arm(ctx context.Context, dirs []string) tap {
	tp := tap{t, map[string]int{}}
	for _, dir := range dirs {
		t.mu.Lock()
		tp.from[dir] = t.fires[dir]
		watch := !t.armed[dir]
		t.armed[dir] = true
		t.mu.Unlock()
		if watch && t.keeper.WatchDir(ctx, dir, storeEnd(dir+"/out"), storeEnd(dir+"/err")) != nil {
			t.mu.Lock()
			delete(t.armed, dir)
			t.mu.Unlock()
		}
	}
	return tp
}

// storeEnd is the logical offset at which a stream ends now: where its current segment begins, and its size.
func storeEnd(stream string) int64 {
	for {
		start, size := storeStart(stream), int64(0)
		if st, err := os.Stat(filepath.Join(stream, "current")); err == nil {
			size = st.Size()
		}
		if storeStart(stream) == start { // else it was rotated in between
			return start + size
		}
	}
}

// storeStart is the logical offset of the current segment's first byte, as its index says; 0 without one.
func storeStart(stream string) int64 {
	var mark [16]byte
	if f, err := os.Open(filepath.Join(stream, "current.idx")); err == nil {
		_, _ = f.ReadAt(mark[:], 0) // an empty index: from 0
		f.Close()
	}
	return int64(binary.LittleEndian.Uint64(mark[8:]))
}

// fire tells those who wait that a folder grew.
func (t *taps) fire(dir string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.armed, dir)
	t.fires[dir]++
	close(t.any)
	t.any = make(chan struct{})
}

// wait returns when one of the folders grew or changed is closed, or with ctx's error.
func (tp tap) wait(ctx context.Context, changed <-chan struct{}) error {
	for {
		grew, next := tp.look()
		if grew {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			return nil
		case <-next:
		}
	}
}

func (tp tap) look() (grew bool, next <-chan struct{}) {
	tp.t.mu.Lock()
	defer tp.t.mu.Unlock()
	for dir, n := range tp.from {
		if tp.t.fires[dir] != n {
			return true, nil
		}
	}
	return false, tp.t.any
}
