//go:build !linux

package filewatch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// where is a watched folder.
type where struct{ dir string }

// notes are what the system tells about folders. All but read is called by one goroutine.
type notes struct {
	events chan []event
	fs     *fsnotify.Watcher
	done   chan struct{}
}

func openNotes() (*notes, error) {
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	n := &notes{events: make(chan []event), fs: fs, done: make(chan struct{})}
	go n.read() // ended and waited for by close
	return n, nil
}

// add watches a folder. The system wants a descriptor for each file in it.
func (n *notes) add(dir string) error {
	err := n.fs.Add(dir)
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return errFull{"kitt may not open more files: here each file that is watched needs one; ignore what need not be watched"}
	}
	return err
}

// remove watches a folder no more; it may be gone.
func (n *notes) remove(dir string) { _ = n.fs.Remove(dir) }

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
				n.events <- []event{translated(ev)}
			}
		case _, ok := <-n.fs.Errors:
			if !ok {
				return
			}
			n.events <- []event{{lost: true}}
		}
	}
}

func translated(ev fsnotify.Event) event {
	e := event{where: where{filepath.Dir(ev.Name)}, name: filepath.Base(ev.Name), came: ev.Has(fsnotify.Create), went: ev.Has(fsnotify.Remove) || ev.Has(fsnotify.Rename)}
	if st, err := os.Lstat(ev.Name); err == nil {
		e.isDir = st.IsDir()
	}
	e.whole = e.came // here nobody tells when a file is closed
	return e
}

// dirOf is the folder that an event is about.
func (n *notes) dirOf(e event) string { return e.dir }

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
