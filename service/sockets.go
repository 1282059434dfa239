package service

import (
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"kitt.sh/reconcile"
)

// sockets are where programs tell how they are in systemd's way: a datagram socket for each life that is given $NOTIFY_SOCKET.
// Its path follows from the life's name, so that the next daemon listens there again.
type sockets struct {
	d   *Daemon
	dir string
	wg  sync.WaitGroup

	mu    sync.Mutex
	of    map[string]*socket // by life
	swept bool
	ended bool
}

// A socket is that of one life, and what was said there last.
type socket struct {
	life  string
	path  string
	conn  *net.UnixConn
	begun time.Time

	mu      sync.Mutex
	ready   bool
	excused bool // it reloads, or stops by itself
	failed  bool
	pinged  time.Time
	within  time.Duration // WATCHDOG_USEC that it asked for
	more    time.Duration // EXTEND_TIMEOUT_USEC of the message that is being read
	status  string        // STATUS, harmless
	word    string        // what it says that it does: reloads, stops
}

// spawning is how long a socket may wait for its life to be known.
const spawning = time.Minute

func newSockets(d *Daemon) *sockets {
	return &sockets{d: d, dir: filepath.Join(d.Dirs.Run, "n"), of: map[string]*socket{}}
}

// path is where a life finds its socket; short, for the system allows about 100 bytes.
func (ss *sockets) path(life string) string {
	h := fnv.New64a()
	h.Write([]byte(life))
	return filepath.Join(ss.dir, strconv.FormatUint(h.Sum64(), 36))
}

// open listens for a life that runs as a user, "" for kitt's own, and returns what it is to be told in $NOTIFY_SOCKET.
func (ss *sockets) open(life, as string) (string, error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if s := ss.of[life]; s != nil {
		return s.path, nil
	}
	path, uid, err := ss.placeOf(life, as)
	if err != nil {
		return "", fmt.Errorf("make notify socket: %w", err)
	}
	if ss.ended {
		return path, nil
	}
	_ = os.Remove(path) // that of the daemon before this one
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return "", fmt.Errorf("make notify socket: %w", err)
	}
	if uid >= 0 {
		if err := os.Chown(path, uid, -1); err != nil {
			conn.Close()
			return "", fmt.Errorf("make notify socket: %w", err)
		}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		conn.Close()
		return "", fmt.Errorf("make notify socket: %w", err)
	}
	showSenders(conn)
	s := &socket{life: life, path: path, conn: conn, begun: time.Now()}
	ss.of[life] = s
	ss.wg.Go(func() { ss.serve(s) })
	return path, nil
}

// keep listens for the lives that are asked and have a socket, and no longer for those that are over.
func (ss *sockets) keep(asked map[string]*inquiry) {
	for life, q := range asked {
		if q.want.Process.Notifies() {
			if _, err := ss.open(life, q.want.Process.User); err != nil {
				ss.d.Log.Warn("listen to life", "life", life, "err", err)
			}
		}
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for life, s := range ss.of {
		if asked[life] == nil && time.Since(s.begun) > spawning && !ss.lives(life) {
			s.conn.Close()
			_ = os.Remove(s.path)
			delete(ss.of, life)
		}
	}
	if !ss.swept && len(asked) > 0 {
		ss.swept = true
		ss.sweep()
	}
}

// lives tells whether a life is not over.
func (ss *sockets) lives(life string) bool {
	o, ok := ss.d.rt.Life(life)
	return ok && (o.State == reconcile.Running || o.State == reconcile.Stopping)
}

// sweep removes what lives of earlier daemons left. The caller holds mu.
func (ss *sockets) sweep() {
	used := map[string]bool{}
	for _, s := range ss.of {
		used[s.path] = true
	}
	dirs := []string{ss.dir}
	if os.Geteuid() == 0 {
		if dir, err := ss.outside(); err == nil {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		list, _ := os.ReadDir(dir)
		for _, e := range list {
			if path := filepath.Join(dir, e.Name()); !used[path] {
				_ = os.Remove(path)
			}
		}
		_ = os.Remove(dir) // where it is empty
	}
}

// close listens no more. The files of sockets whose lives go on stay: the next daemon takes their places.
func (ss *sockets) close() {
	ss.mu.Lock()
	ss.ended = true
	for life, s := range ss.of {
		s.conn.Close()
		if !ss.lives(life) {
			_ = os.Remove(s.path)
			_ = os.Remove(filepath.Dir(s.path)) // where it was the last
		}
	}
	ss.mu.Unlock()
	ss.wg.Wait()
}

func (ss *sockets) get(life string) *socket {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.of[life]
}

// serve takes in what is sent until the socket is closed.
func (ss *sockets) serve(s *socket) {
	text, oob := make([]byte, 4096), make([]byte, 512)
	for {
		n, ooblen, _, _, err := s.conn.ReadMsgUnix(text, oob)
		if err != nil {
			return
		}
		sender, release := parcel(oob[:ooblen])
		if ss.allowed(s.life, sender) {
			ss.take(s, string(text[:n]))
		} else {
			ss.d.Log.Warn("refuse notification", "life", s.life, "sender", sender)
		}
		release() // systemd-notify waits for that
	}
}

// allowed tells whether a sender belongs to a life; 0 is one that the system does not name. A sender that is gone already, as a
// command in a script may be, is believed: only the user of the life finds the socket.
func (ss *sockets) allowed(life string, sender int) bool {
	if sender <= 0 {
		return true
	}
	var root int
	for range 100 { // what begins may speak before the keeper has said that it began
		if o, ok := ss.d.rt.Life(life); ok {
			root = o.PID
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if pids, ok := cgroupOf(root); ok {
		for _, pid := range pids {
			if pid == sender {
				return true
			}
		}
	}
	for pid, n := sender, 0; n < 64; n++ {
		if pid == root {
			return true
		}
		if pid = parent(pid); pid <= 1 {
			break
		}
	}
	_, there := processOf(sender)
	return !there
}

// take acts on one message: lines of NAME=VALUE, as sd_notify(3) has them. What is not known is the program's own business.
func (ss *sockets) take(s *socket, text string) {
	s.mu.Lock()
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		s.note(name, value)
	}
	ready, more := s.ready, s.more
	s.more = 0
	s.mu.Unlock()
	ss.moreTime(s.life, more)
	if ready {
		ss.d.probing.heard(s.life, "notify")
	} else if q := ss.d.probing.of(s.life); q != nil {
		q.wake()
	}
}

// note takes in one line. The caller holds mu.
func (s *socket) note(name, value string) {
	switch {
	case name == "READY" && value == "1":
		s.ready, s.excused, s.word = true, false, ""
	case name == "RELOADING" && value == "1":
		s.excused, s.word = true, "reloads"
	case name == "STOPPING" && value == "1":
		s.excused, s.word = true, "stops"
	case name == "STATUS":
		s.status = harmless(value)
	case name == "WATCHDOG" && value == "1":
		s.pinged = time.Now()
	case name == "WATCHDOG" && value == "trigger":
		s.failed = true
	case name == "WATCHDOG_USEC":
		s.within = micros(value)
	case name == "EXTEND_TIMEOUT_USEC":
		s.more = micros(value)
		s.pinged = time.Now().Add(max(s.more-s.within, 0))
	}
}

func micros(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > int64(365*24*time.Hour/time.Microsecond) {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

// pinged is when a life sent WATCHDOG=1 last, how often it must if it said so itself, and whether it said that it has failed.
func (ss *sockets) pinged(life string) (last time.Time, within time.Duration, failed bool) {
	s := ss.get(life)
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pinged, s.within, s.failed
}

// excused tells whether a life has said that it reloads or stops: then its answers mean nothing.
func (ss *sockets) excused(life string) bool {
	s := ss.get(life)
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.excused
}

// invite gives a life its socket before it begins.
func (d *Daemon) invite(_ context.Context, life string) (string, error) {
	id, _, err := reconcile.ParseLife(life)
	if err != nil {
		return "", err
	}
	as := ""
	if in, ok := d.rec.Wants(id); ok {
		as = in.Process.User
	}
	return d.probing.sockets.open(life, as)
}
