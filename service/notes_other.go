//go:build !linux

package service

import (
	"fmt"

	"github.com/fsnotify/fsnotify"
)

// notes tells, by path, which watched file or folder may have changed; "" means any of them.
type notes struct {
	events chan string
	fs     *fsnotify.Watcher
	done   chan struct{}
	seen   map[string]bool
}

func newNotes() (*notes, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	n := &notes{events: make(chan string, 64), fs: fs, done: make(chan struct{}), seen: map[string]bool{}}
	go n.read() // ended and waited for by close
	return n, nil
}

// set watches exactly these folders. Files are watched by way of them.
func (n *notes) set(dirs, _ map[string]bool) (errs []error) {
	for dir := range n.seen {
		if !dirs[dir] {
			_ = n.fs.Remove(dir) // it may be gone
			delete(n.seen, dir)
		}
	}
	for dir := range dirs {
		if n.seen[dir] {
			continue
		}
		if err := n.fs.Add(dir); err != nil {
			errs = append(errs, fmt.Errorf("watch folder %s: %w", dir, err))
			continue
		}
		n.seen[dir] = true
	}
	return errs
}

// read passes events on until the watcher is closed.
func (n *notes) read() {
	defer close(n.done)
	for {
		select {
		case ev, ok := <-n.fs.Events:
			if !ok {
				return
			}
			if ev.Op != fsnotify.Chmod {
				n.events <- ev.Name
			}
		case _, ok := <-n.fs.Errors:
			if !ok {
				return
			}
			n.events <- ""
		}
	}
}

func (n *notes) close() {
	_ = n.fs.Close()
	for {
		select {
		case <-n.events:
		case <-n.done:
			return
		}
	}
}
