package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// kills are how many a short run makes, and a long one.
func kills() int { return few(10, 50) }

// underWriters starts four writers, runs the fault again and again, and checks that the very same processes wrote
// every line.
func underWriters(w *world, log string, n int, fault func()) {
	w.Helper()
	w.spec(w.writers(4, log)...)
	w.do("apply")
	pids := w.pids(4)
	for i := range n {
		time.Sleep(time.Duration(3+7*i%40) * time.Millisecond) // another moment each time
		fault()
	}
	if now := w.pids(4); !slices.Equal(now, pids) {
		w.Errorf("the pids were %v and are %v", pids, now)
	}
	w.stopWriters(4)
}

// pids are those of the writers.
func (w *world) pids(n int) (pids []int) {
	w.Helper()
	for i := range n {
		pids = append(pids, w.running(fmt.Sprintf("w%d.1", i)).PID)
	}
	return pids
}

func TestFault01KillDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var took []time.Duration
	underWriters(w, bigLog, kills(), func() {
		old := w.daemon()
		kill(old)
		began := time.Now()
		w.until("another daemon", func() bool { now := w.daemon(); return now != 0 && now != old })
		took = append(took, time.Since(began))
	})
	t.Logf("another daemon answered after %v", took)
	if took[0] > 5*time.Second { // 100 ms on a quiet machine; the later ones wait: one that dies again and again within 2 s is given pauses
		t.Errorf("the first new daemon took %v to answer", took[0])
	}
}

func TestFault02KillDaemonAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("web", own("sleep")))
	w.do("apply")
	for range few(2, 30) {
		for _, verb := range []string{"restart", "stop", "start"} {
			w.killAt(verb, time.Duration(rand.IntN(25))*time.Millisecond)
		}
	}
}

// killAt kills the daemon while a verb is at work. What was answered holds; asked again, the verb is done.
func (w *world) killAt(verb string, after time.Duration) {
	w.Helper()
	before, daemon := w.of("web.1"), w.daemon()
	cmd := w.command(verb, "web")
	w.ok(cmd.Start())
	time.Sleep(after)
	kill(daemon)
	err := cmd.Wait()
	w.until("another daemon", func() bool { now := w.daemon(); return now != 0 && now != daemon })
	if err == nil && verb == "restart" && w.of("web.1").Generation <= before.Generation {
		w.Errorf("restart said it was done, and generation %d is still there", before.Generation)
	}
	w.do(verb, "web")
	want := map[string]int{"restart": 1, "start": 1, "stop": 0}[verb]
	w.until(fmt.Sprintf("%d of web after %s", want, verb), func() bool { return len(w.ofLife("shop/web.1#")) == want })
}

func TestFault03KillKeeper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	underWriters(w, bigLog, kills(), w.killKeeper)
}

func TestFault04KillKeeperWithTimestamps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	underWriters(w, "log {\n max_size = \"1GB\"\n keep = 10000\n compress = false\n timestamps = true\n}", kills(), w.killKeeper)
}

func TestFault05KillKeeperWhileRotating(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	underWriters(w, "log {\n max_size = \"200kB\"\n keep = 100000\n compress = false\n}", kills(), w.killKeeper)
	if n := len(segmentsOf(w.store("w0.1", "out"))); n < 3 {
		t.Errorf("only %d rotations: this proves nothing", n)
	}
}

func TestFault07KillKeeperAndDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	underWriters(w, bigLog, kills(), func() {
		w.killBoth()
		w.until("kitt, which any verb starts again", func() bool { return w.keeper() != 0 })
	})
}

func TestFault08ExitInTheKeepersGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(syscall.Mkfifo(w.at("go"), 0o600))
	w.spec(process("web", sh("echo up; read x < go; echo last words; exit 7"), `restart { policy = "never" }`))
	w.do("apply")
	w.stored("web.1", "up")
	s, _ := w.status()
	pid := w.of("web.1").PID
	w.until("the daemon to hold its pipes", func() bool { return w.holds(s.Daemon.PID) >= 2 })
	w.ok(syscall.Kill(s.Daemon.PID, syscall.SIGSTOP)) // so that the gap lasts
	kill(s.Keeper.PID)
	w.until("the keeper's end", func() bool { return !alive(s.Keeper.PID) })
	w.ok(os.WriteFile(w.at("go"), []byte("x\n"), 0))
	w.until("its end", func() bool { return !alive(pid) })
	w.ok(syscall.Kill(s.Daemon.PID, syscall.SIGCONT))
	w.stored("web.1", "last words")
	w.until("its exit", func() bool { return w.of("web.1").Exit != nil })
	x := w.of("web.1").Exit
	if exactStrangers && (x.Code == nil || *x.Code != 7) || !exactStrangers && x.Code != nil && *x.Code != 7 {
		t.Errorf("it is told as %+v", x)
	}
}

func TestFault09ExitWithNobodyThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(syscall.Mkfifo(w.at("go"), 0o600))
	w.spec(process("web", sh("test -e again && exec sleep 1000; read x < go; exit 0"), `restart { policy = "on-failure" }`))
	w.do("apply")
	pid := w.of("web.1").PID
	w.killBoth()
	w.file("again", "")
	w.ok(os.WriteFile(w.at("go"), []byte("x\n"), 0))
	w.until("its end, and that it is reaped", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH })
	w.until("its next life", func() bool { in := w.of("web.1"); return in.Phase == "running" && in.PID != pid })
	in := w.of("web.1")
	if in.Exit == nil || in.Exit.Code != nil || in.Exit.Signal != "" {
		t.Errorf("an exit that nobody saw is told as %+v", in.Exit)
	}
	if in.Restarts != 1 {
		t.Errorf("restarts is %d: it must count as a failure", in.Restarts)
	}
}
