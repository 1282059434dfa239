package keeper

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asNamed makes a keeper whose program has a telling name behave like that.
func asNamed(o Options) Options {
	image, _ := os.Readlink("/proc/self/exe")
	switch filepath.Base(image) {
	case "dies":
		o.Ready = func() { os.Exit(3) }
	case "next", "previous", "baddaemon":
		o.Version = filepath.Base(image)
	}
	return o
}

// program is a copy of the test binary: another file, so another program.
func (b *box) program(name string) string {
	b.Helper()
	path := filepath.Join(b.home, name)
	b.ok(os.MkdirAll(filepath.Dir(path), 0o700))
	from, err := os.Open(os.Args[0])
	b.ok(err)
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	b.ok(err)
	_, err = io.Copy(to, from)
	b.ok(err)
	b.ok(to.Close())
	return path
}

// upgrade has the keeper become path, and meets it again.
func (b *box) upgrade(path string) {
	b.Helper()
	b.ok(b.c.Upgrade(b.ctx(), path, filepath.Base(path)))
	b.c.Close()
	b.dial()
}

func TestFault10AKeeperThatIsReplacedInPlaceLosesNothing(t *testing.T) {
	for how, rounds := range map[string]int{"splice": 50, "copy": 15} {
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
			programs := []string{b.program("next"), b.program("other")}
			b.until("bytes of all", func() bool {
				for i := range 4 {
					if b.text(i+1, "out") == "" {
						return false
					}
				}
				return true
			})
			open := b.descriptors()
			var pauses []time.Duration
			for i := range rounds {
				time.Sleep(time.Duration(i%10) * time.Millisecond) // another moment each time
				b.upgrade(programs[i%2])
				pauses = append(pauses, b.c.About().Pause)
			}
			slices.Sort(pauses)
			t.Logf("%d upgrades: away for %s p50, %s max", rounds, pauses[rounds/2], pauses[rounds-1])
			if b.c.PID() != b.cmd.Process.Pid {
				t.Errorf("the keeper is %d, it was %d", b.c.PID(), b.cmd.Process.Pid)
			}
			lives, err := b.c.List(b.ctx())
			b.ok(err)
			for _, l := range lives {
				if l.State != Running || l.PID != pids[l.Name] || l.Adopted {
					t.Errorf("%s: state %d, pid %d, was %d, adopted %v", l.Name, l.State, l.PID, pids[l.Name], l.Adopted)
				}
			}
			os.WriteFile(b.home+"/stop", nil, 0o600)
			for i := range 4 {
				if x := b.exited(b.name(i + 1)).Exit; x.How != "exit" || x.Code != 0 {
					t.Errorf("writer %d ended as %+v", i, x)
				}
				checkLines(t, strconv.Itoa(i), b.text(i+1, "out"))
			}
			if n := b.descriptors(); n > open+3 {
				t.Errorf("the keeper has %d descriptors open, it had %d", n, open)
			}
		})
	}
}

// childOf is what is left of a tree whose root is dead.
func (b *box) childOf(l Life) int {
	b.Helper()
	for _, p := range everyProcess() {
		if name, _ := cookieOf(p.pid); name == l.Name && p.pid != l.PID && p.ppid == b.cmd.Process.Pid && !p.dead() {
			return p.pid
		}
	}
	b.Fatal("nothing is left of the tree")
	return 0
}

// descriptors is how many the keeper has open.
func (b *box) descriptors() int {
	open, _ := os.ReadDir("/proc/" + strconv.Itoa(b.cmd.Process.Pid) + "/fd")
	return len(open)
}

func TestFault13EveryEndAcrossUpgradesIsKnown(t *testing.T) {
	const rounds, each = 40, 25
	b := newBox(t)
	programs := []string{b.program("next"), b.program("other")}
	want := map[string]int{}
	for i := range rounds {
		for j := range each {
			n := i*each + j
			end := fmt.Sprintf("exit %d", n%250)
			if n%5 == 0 {
				end = "kill -USR1 $$"
			}
			if n%3 == 0 {
				end = fmt.Sprintf("sleep 0.%03d; %s", (n*7)%120, end)
			}
			s := b.order("/bin/sh", "-c", "echo last words; "+end)
			_, err := b.c.Spawn(b.ctx(), s)
			b.ok(err)
			want[s.Life] = n
		}
		b.upgrade(programs[i%2])
	}
	for name, n := range want {
		x := b.life1(name).Exit
		if n%5 == 0 && (x.How != "signal" || x.Signal != syscall.SIGUSR1) || n%5 != 0 && (x.How != "exit" || x.Code != n%250) {
			t.Errorf("%s, number %d, is told to have ended as %+v", name, n, x)
		}
	}
	for n := range rounds * each {
		if got := b.text(n+1, "out"); got != "last words\n" {
			t.Errorf("the words of number %d are %q", n, got)
		}
	}
}

// life1 waits until all have ended, once, and then looks one up.
func (b *box) life1(name string) Life {
	b.Helper()
	if b.all == nil {
		b.until("the end of all", func() bool {
			lives, err := b.c.List(b.ctx())
			b.ok(err)
			b.all = map[string]Life{}
			for _, l := range lives {
				if l.State != Exited {
					return false
				}
				b.all[l.Name] = l
			}
			return true
		})
	}
	return b.all[name]
}

func TestAStopGoesOnAcrossAnUpgrade(t *testing.T) {
	b := newBox(t)
	next := b.program("next")
	counting := b.sh("n=0; trap 'n=$((n+1)); echo $n' TERM; echo up; while :; do sleep 0.02; done")
	b.until("its trap", func() bool { return b.text(1, "out") == "up\n" })
	tree := b.sh("sh -c \"trap '' TERM; echo up; while :; do sleep 0.02; done\" & sleep 0.3; exit 5")
	b.until("its child's trap", func() bool { return b.text(2, "out") == "up\n" })
	for l, grace := range map[string]time.Duration{counting.Name: 1500 * time.Millisecond, tree.Name: time.Minute} {
		b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l, Signal: syscall.SIGTERM, Grace: grace, KillMode: "tree"}))
	}
	b.until("the signal", func() bool { return b.text(1, "out") == "up\n1\n" })
	b.until("the end of the tree's root", func() bool { p, _ := lookAt(tree.PID); return p.dead() })
	for range 3 {
		b.upgrade(next)
	}
	if l := b.life(tree.Name); l.State != Stopping {
		t.Errorf("the tree that has until its deadline is in state %d", l.State)
	}
	child := b.childOf(tree)
	b.ok(syscall.Kill(child, syscall.SIGKILL)) // and when it ends before that, so does the life
	x := b.exited(counting.Name)
	if x.Exit.Signal != syscall.SIGKILL || x.Adopted {
		t.Errorf("it ended as %+v", x)
	}
	if got := b.text(1, "out"); got != "up\n1\n" {
		t.Errorf("it was told to end more than once: %q", got)
	}
	if x := b.exited(tree.Name); x.Exit.Signal != syscall.SIGTERM || !gone(tree.PID) {
		t.Errorf("the tree ended as %+v", x)
	}
}

func TestFault11AProgramThatCannotBeExecutedChangesNothing(t *testing.T) {
	b := newBox(t, "daemon")
	pidIn(b, "daemon")
	l := b.spawn(os.Args[0], "@lines", "0", b.home+"/stop")
	open := 0
	rows := []struct{ name, text, want string }{
		{"no program at all", "", "exec format error"},
		{"text", "this is no program\n", "exec format error"},
		{"an ELF head and no more", "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 57), "exec format error"},
	}
	for _, row := range slices.Concat(rows, rows, rows) {
		path := filepath.Join(b.home, "bad")
		b.ok(os.WriteFile(path, []byte(row.text), 0o755))
		os.Remove(b.home + "/daemon")
		err := b.c.Upgrade(b.ctx(), path, "bad")
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Fatalf("%s: %v", row.name, err)
		}
		b.c.Close()
		if pidIn(b, "daemon") == 0 {
			t.Fatalf("%s: there is no daemon", row.name)
		}
		b.dial()
		if got := b.life(l.Name); got.PID != l.PID || got.State != Running || got.Adopted || b.c.PID() != b.cmd.Process.Pid {
			t.Errorf("%s: it is now %+v under %d", row.name, got, b.c.PID())
		}
		if _, on := LastUpgrade(b.home + "/state"); on {
			t.Errorf("%s: a trial is recorded", row.name)
		}
		if n := b.descriptors(); open == 0 {
			open = n
		} else if n > open+5 { // the daemon is just coming up
			t.Errorf("%s: %d descriptors, there were %d", row.name, n, open)
		}
	}
	child := b.spawn("/bin/sleep", "60")
	b.until("a child that has three descriptors", func() bool { // while it is loaded it opens some of its own
		fds, _ := os.ReadDir("/proc/" + strconv.Itoa(child.PID) + "/fd")
		return len(fds) == 3
	})
	for path, want := range map[string]string{"/nowhere/kitt": "no such file", b.home: "not a regular file", "kitt": "not an absolute path"} {
		if err := b.c.Upgrade(b.ctx(), path, "bad"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	os.WriteFile(b.home+"/stop", nil, 0o600)
	b.exited(l.Name)
	checkLines(t, "0", b.text(1, "out"))
}

func TestFault15AProgramWhoseDaemonDiesIsLeft(t *testing.T) {
	b := newBox(t, "daemon")
	pidIn(b, "daemon")
	l := b.spawn("/bin/sleep", "60")
	b.program("state/bin/previous")
	os.Remove(b.home + "/daemon")
	b.ok(b.c.Upgrade(b.ctx(), b.program("baddaemon"), "1.1"))
	b.c.Close()
	b.dial() // a daemon has taken hold
	if b.c.Version() != "previous" || b.c.PID() != b.cmd.Process.Pid {
		t.Errorf("the keeper is %s, pid %d", b.c.Version(), b.c.PID())
	}
	if got := b.life(l.Name); got.PID != l.PID || got.State != Running || got.Adopted {
		t.Errorf("the life is now %+v", got)
	}
	b.until("word of it", func() bool {
		text, _ := os.ReadFile(b.home + "/news")
		return strings.Contains(string(text), "back to test: 1.1 was given up, its daemon ended 3 times")
	})
	if got, ok := LastUpgrade(b.home + "/state"); !ok || got.Back == "" || got.To != "1.1" {
		t.Errorf("the record is %+v", got)
	}
}

func TestFault15AProgramWhoseKeeperDiesIsLeft(t *testing.T) {
	b := newBox(t)
	l := b.sh("trap '' HUP; sleep 60; echo never")
	b.program("state/bin/previous")
	bad := b.program("dies")
	b.ok(b.c.Upgrade(b.ctx(), bad, "1.1"))
	b.c.Close()
	b.cmd.Wait()
	for n := 1; n < trialMost; n++ { // somebody starts it again, by its path
		b.again(bad)
		b.cmd.Wait()
		if code := b.cmd.ProcessState.ExitCode(); code != 3 {
			t.Fatalf("start %d ended with %d", n, code)
		}
	}
	for range 2 { // from now on, always
		b.again(bad)
		b.dial()
		if b.c.Version() != "previous" {
			t.Errorf("the keeper is %s", b.c.Version())
		}
		if got := b.life(l.Name); got.PID != l.PID || got.State != Running {
			t.Errorf("the life is now %+v", got)
		}
		b.kill()
	}
	b.again(b.program("dies2")) // another program at that path is not judged by it
	b.dial()
	if b.c.Version() != "test" {
		t.Errorf("the keeper is %s", b.c.Version())
	}
}
