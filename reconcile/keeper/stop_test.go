package keeper

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestStopEndsTheWholeTree(t *testing.T) {
	if _, err := os.Stat("/usr/bin/setsid"); err != nil {
		t.Skip("no setsid(1) here")
	}
	for _, row := range [][2]string{{"tree", "cgroup"}, {"tree", "scan"}, {"tree", "adopted"}, {"group", "scan"}, {"process", "scan"}} {
		t.Run(row[0]+" by "+row[1], func(t *testing.T) {
			mode := row[0]
			b := newBox(t, strings.Replace(row[1], "adopted", "scan", 1))
			s := b.order("/bin/sh", "-c", `cd $HOME; trap '' TERM
				sleep 61 & echo $! > child
				setsid sh -c 'trap "" TERM; echo $$ > session; sleep 62 & wait; sleep 63' &
				(setsid sh -c 'trap "" TERM; echo $$ > double; sleep 64; sleep 65' &) 
				while :; do sleep 0.05; done`)
			s.KillMode = mode
			l, err := b.c.Spawn(b.ctx(), s)
			b.ok(err)
			pids := map[string]int{"main": l.PID, "child": pidIn(b, "child"), "session": pidIn(b, "session"), "double": pidIn(b, "double")}
			if row[1] == "adopted" {
				b.kill()
				b.start()
			}
			b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: 100 * time.Millisecond}))
			b.exited(l.Name)
			for name, pid := range pids {
				dead := mode == "tree" || name == "main" || mode == "group" && name == "child"
				if dead {
					b.until(name+" to end", func() bool { return gone(pid) })
				} else if gone(pid) {
					t.Errorf("%s ended", name)
				} else {
					syscall.Kill(-pid, syscall.SIGKILL)
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		})
	}
}

func TestACrashTakesItsTreeAlong(t *testing.T) {
	b := newBox(t)
	l := b.sh("cd $HOME; sleep 61 & echo $! > child; setsid sleep 62 & echo $! > session; sleep 0.1; kill -9 $$")
	child, session := pidIn(b, "child"), pidIn(b, "session")
	b.exited(l.Name)
	b.until("both to end", func() bool { return gone(child) && gone(session) })
}

// asFat takes much memory, which takes the system a while to take back when it is killed, and then writes its pid into a file.
func asFat(args []string) int {
	mem, err := unix.Mmap(-1, 0, 400<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return 1
	}
	for i := 0; i < len(mem); i += 4096 {
		mem[i] = 1
	}
	os.WriteFile(args[0], []byte(strconv.Itoa(os.Getpid())), 0o600)
	time.Sleep(time.Hour)
	return 0
}

// An end is told once the tree is gone, not once it was killed: what comes next wants its ports.
func TestAnEndIsToldOnceItsTreeIsGone(t *testing.T) {
	for _, how := range []string{"cgroup", "scan"} {
		t.Run(how, func(t *testing.T) {
			b := newBox(t, how)
			l := b.spawn("/bin/sh", "-c", os.Args[0]+" @fat $HOME/child & while ! [ -s $HOME/child ]; do sleep 0.01; done; exit 3")
			b.exited(l.Name)
			if pid := pidIn(b, "child"); !gone(pid) {
				t.Errorf("its child %d lives", pid)
			}
		})
	}
}

func TestAStoppedTreeMayUseItsGrace(t *testing.T) {
	b := newBox(t)
	l := b.sh(`trap 'exit 0' TERM; sh -c 'trap "sleep 0.3; echo tidied; exit 0" TERM; echo up; while :; do sleep 0.02; done' & wait`)
	b.until("the child", func() bool { return b.text(1, "out") == "up\n" })
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: 10 * time.Second}))
	b.exited(l.Name)
	b.until("its last word", func() bool { return b.text(1, "out") == "up\ntidied\n" })
}

func TestAProgramThatIsHaltedHearsTheSignal(t *testing.T) {
	b := newBox(t)
	l := b.spawn("/bin/sleep", "60")
	syscall.Kill(l.PID, syscall.SIGSTOP)
	b.until("its halt", func() bool { // of two signals that wait, the halt may come second
		state, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(l.PID)).Output()
		return err == nil && strings.HasPrefix(strings.TrimSpace(string(state)), "T")
	})
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Signal: syscall.SIGINT, Grace: 10 * time.Second}))
	if x := b.exited(l.Name).Exit; x.Signal != syscall.SIGINT {
		t.Errorf("it ended by %+v", x)
	}
}

func TestTheFirstSignalWaitsForTheAsker(t *testing.T) {
	b := newBox(t)
	asker := b.spawn("/bin/sleep", "0.3")
	l := b.spawn("/bin/sleep", "60")
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: time.Second, After: asker.PID}))
	b.exited(l.Name)
	if b.life(asker.Name).State != Exited {
		t.Error("it was stopped before the asker had ended")
	}
}

func TestSignalScopes(t *testing.T) {
	b := newBox(t)
	l := b.sh("trap 'echo main' USR1; sh -c 'trap \"echo child\" USR1; echo up; while :; do sleep 0.01; done' & while :; do sleep 0.01; done")
	b.until("both", func() bool { return b.text(1, "out") == "up\n" })
	b.ok(b.c.Signal(b.ctx(), l.Name, syscall.SIGUSR1, ""))
	b.until("main's word", func() bool { return b.text(1, "out") == "up\nmain\n" })
	b.ok(b.c.Signal(b.ctx(), l.Name, syscall.SIGUSR1, "tree"))
	b.until("both words", func() bool { return len(b.text(1, "out")) == len("up\nmain\nmain\nchild\n") })
}
