package door

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/service/api"
)

// TestFault56OtherUsersAreRefused: by the folder, and where that stands open, by the peer check.
func TestFault56OtherUsersAreRefused(t *testing.T) {
	needRoot(t)
	w := enter(t)
	w.apply(`process "web" { command = "exec sleep 1000" }`)
	for _, sock := range []string{"api.sock", "keeper.sock"} {
		path := filepath.Join(w.home, "run", sock)
		if out, _ := asNobody(t, "connect", path).CombinedOutput(); !strings.Contains(string(out), "permission denied") {
			t.Errorf("%s, folders closed: %s", sock, out)
		}
	}
	for _, dir := range []string{w.home, w.home + "/run"} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, sock := range []string{"api.sock", "keeper.sock"} {
		path := filepath.Join(w.home, "run", sock)
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
		out, _ := asNobody(t, "connect", path).CombinedOutput()
		if !strings.Contains(string(out), "heard 0 bytes") || strings.Contains(string(out), "timeout") { // silence is no refusal
			t.Errorf("%s, all open: %s", sock, out)
		}
	}
	if w.one("web.1").Phase != "running" {
		t.Error("it no longer runs")
	}
}

// TestAListenerOfAnotherUserIsToldNothing: an apply would send it the environment.
func TestAListenerOfAnotherUserIsToldNothing(t *testing.T) {
	needRoot(t)
	w := enter(t)
	theirs, err := os.MkdirTemp("", "kt")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(theirs)
	if err := os.Chown(theirs, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	cmd := asNobody(t, "impostor", theirs+"/sock")
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.await("the impostor", func() bool { _, err := os.Lstat(theirs + "/sock"); return err == nil })
	if err := os.MkdirAll(w.home+"/run", 0o700); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // it still has to open the socket to all
	if err := os.Rename(theirs+"/sock", w.home+"/run/api.sock"); err != nil {
		t.Fatal(err)
	}
	said, err := w.kitt("status")
	if err == nil || !strings.Contains(said, "user 65534, not you") {
		t.Errorf("%v: %s", err, said)
	}
	_ = cmd.Wait()
	if !strings.Contains(out.String(), "was told 0 bytes") {
		t.Errorf("the impostor says: %s", out.String())
	}
	os.Remove(w.home + "/run/api.sock")
}

// TestAHomeOfAnotherUserIsRefused: its owner could put anything in the place of what lies in it.
func TestAHomeOfAnotherUserIsRefused(t *testing.T) {
	needRoot(t)
	for _, mode := range []os.FileMode{0o700, 0o755} {
		w := alone(t)
		if err := os.Chmod(w.home, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(w.home, nobody, nobody); err != nil {
			t.Fatal(err)
		}
		w.put("kitt.hcl", `process "web" { command = "exec sleep 1000" }`)
		out, err := w.kitt("apply")
		if err == nil || !strings.Contains(out, "belongs to user 65534") || !strings.Contains(out, "hint:") {
			t.Errorf("%o: %v: %s", mode, err, out)
		}
	}
}

// TestFault28WhatStandsInASocketsPlaceIsRefused.
func TestFault28WhatStandsInASocketsPlaceIsRefused(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"a folder":  func(path string) error { return os.Mkdir(path, 0o700) },
		"a file":    func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) },
		"a symlink": func(path string) error { return os.Symlink("/etc/hostname", path) },
		"a stranger's socket": func(path string) error {
			l, err := net.Listen("unix", path)
			if err != nil {
				return err
			}
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			l.Close()
			return os.Lchown(path, nobody, nobody)
		},
	} {
		for _, sock := range []string{"api.sock", "keeper.sock"} {
			t.Run(name+" at "+sock, func(t *testing.T) {
				if strings.HasPrefix(name, "a stranger") {
					needRoot(t)
				}
				w := enter(t)
				if err := os.MkdirAll(w.home+"/run", 0o700); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(w.home, "run", sock)
				if err := make(path); err != nil {
					t.Fatal(err)
				}
				before, _ := os.Lstat(path)
				w.put("kitt.hcl", `process "web" { command = "exec sleep 1000" }`)
				out, err := w.kitt("apply")
				if err == nil || !strings.Contains(out, path) || strings.Contains(out, "goroutine") {
					t.Errorf("%v: %s", err, out)
				}
				if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
					t.Error("it was taken away")
				}
				os.RemoveAll(path)
			})
		}
	}
}

// TestAStaleSocketIsReplaced is the other side of fault 28.
func TestAStaleSocketIsReplaced(t *testing.T) {
	w := enter(t)
	_ = os.MkdirAll(w.home+"/run", 0o700)
	l, err := net.Listen("unix", w.home+"/run/api.sock")
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	w.apply(`process "web" { command = "exec sleep 1000" }`)
}

// TestNoKittProcessListensOnAPort, and a browser that somebody led to the socket is not let in.
func TestNoKittProcessListensOnAPort(t *testing.T) {
	w := enter(t)
	w.apply(`process "web" { command = "exec sleep 1000" }`)
	s := w.status()
	ports := listening(t)
	for _, pid := range []int{s.Keeper.PID, s.Daemon.PID} {
		for _, sock := range socketsOf(t, pid) {
			if ports[sock] {
				t.Errorf("process %d listens on a TCP or UDP port", pid)
			}
		}
	}
	for _, head := range []string{"Host: kitt\r\nOrigin: http://evil.example", "Host: evil.example", "Host: localhost\r\nSec-Fetch-Site: same-origin"} {
		if answer := raw(t, w.home+"/run/api.sock", "GET /v1/status HTTP/1.1\r\n"+head+"\r\nConnection: close\r\n\r\n"); strings.Contains(answer, "web") || !strings.Contains(answer, "browser") {
			t.Errorf("%q: %s", head, answer)
		}
	}
	if answer := raw(t, w.home+"/run/api.sock", "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); !strings.Contains(answer, "web") {
		t.Errorf("curl: %s", answer)
	}
}

// raw sends text to a socket and returns all that comes back.
func raw(t *testing.T, sock, text string) string {
	t.Helper()
	c, err := net.Dial("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = c.Write([]byte(text))
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// listening are the inodes of sockets that take connections, or packets, from the network.
func listening(t *testing.T) map[string]bool {
	out := map[string]bool{}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		b, err := os.ReadFile("/proc/self/net/" + table)
		if err != nil {
			t.Skip("no /proc/net here")
		}
		for line := range strings.Lines(string(b)) {
			if f := strings.Fields(line); len(f) > 9 && (f[3] == "0A" || strings.HasPrefix(table, "udp")) {
				out[f[9]] = true
			}
		}
	}
	return out
}

func socketsOf(t *testing.T, pid int) (inodes []string) {
	links, _ := filepath.Glob("/proc/" + itoa(pid) + "/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:[") {
			inodes = append(inodes, strings.Trim(to, "socket:[]"))
		}
	}
	if len(inodes) == 0 {
		t.Errorf("process %d has no sockets: the test sees nothing", pid)
	}
	return inodes
}

// TestAStoppedDaemonStopsNothing: whoever may send it SIGSTOP may end it too; processes and logs go on.
func TestAStoppedDaemonStopsNothing(t *testing.T) {
	w := enter(t)
	w.apply(`process "web" { command = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done" }`)
	pid := w.one("web.1").PID
	d := w.status().Daemon.PID
	if err := syscall.Kill(d, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	in := filepath.Base(w.dir) + "/web.1"
	n := len(w.stored(in, "out"))
	w.await("lines while the daemon is stopped", func() bool { return len(w.stored(in, "out")) > n+20 })
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c := &api.Client{Socket: w.home + "/run/api.sock"}
	if _, err := c.Get(ctx, "/v1/status", nil); err == nil {
		t.Error("it answers: it was not stopped")
	}
	_ = syscall.Kill(d, syscall.SIGCONT)
	if got := w.one("web.1"); got.PID != pid || got.Restarts != 0 {
		t.Errorf("another life: %+v", got)
	}
}
