package keeper

import (
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOfManyKeepersOneStays(t *testing.T) {
	b := newBox(t)
	var wg sync.WaitGroup
	codes := make([]int, 20)
	for i := range codes {
		wg.Go(func() {
			cmd := exec.Command(os.Args[0], "@keeper", b.home)
			out, _ := cmd.CombinedOutput()
			codes[i] = cmd.ProcessState.ExitCode()
			if !strings.Contains(string(out), "another keeper runs") {
				t.Errorf("it says %q", out)
			}
		})
	}
	wg.Wait()
	for _, code := range codes {
		if code != 0 {
			t.Errorf("one that lost ends with %d", code)
		}
	}
	b.ok(b.c.Ping(b.ctx()))
}

func TestARunFolderThatIsATrapIsRefused(t *testing.T) {
	for _, row := range []struct {
		name, say string
		set       func(home string)
	}{
		{"a folder in place of the socket", "is no socket", func(h string) { os.MkdirAll(h+"/run/keeper.sock", 0o700) }},
		{"a symlink in place of the socket", "is no socket", func(h string) { os.Mkdir(h+"/run", 0o700); os.Symlink("/x", h+"/run/api.sock") }},
		{"a folder open to others", "chmod 700", func(h string) { os.Mkdir(h+"/run", 0o755); os.Chmod(h+"/run", 0o755) }},
		{"a symlink in place of the folder", "symlink", func(h string) { os.Mkdir(h+"/x", 0o700); os.Symlink(h+"/x", h+"/run") }},
	} {
		home, _ := os.MkdirTemp("", "k")
		defer os.RemoveAll(home)
		row.set(home)
		out, err := exec.Command(os.Args[0], "@keeper", home).CombinedOutput()
		if err == nil || !strings.Contains(string(out), row.say) {
			t.Errorf("%s: %v, %q", row.name, err, out)
		}
	}
	long := t.TempDir() + strings.Repeat("/0123456789", 10)
	out, err := exec.Command(os.Args[0], "@keeper", long).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--home") {
		t.Errorf("a long path: %v, %q", err, out)
	}
}

func TestAStrangeClientIsClosedAndTheKeeperLives(t *testing.T) {
	b := newBox(t)
	for _, bytes := range []string{"\xff\xff\xff\xff", "\x00\x00\x00\x00", "\x00\x00\x00\x05\x03\x00\x00\x00\x01",
		"\x00\x00\x00\x0b\x01\x00\x00\x00\x01\x00\x01\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n"} {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		b.ok(err)
		b.ok(unix.Connect(fd, &unix.SockaddrUnix{Name: b.home + "/run/keeper.sock"}))
		unix.Write(fd, []byte(bytes))
		var buf [16]byte
		if n, _ := unix.Read(fd, buf[:]); n > 0 {
			t.Errorf("%q was answered", bytes)
		}
		unix.Close(fd)
	}
	b.ok(b.c.Ping(b.ctx()))
}

func TestAClientThatNeverReadsIsClosed(t *testing.T) {
	b := newBox(t)
	s := b.order("/bin/sleep", "60")
	s.Meta = make([]byte, 32<<10)
	_, err := b.c.Spawn(b.ctx(), s)
	b.ok(err)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	b.ok(err)
	defer unix.Close(fd)
	b.ok(unix.Connect(fd, &unix.SockaddrUnix{Name: b.home + "/run/keeper.sock"}))
	unix.Write(fd, endFrame(putString(putInt(putInt(beginFrame(nil, kHello, 1), tMin, 1), tMax, 1), tRole, "cli"), 0))
	list := endFrame(beginFrame(nil, kPing, 2), 0)
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &unix.Timeval{Usec: 200000})
	flood := []byte(strings.Repeat(string(list), 4096))
	for range 400 {
		if _, err = unix.Write(fd, flood); err != nil {
			break
		}
	}
	if err == nil || err == syscall.EAGAIN {
		t.Errorf("it may flood for ever: %v", err)
	}
	b.ok(b.c.Ping(b.ctx()))
}

// A keeper that finds another one at work leaves at once: were it to wait for the lock, it would take over, and start all
// again, when that one is told to end. One that is only listened for, by a child that a killed keeper left, is no keeper.
func TestNoKeeperWaitsBehindAnother(t *testing.T) {
	b := newBox(t)
	if err := exec.Command(os.Args[0], "@keeper", b.home).Run(); err != nil {
		t.Errorf("the second keeper: %v", err)
	}
	o := Options{Run: b.home + "/run"}
	gaveUp := make(chan error, 1)
	go func() { // ends with the keeper at the latest
		_, err := o.lock(time.Hour)
		gaveUp <- err
	}()
	select {
	case err := <-gaveUp:
		if err != syscall.EWOULDBLOCK {
			t.Errorf("the lock: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it waits for the lock")
	}
	if !o.answers() {
		t.Error("the keeper does not answer")
	}
	b.kill()
	if o.answers() {
		t.Error("a dead keeper answers")
	}
	os.Remove(b.home + "/run/keeper.sock")
	l, err := net.Listen("unix", b.home+"/run/keeper.sock")
	b.ok(err)
	defer l.Close()
	if o.answers() {
		t.Error("a socket on which nobody speaks answers")
	}
}

// What a keeper left of a tree whose end it had recorded is ended by the next one.
func TestATreeIsEndedByTheNextKeeper(t *testing.T) {
	b := newBox(t, "scan")
	l := b.sh("sleep 300 & echo $! ; exec sleep 300")
	b.until("its child", func() bool { return strings.HasSuffix(b.text(1, "out"), "\n") })
	child, _ := strconv.Atoi(strings.TrimSpace(b.text(1, "out")))
	b.kill()
	syscall.Kill(l.PID, syscall.SIGKILL)
	f, err := os.OpenFile(b.home+"/run/lives", os.O_WRONLY|os.O_APPEND, 0)
	b.ok(err)
	x := record{boot: bootID(), life: l.Name, op: "exit", t: time.Now().UnixNano(), how: "signal", sig: 9}
	f.Write(x.line())
	f.Close()
	b.start()
	b.until("the end of its child", func() bool { return gone(child) })
}
