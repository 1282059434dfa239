package filewatch

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mask is what is told of a folder. A write is told when the writer closes the file, not at each line.
const mask = unix.IN_CLOSE_WRITE | unix.IN_CREATE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE |
	unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR | unix.IN_DONT_FOLLOW | unix.IN_EXCL_UNLINK

// where is the number of a watched folder.
type where struct{ wd int32 }

// notes are what inotify tells about folders. All but read is called by one goroutine.
type notes struct {
	events chan []event
	f      *os.File
	done   chan struct{}
	dirs   map[int32]string
	wds    map[string]int32
}

func openNotes() (*notes, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if errors.Is(err, unix.EMFILE) {
		return nil, fmt.Errorf("the system's limit of watchers is reached (fs.inotify.max_user_instances is %s); sudo sysctl fs.inotify.max_user_instances=1024 raises it", sysctl("max_user_instances"))
	}
	if err != nil {
		return nil, fmt.Errorf("watch files: %w", err)
	}
	n := &notes{events: make(chan []event), f: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{}),
		dirs: map[int32]string{}, wds: map[string]int32{}}
	go n.read() // ended and waited for by close
	return n, nil
}

func sysctl(name string) string {
	b, _ := os.ReadFile("/proc/sys/fs/inotify/" + name)
	return strings.TrimSpace(string(b))
}

// add watches a folder.
func (n *notes) add(dir string) error {
	wd, err := -1, os.ErrClosed
	n.with(func(fd int) { wd, err = unix.InotifyAddWatch(fd, dir, mask) })
	if errors.Is(err, unix.ENOSPC) {
		return errFull{fmt.Sprintf("the system's limit of watched folders is reached (fs.inotify.max_user_watches is %s); sudo sysctl fs.inotify.max_user_watches=524288 raises it", sysctl("max_user_watches"))}
	}
	if err != nil {
		return err
	}
	if old, ok := n.wds[dir]; ok && old != int32(wd) {
		delete(n.dirs, old)
	}
	n.wds[dir], n.dirs[int32(wd)] = int32(wd), dir
	return nil
}

// remove watches a folder no more; it may be gone.
func (n *notes) remove(dir string) {
	wd, ok := n.wds[dir]
	if !ok {
		return
	}
	n.with(func(fd int) { _, _ = unix.InotifyRmWatch(fd, uint32(wd)) })
	delete(n.wds, dir)
	delete(n.dirs, wd)
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
	buf := make([]byte, 64<<10)
	for {
		size, err := n.f.Read(buf)
		if err != nil {
			return
		}
		n.events <- parse(buf[:size])
	}
}

// parse takes what one read returned apart; of the folder only its number is known here.
func parse(b []byte) (out []event) {
	for len(b) >= unix.SizeofInotifyEvent {
		end := min(unix.SizeofInotifyEvent+int(binary.NativeEndian.Uint32(b[12:])), len(b))
		bits := binary.NativeEndian.Uint32(b[4:])
		e := event{where: where{int32(binary.NativeEndian.Uint32(b))}, name: string(bytes.TrimRight(b[unix.SizeofInotifyEvent:end], "\x00")),
			isDir: bits&unix.IN_ISDIR != 0, lost: bits&unix.IN_Q_OVERFLOW != 0, ended: bits&unix.IN_IGNORED != 0}
		switch {
		case bits&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF) != 0:
			e.self = true
		case bits&(unix.IN_CREATE|unix.IN_MOVED_TO) != 0:
			e.came = true
			e.whole = bits&unix.IN_MOVED_TO != 0
		case bits&(unix.IN_DELETE|unix.IN_MOVED_FROM) != 0:
			e.went = true
		}
		out = append(out, e)
		b = b[end:]
	}
	return out
}

// dirOf is the folder that an event is about; "" if it is watched no more.
func (n *notes) dirOf(e event) string {
	dir := n.dirs[e.wd]
	if e.ended && dir != "" {
		delete(n.dirs, e.wd)
		delete(n.wds, dir)
	}
	return dir
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
