package keeper

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestEveryExitIsExact(t *testing.T) {
	b := newBox(t)
	codes := []int{0, 1, 2, 7, 42, 126, 127, 128, 200, 255}
	signals := []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGKILL, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGPIPE}
	var wg sync.WaitGroup
	lives := make([]Life, len(codes)+len(signals))
	for i, code := range codes {
		s := b.order("/bin/sh", "-c", fmt.Sprint("exit ", code))
		wg.Go(func() { lives[i], _ = b.c.Spawn(b.ctx(), s) })
	}
	for i, sig := range signals {
		s := b.order("/bin/sh", "-c", fmt.Sprintf("kill -%d $$", sig))
		wg.Go(func() { lives[len(codes)+i], _ = b.c.Spawn(b.ctx(), s) })
	}
	wg.Wait()
	for i, l := range lives {
		x := b.exited(l.Name).Exit
		if i < len(codes) && (x.How != "exit" || x.Code != codes[i]) {
			t.Errorf("exit %d is told as %+v", codes[i], x)
		}
		if i >= len(codes) && (x.How != "signal" || x.Signal != signals[i-len(codes)]) {
			t.Errorf("signal %d is told as %+v", signals[i-len(codes)], x)
		}
	}
}

func TestALifeGetsWhatWasAsked(t *testing.T) {
	b := newBox(t)
	s := b.order("/bin/sh", "-c", "umask; pwd; echo $0 $A $KITT_LIFE; cat; echo oops >&2; ulimit -n", "")
	s.Argv[0] = "my own name"
	s.Argv = append(s.Argv[:3], "zero")
	s.Env, s.Cwd, s.Umask = append(s.Env, "A=b c", "KITT_LIFE=forged"), b.home, 0o27
	_, err := b.c.Spawn(b.ctx(), s)
	b.ok(err)
	b.exited(s.Life)
	var lim syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim)
	want := "0027\n" + b.home + "\nzero b c " + s.Life + "\n"
	if got := b.text(1, "out"); !strings.HasPrefix(got, want) {
		t.Errorf("out is %q, want %q", got, want)
	}
	if got := b.text(1, "err"); got != "oops\n" {
		t.Errorf("err is %q", got)
	}
}

func TestSpawnIsIdempotent(t *testing.T) {
	b := newBox(t)
	s := b.order("/bin/sleep", "60")
	one, err := b.c.Spawn(b.ctx(), s)
	b.ok(err)
	two, err := b.c.Spawn(b.ctx(), s)
	b.ok(err)
	if one.PID != two.PID {
		t.Errorf("asked twice, there are %d and %d", one.PID, two.PID)
	}
	b.kill()
	b.start()
	three, err := b.c.Spawn(b.ctx(), s)
	b.ok(err)
	if three.PID != one.PID || !three.Adopted {
		t.Errorf("after the keeper's death it is %+v, was %d", three, one.PID)
	}
}

func TestASpawnThatFailsLeavesNothing(t *testing.T) {
	b := newBox(t)
	os.WriteFile(b.home+"/plain", []byte("x"), 0o644)
	os.WriteFile(b.home+"/noexec", []byte("no program"), 0o755)
	fds := func() int { n, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", b.cmd.Process.Pid)); return len(n) }
	b.ok(b.c.Forget(b.ctx(), b.exited(b.spawn("/bin/true").Name).Name))
	before := fds()
	for _, row := range []struct {
		name, path, cwd, text string
		errno                 syscall.Errno
	}{
		{"a missing program", "/nope/x", "/", "exec /nope/x: no such file or directory", syscall.ENOENT},
		{"a file that may not run", b.home + "/plain", "/", "exec " + b.home + "/plain: permission denied", syscall.EACCES},
		{"a file that is no program", b.home + "/noexec", "/", "exec " + b.home + "/noexec: exec format error", syscall.ENOEXEC},
		{"a missing folder", "/bin/true", "/nope", "chdir /nope: no such file or directory", syscall.ENOENT},
		{"a folder that is none", "/bin/true", "/dev/null", "chdir /dev/null: not a directory", syscall.ENOTDIR},
		{"a relative path", "true", "/", "exec true: not an absolute path", 0},
	} {
		s := b.order(row.path)
		s.Cwd = row.cwd
		_, err := b.c.Spawn(b.ctx(), s)
		if e := asError(t, err); e.Text != row.text || e.Errno != row.errno {
			t.Errorf("%s: %q %d", row.name, e.Text, e.Errno)
		}
		if row.errno != 0 && !errors.Is(err, row.errno) {
			t.Errorf("%s: no errno in %v", row.name, err)
		}
	}
	if after := fds(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	if left, _ := os.ReadDir(b.home + "/run/fifo"); len(left) != 0 {
		t.Errorf("FIFOs left: %v", left)
	}
	if _, err := os.Stat(b.home + "/logs"); err == nil {
		t.Error("a log folder was made though nothing was logged")
	}
	b.kill()
	b.start()
	if lives, _ := b.c.List(b.ctx()); len(lives) != 0 {
		t.Errorf("lives left: %+v", lives)
	}
}

func TestMetaTuneForget(t *testing.T) {
	b := newBox(t)
	s := b.order("/bin/sh", "-c", "read x < "+b.home+"/go; echo done")
	syscall.Mkfifo(b.home+"/go", 0o600)
	s.Meta = []byte("one")
	_, err := b.c.Spawn(b.ctx(), s)
	b.ok(err)
	b.ok(b.c.SetMeta(b.ctx(), s.Life, []byte("two\x00\n")))
	if err := b.c.Forget(b.ctx(), s.Life); err == nil {
		t.Error("a running life was forgotten")
	}
	b.kill()
	b.start()
	if m := string(b.life(s.Life).Meta); m != "two\x00\n" {
		t.Errorf("meta is %q", m)
	}
	b.ok(b.c.Tune(b.ctx(), s.Life, Log{Dir: b.home + "/logs/other", MaxSize: 100, Keep: 1}))
	os.WriteFile(b.home+"/go", []byte("x\n"), 0)
	b.exited(s.Life)
	if text, _ := os.ReadFile(b.home + "/logs/other/out/current"); string(text) != "done\n" {
		t.Errorf("the tuned folder holds %q", text)
	}
	b.ok(b.c.Forget(b.ctx(), s.Life))
	if err := b.c.Forget(b.ctx(), s.Life); err != ErrUnknown {
		t.Errorf("forgotten twice: %v", err)
	}
	next := b.order("/bin/sleep", "100")
	next.Life = "shop/web.1#2.b"
	_, err = b.c.Spawn(b.ctx(), next)
	b.ok(err)
	if left, _ := os.ReadDir(b.home + "/run/fifo"); len(left) != 2 {
		t.Errorf("the next life has not taken over the FIFOs: %v", left)
	}
}

func TestFewDescriptors(t *testing.T) {
	b := newBox(t, "nofile=80")
	var err error
	for range 40 {
		if _, err = b.c.Spawn(b.ctx(), b.order("/bin/sleep", "60")); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.EMFILE) {
		t.Fatalf("it ended with %v", err)
	}
	b.ok(b.c.Ping(b.ctx()))
	lives, _ := b.c.List(b.ctx())
	if len(lives) < 3 {
		t.Errorf("only %d lives fit", len(lives))
	}
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: lives[0].Name, Signal: syscall.SIGKILL}))
	b.exited(lives[0].Name)
	b.ok(b.c.Forget(b.ctx(), lives[0].Name))
	if _, err := b.c.Spawn(b.ctx(), b.order("/bin/sleep", "60")); err != nil {
		t.Errorf("room was made, yet: %v", err)
	}
}
