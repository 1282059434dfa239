package faults

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile/keeper"
)

func (w *world) run(name string) string { return filepath.Join(w.home, "run", name) }

func TestFault27StaleSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("web", own("sleep")))
	w.do("apply")
	old := w.running("web.1")
	w.killBoth()
	kill(old.PID)
	w.ok(os.Remove(w.run("lives"))) // nothing but sockets tells that there was a kitt
	if _, code := w.try("status"); code != 3 {
		t.Errorf("status exits %d", code)
	}
	w.do("apply")
	w.running("web.1")
}

func TestFault28SomethingElseWhereTheSocketBelongs(t *testing.T) {
	for _, row := range []struct {
		name, says string
		put        func(w *world, path string) error
	}{
		{"a folder", "something that is no socket is in its place", func(w *world, path string) error { return os.Mkdir(path, 0o700) }},
		{"a link", "something that is no socket is in its place", func(w *world, path string) error { return os.Symlink(w.at("x"), path) }},
		{"another user's socket", "belongs to another user", func(w *world, path string) error {
			needsRoot(w.T)
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			w.ok(err)
			defer syscall.Close(fd)
			return errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}), os.Chown(path, 12345, 12345))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ok(os.MkdirAll(w.run(""), 0o700))
			w.ok(row.put(w, w.run("api.sock")))
			w.spec(process("web", own("sleep")))
			out, code := w.try("apply")
			if code == 0 || !strings.Contains(out, row.says) || !strings.Contains(out, w.run("api.sock")) {
				t.Errorf("exit %d: %s", code, out)
			}
			if left := w.ofLife("shop/"); len(left) > 0 {
				t.Errorf("something runs: %v", left)
			}
			w.ok(os.RemoveAll(w.run("api.sock")))
			w.do("apply")
		})
	}
}

func TestFault29TwentyKeepersAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var keepers []*exec.Cmd
	for range 20 {
		cmd := w.command("keeper", "--home", w.home)
		w.ok(cmd.Start())
		keepers = append(keepers, cmd)
	}
	ended := make(chan int, len(keepers))
	for _, cmd := range keepers {
		go func() { // ended by its keeper's end: at the latest by the world's
			_ = cmd.Wait()
			ended <- cmd.ProcessState.ExitCode()
		}()
	}
	for range 19 {
		select {
		case code := <-ended:
			if code != 0 {
				t.Errorf("a keeper that was too many exits %d", code)
			}
		case <-time.After(patience):
			t.Fatal("more than one keeper is left")
		}
	}
	w.until("the one to answer", func() bool { return w.keeper() != 0 })
	select {
	case <-ended:
		t.Error("no keeper is left")
	default:
	}
	w.end()
	<-ended
}

func TestFault30LockHeldByTheDying(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(os.MkdirAll(w.run(""), 0o700))
	f, err := os.OpenFile(w.run("keeper.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	w.ok(err)
	w.ok(syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	release := time.AfterFunc(400*time.Millisecond, func() { f.Close() }) // as a child does that comes to its exec
	defer release.Stop()
	w.spec(process("web", own("sleep")))
	w.do("apply")
	w.running("web.1")
}

func TestFault31TwoDaemons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("web", own("sleep")))
	w.do("apply")
	old, life := w.daemon(), w.running("web.1")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	other, err := keeper.Dial(ctx, w.run("keeper.sock"), "daemon")
	w.ok(err)
	defer other.Close()
	w.ok(other.Claim(ctx))
	_, _ = w.try("restart", "web", "--no-wait") // the older one is refused, and leaves
	w.until("a daemon that is neither", func() bool { now := w.daemon(); return now != 0 && now != old })
	w.until("the restart, which was on the disk", func() bool { in := w.of("web.1"); return in.Generation == 2 && in.Phase == "running" })
	if n := len(w.ofLife("shop/web.1#")); n != 1 || alive(life.PID) {
		t.Errorf("there are %d of web.1", n)
	}
	if err := other.Stop(ctx, keeper.StopOrder{Life: "shop/web.1#2.x"}); !errors.Is(err, keeper.ErrFenced) {
		t.Errorf("the one that came between is told %v", err)
	}
}

func TestFault26RunFolderRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(append(w.writers(1, bigLog), process("web", own("sleep")))...)
	w.do("apply")
	old, keeper := w.running("w0.1"), w.keeper()
	for range 2 {
		w.until("the folder to be empty", func() bool { return os.RemoveAll(w.run("")) == nil })
		w.do("apply") // it waits for the keeper there is, and begins no other
		if now := w.keeper(); now != keeper {
			t.Fatalf("the keeper was %d and is %d", keeper, now)
		}
		if now := w.running("w0.1"); now.PID != old.PID {
			t.Errorf("the writer was %d and is %d", old.PID, now.PID)
		}
		w.do("restart", "web") // a new life, with FIFOs of its own
		w.until("one of web", func() bool { return len(w.ofLife("shop/web.1#")) == 1 })
	}
	if n := len(w.ofLife("shop/w0.1#")); n != 1 {
		t.Errorf("there are %d writers", n)
	}
	if runtime.GOOS == "linux" { // elsewhere a FIFO that lost its name is lost with its keeper
		w.killKeeper()
	}
	w.stopWriters(1)
}
