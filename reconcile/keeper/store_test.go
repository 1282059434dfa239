package keeper

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRotationKeepsWhatIsAskedAndEveryOffset(t *testing.T) {
	b := newBox(t)
	s := b.order("/bin/sh", "-c", "i=0; while [ $i -lt 500 ]; do echo line $i of many; i=$((i+1)); done")
	s.Log.MaxSize, s.Log.Keep = 1000, 3
	_, err := b.c.Spawn(b.ctx(), s)
	b.ok(err)
	b.exited(s.Life)
	dir := s.Log.Dir + "/out"
	closed := segments(dir)
	if len(closed) != 3 {
		t.Fatalf("%d closed segments", len(closed))
	}
	whole := ""
	for i := range 500 {
		whole += fmt.Sprintf("line %d of many\n", i)
	}
	if text := b.text(1, "out"); !strings.HasSuffix(whole, text) || len(text) < 3000 {
		t.Errorf("the store holds %d bytes that are no end of the stream", len(text))
	}
	if at := closed[0].start + int64(len(b.text(1, "out"))); at != int64(len(whole)) || endOnDisk(dir) != at {
		t.Errorf("the last offset is %d or %d, want %d", at, endOnDisk(dir), len(whole))
	}
	idx, _ := os.ReadFile(dir + "/" + pad20(closed[1].start) + ".idx")
	if len(idx) < 32 || len(idx)%16 != 0 {
		t.Errorf("the index has %d bytes", len(idx))
	}
}

func TestOthersMayCutMoveAndRemoveALog(t *testing.T) {
	// What went into a file that is gone by the next look is taken over: nobody can be sure to have read it.
	for _, row := range []struct{ name, do, want string }{
		{"cut", ": > current", "two\n"},
		{"moved", "mv current old", "two\n"},
		{"removed", "rm current", "one\ntwo\n"},
		{"with its folder", "rm -r ../../*", "one\ntwo\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			syscall.Mkfifo(b.home+"/go", 0o600)
			b.sh("echo one; read x < " + b.home + "/go; sleep 0.02; echo two; sleep 60")
			b.until("one", func() bool { return b.text(1, "out") == "one\n" })
			cmd := exec.Command("/bin/sh", "-c", row.do)
			cmd.Dir = b.home + "/logs/web.1/out"
			b.ok(cmd.Run())
			os.WriteFile(b.home+"/go", []byte("x\n"), 0)
			b.until("two", func() bool { return b.text(1, "out") == row.want })
			if end := endOnDisk(b.home + "/logs/web.1/out"); end != 8 {
				t.Errorf("the stream ends at %d, want 8", end)
			}
		})
	}
}

func TestASymlinkInPlaceOfALogIsRefused(t *testing.T) {
	b := newBox(t)
	b.ok(os.MkdirAll(b.home+"/logs/web.1/out", 0o700))
	b.ok(os.WriteFile(b.home+"/victim", []byte("mine"), 0o600))
	b.ok(os.Symlink(b.home+"/victim", b.home+"/logs/web.1/out/current"))
	b.sh("echo overwritten; sleep 60")
	e := <-b.c.Events()
	if text, _ := os.ReadFile(b.home + "/victim"); e.Kind != "stalled" || string(text) != "mine" {
		t.Errorf("event %q %q, the victim holds %q", e.Kind, e.Text, text)
	}
	b.ok(os.Remove(b.home + "/logs/web.1/out/current"))
	b.until("the words", func() bool { return b.text(1, "out") == "overwritten\n" })
}

func TestWatchTellsOnceAndAtOnceIfBehind(t *testing.T) {
	b := newBox(t)
	syscall.Mkfifo(b.home+"/go", 0o600)
	l := b.sh("echo one; read x < " + b.home + "/go; echo two; sleep 60")
	b.until("one", func() bool { return b.text(1, "out") == "one\n" })
	logged := func() Event {
		select {
		case e := <-b.c.Events():
			return e
		case <-time.After(100 * time.Millisecond):
			return Event{}
		}
	}
	b.ok(b.c.Watch(b.ctx(), l.Name, 0, 0))
	if e := logged(); e.Kind != "logged" || e.Life.Name != l.Name {
		t.Errorf("behind, it tells %+v", e)
	}
	b.ok(b.c.WatchDir(b.ctx(), b.home+"/logs/web.1", 4, 0))
	if e := logged(); e.Kind != "" {
		t.Errorf("up to date, it tells %+v", e)
	}
	os.WriteFile(b.home+"/go", []byte("x\n"), 0)
	if e := logged(); e.Kind != "logged" || e.Text != b.home+"/logs/web.1" {
		t.Errorf("after a line it tells %+v", e)
	}
}
