package keeper

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the keeper is for: it is killed again and again under writers at full speed, and not a byte is lost.
func TestNothingIsLostWhenTheKeeperIsKilled(t *testing.T) {
	for _, how := range []string{"splice", "copy"} {
		t.Run(how, func(t *testing.T) {
			args := []string{}
			if how == "copy" {
				args = append(args, how)
			}
			b := newBox(t, args...)
			pids := map[string]int{}
			for i := range 4 {
				l := b.spawn(os.Args[0], "@lines", strconv.Itoa(i), b.home+"/stop")
				pids[l.Name] = l.PID
			}
			for i := range 20 {
				time.Sleep(time.Duration(3+5*i) * time.Millisecond) // another moment each time
				b.kill()
				b.start()
			}
			lives, err := b.c.List(b.ctx())
			b.ok(err)
			for _, l := range lives {
				if l.State != Running || l.PID != pids[l.Name] {
					t.Errorf("%s: state %d, pid %d, was %d", l.Name, l.State, l.PID, pids[l.Name])
				}
			}
			os.WriteFile(b.home+"/stop", nil, 0o600)
			for i := range 4 {
				b.exited(b.name(i + 1))
				checkLines(t, strconv.Itoa(i), b.text(i+1, "out"))
			}
		})
	}
}

// checkLines finds what is missing, doubled or torn.
func checkLines(t testing.TB, id, text string) {
	t.Helper()
	next, bad := 0, 0
	for len(text) > 0 {
		line, rest, whole := strings.Cut(text, "\n")
		text = rest
		if line == fmt.Sprintf("@%s:END %d$", id, next) {
			if text != "" {
				t.Errorf("writer %s: %d bytes behind its end", id, len(text))
			}
			return
		}
		n := -1
		if whole && len(line) == 63 && strings.HasPrefix(line, "@"+id+":") {
			n, _ = strconv.Atoi(line[len(id)+2 : len(id)+11])
		}
		if n != next && bad < 3 {
			t.Errorf("writer %s: line %d is %q", id, next, line[:min(len(line), 80)])
			bad++
		}
		next = max(n, next) + 1
	}
	t.Errorf("writer %s: no end after %d lines", id, next)
}

func TestAStopOutlivesDaemonAndKeeper(t *testing.T) {
	b := newBox(t)
	l := b.sh("trap '' TERM; echo up; while :; do sleep 0.05; done")
	b.until("its trap", func() bool { return b.text(1, "out") == "up\n" })
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: 300 * time.Millisecond}))
	b.kill()
	b.start()
	got := b.exited(l.Name)
	if got.Exit.How != "signal" || got.Exit.Signal != 9 || got.Deadline.IsZero() {
		t.Errorf("it ended as %+v", got)
	}
}

func TestExitedLivesAreStillListedByTheNextKeeper(t *testing.T) {
	b := newBox(t)
	l := b.sh("exit 3")
	b.exited(l.Name)
	b.kill()
	b.start()
	if got := b.life(l.Name); got.State != Exited || got.Exit.Code != 3 {
		t.Errorf("it has %+v", got)
	}
	b.ok(b.c.Forget(b.ctx(), l.Name))
	b.kill()
	b.start()
	if lives, _ := b.c.List(b.ctx()); len(lives) != 0 {
		t.Errorf("forgotten, yet there: %+v", lives)
	}
}

func TestNoRecordMakesTheKeeperTouchAStranger(t *testing.T) {
	b := newBox(t)
	b.kill()
	stranger := exec.Command("/bin/sleep", "60")
	b.ok(stranger.Start())
	defer stranger.Process.Kill()
	pid := stranger.Process.Pid
	p, _ := lookAt(pid)
	boot := bootID()
	var text []byte
	forge := func(n, pid int, ident uint64) {
		l := newLife(&Spawn{Life: fmt.Sprintf("shop/forged.%d#1.x", n)})
		l.pid, l.ident, l.state, l.deadline, l.stopSig = pid, ident, Stopping, time.Now(), 9
		text = append(text, l.records(boot)...)
	}
	forge(1, pid, p.ident)   // all but the cookie is right
	forge(2, pid, p.ident+1) // and this is of someone before it
	forge(3, 1, 0)
	forge(4, -1, 0)
	text = append(text, "v1 garbage\n\x00\xff\nv1 boot=x op=spawn life=y crc32c=00000000\n"...)
	text = append(text, strings.Replace(string(text), "forged", "false.", 1)...)
	text = append(text, "v1 boot=torn"...)
	b.ok(os.WriteFile(b.home+"/run/lives", text, 0o600))
	b.start()
	time.Sleep(50 * time.Millisecond)
	if gone(pid) {
		t.Fatal("the stranger is dead")
	}
	lives, _ := b.c.List(b.ctx())
	for _, l := range lives {
		if l.State != Exited || l.Exit.How != "unknown" {
			t.Errorf("taken up: %+v", l)
		}
	}
	if bad, _ := os.ReadFile(b.home + "/run/lives.bad"); len(bad) == 0 {
		t.Error("bad lines were not kept")
	}
}
