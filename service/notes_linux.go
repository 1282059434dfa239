package service

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// Of a folder only comings and goings are told, of a file only its own writes: a program that logs beside its spec
// file must not wake kitt at every line. (fsnotify cannot part the two.)
const (
	dirMask  = unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE | unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR
	fileMask = unix.IN_MODIFY | unix.IN_CLOSE_WRITE
)

// notes tells, by path, which watched file or folder may have changed; "" means any of them.
type notes struct {
	events chan string
	f      *os.File
	done   chan struct{}

	mu    sync.Mutex
	paths map[int32]string
	wds   map[string]int32
}

func newNotes() (*notes, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	n := &notes{events: make(chan string, 64), f: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{}),
		paths: map[int32]string{}, wds: map[string]int32{}}
	go n.read() // ended and waited for by close
	return n, nil
}

// set watches exactly these folders, and of these files those that exist.
func (n *notes) set(dirs, files map[string]bool) (errs []error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for path, wd := range n.wds {
		if !dirs[path] && !files[path] {
			n.with(func(fd int) { _, _ = unix.InotifyRmWatch(fd, uint32(wd)) }) // its inode may be gone
			delete(n.wds, path)
			delete(n.paths, wd)
		}
	}
	for dir := range dirs {
		if err := n.add(dir, dirMask); err != nil {
			errs = append(errs, fmt.Errorf("watch folder %s: %w", dir, err))
		}
	}
	for file := range files {
		_ = n.add(file, fileMask) // where it is missing, its folder tells when it comes
	}
	return errs
}

// add watches a path; again where another file has taken its place. The caller holds mu.
func (n *notes) add(path string, mask uint32) error {
	wd, err := -1, os.ErrClosed
	n.with(func(fd int) { wd, err = unix.InotifyAddWatch(fd, path, mask) })
	if err != nil {
		return err
	}
	if old, ok := n.wds[path]; ok && old != int32(wd) {
		delete(n.paths, old)
	}
	n.wds[path], n.paths[int32(wd)] = int32(wd), path
	return nil
}

// with calls do with the descriptor, unless it is closed. (File.Fd would make it a blocking one.)
func (n *notes) with(do func(fd int)) {
	if conn, err := n.f.SyscallConn(); err == nil {
		_ = conn.Control(func(fd uintptr) { do(int(fd)) })
	}
}

// read passes events on until the descriptor is closed.
func (n *notes) read() {
	defer close(n.done)
	buf := make([]byte, 16<<10)
	for {
		size, err := n.f.Read(buf)
		if err != nil {
			return
		}
		for b := buf[:size]; len(b) >= unix.SizeofInotifyEvent; {
			wd := int32(binary.NativeEndian.Uint32(b))
			mask := binary.NativeEndian.Uint32(b[4:])
			end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[12:]))
			name := string(bytes.TrimRight(b[unix.SizeofInotifyEvent:min(end, len(b))], "\x00"))
			n.tell(wd, mask, name)
			b = b[min(end, len(b)):]
		}
	}
}

// tell passes one event on, if anybody cares for its path.
func (n *notes) tell(wd int32, mask uint32, name string) {
	n.mu.Lock()
	path := n.paths[wd]
	full := path
	if name != "" {
		full = filepath.Join(path, name)
	}
	if mask&unix.IN_CREATE != 0 || mask&unix.IN_MOVED_TO != 0 {
		if _, watched := n.wds[full]; watched {
			_ = n.add(full, fileMask) // another inode under the same name
		}
	}
	n.mu.Unlock()
	switch {
	case mask&unix.IN_Q_OVERFLOW != 0:
		n.events <- ""
	case mask&unix.IN_IGNORED == 0 && path != "":
		n.events <- full
	}
}

func (n *notes) close() {
	_ = n.f.Close()
	for {
		select {
		case <-n.events:
		case <-n.done:
			return
		}
	}
}
