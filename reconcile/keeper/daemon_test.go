package keeper

import (
	"context"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asDaemon is child #0: it writes its pid, holds what it is given, stands witness when the keeper dies.
func asDaemon(args []string) int {
	home := args[0]
	ctx := context.Background()
	if image, _ := os.Readlink("/proc/self/exe"); strings.HasSuffix(image, "/baddaemon") {
		return 1
	}
	if err := asDaemonOf(ctx, home); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		return 1
	}
	return 0
}

func asDaemonOf(ctx context.Context, home string) error {
	c, err := Attach(4)
	if err != nil {
		return err
	}
	w, err := c.Hold(ctx, home+"/run", nil)
	if err != nil {
		return err
	}
	lives, err := c.List(ctx)
	if err != nil {
		return err
	}
	os.WriteFile(home+"/daemon.new", []byte(strconv.Itoa(os.Getpid())), 0o600)
	os.Rename(home+"/daemon.new", home+"/daemon")
	_ = lives
	for {
		select {
		case e := <-c.Events():
			if e.Kind == "shutdown" {
				return c.Shutdown(ctx, false)
			}
			if e.Kind == "upgrade" {
				return nil
			}
			if e.Kind == "upgraded" {
				os.WriteFile(home+"/news", []byte(e.Text), 0o600)
			}
		case <-c.Done():
			os.WriteFile(home+"/held", []byte(strconv.Itoa(w.Lives())), 0o600)
			ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			return DialWitness(ctx, home+"/run/keeper.sock", w)
		}
	}
}

func TestADaemonThatDiesIsStartedAgain(t *testing.T) {
	b := newBox(t, "daemon")
	for range 3 {
		pid := pidIn(b, "daemon")
		os.Remove(b.home + "/daemon")
		syscall.Kill(pid, syscall.SIGKILL)
		if next := pidIn(b, "daemon"); next == pid {
			t.Fatal("it is the same")
		}
	}
}

func TestTheNewestClaimantControls(t *testing.T) {
	b := newBox(t)
	old := b.c
	b.dial()
	defer old.Close()
	if err := old.Stop(b.ctx(), StopOrder{Life: "x"}); err != ErrFenced {
		t.Errorf("the older one got %v", err)
	}
	if err := b.c.Stop(b.ctx(), StopOrder{Life: "x"}); err != ErrUnknown {
		t.Errorf("the newest got %v", err)
	}
	cli, err := Dial(b.ctx(), b.home+"/run/keeper.sock", "cli")
	b.ok(err)
	defer cli.Close()
	if _, err := cli.List(b.ctx()); err != nil {
		t.Errorf("cli cannot list: %v", err)
	}
	if _, err := cli.Spawn(b.ctx(), b.order("/bin/true")); err != ErrFenced {
		t.Errorf("cli spawned: %v", err)
	}
	if err := cli.Claim(b.ctx()); err == nil {
		t.Error("cli claimed")
	}
}

func TestTermAsksTheDaemonAndLeavesTheLives(t *testing.T) {
	b := newBox(t, "daemon")
	pidIn(b, "daemon")
	l := b.spawn("/bin/sleep", "60")
	b.c.Close()
	b.cmd.Process.Signal(syscall.SIGTERM)
	b.cmd.Wait()
	if gone(l.PID) {
		t.Error("the life ended with the keeper")
	}
	if _, err := os.Lstat(b.home + "/run/keeper.sock"); err == nil {
		t.Error("the socket is still there")
	}
	b.args = nil
	b.start()
	if got := b.life(l.Name); got.PID != l.PID || got.State != Running || !got.Adopted {
		t.Errorf("the next keeper has %+v", got)
	}
}

func TestShutdownStopEndsEverything(t *testing.T) {
	b := newBox(t)
	var pids []int
	for range 5 {
		pids = append(pids, b.spawn("/bin/sleep", "60").PID)
	}
	b.ok(b.c.Shutdown(b.ctx(), true))
	b.cmd.Wait()
	for _, pid := range pids {
		if !gone(pid) {
			t.Errorf("%d lives", pid)
		}
	}
}

func TestAnEndThatNobodySaw(t *testing.T) {
	for _, row := range []struct {
		name    string
		witness bool
		want    Exit
		text    string
	}{
		{"with a witness it is exact, and the last words are kept", true, Exit{How: "exit", Code: 7}, "last words\n"},
		{"without one it is unknown", false, Exit{How: "unknown"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBox(t)
			if row.witness {
				b.kill()
				b.args = []string{"daemon"}
				b.start()
			}
			syscall.Mkfifo(b.home+"/go", 0o600)
			l := b.whoSpawns(row.witness, "read x < "+b.home+"/go; echo last words; exit 7")
			b.kill()
			b.args = nil
			os.WriteFile(b.home+"/go", []byte("x\n"), 0)
			b.until("the end", func() bool { _, ok := lookAt(l.PID); return !ok }) // reaped by init
			b.start()
			x := b.exited(l.Name).Exit
			if x.How != row.want.How || x.Code != row.want.Code {
				t.Errorf("it is told as %+v", x)
			}
			if got := b.text(b.n, "out"); got != row.text {
				t.Errorf("its words are %q", got)
			}
		})
	}
}

// whoSpawns begins a life, and waits until the daemon holds what it must.
func (b *box) whoSpawns(witness bool, script string) Life {
	b.Helper()
	l := b.sh(script)
	if witness { // it holds a second pidfd and pipe end for each life
		daemon := pidIn(b, "daemon")
		b.until("the daemon to hold it", func() bool {
			n := 0
			fds, _ := os.ReadDir("/proc/" + strconv.Itoa(daemon) + "/fd")
			for _, fd := range fds {
				if to, _ := os.Readlink("/proc/" + strconv.Itoa(daemon) + "/fd/" + fd.Name()); strings.HasSuffix(to, ".out") || strings.HasSuffix(to, ".err") {
					n++
				}
			}
			return n == 2
		})
	}
	return l
}
