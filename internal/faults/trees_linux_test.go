package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// withoutCgroups is a command under which no cgroup can be made: trees must be found by a scan.
func withoutCgroups(t *testing.T) []string {
	t.Helper()
	needsRoot(t)
	cover := []string{"unshare", "--mount", "/bin/sh", "-c", `mount -t tmpfs none /sys/fs/cgroup && exec "$@"`, "sh"}
	if out, err := exec.Command(cover[0], append(cover[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("needs a mount namespace to hide the cgroups: %v %s", err, out)
	}
	return cover
}

// cgroupOf is the cgroup v2 of a process.
func cgroupOf(pid int) string {
	for line := range strings.Lines(read(fmt.Sprintf("/proc/%d/cgroup", pid))) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return path
		}
	}
	return ""
}

// needsCgroup skips where kitt could give web.1 no cgroup of its own.
func (w *world) needsCgroup(pid int) {
	w.Helper()
	if !strings.Contains(cgroupOf(pid), "/kitt-") {
		w.Skipf("needs a cgroup v2 in which folders can be made: %q", cgroupOf(pid))
	}
}

func TestFault42CgroupIsNeverUsedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("web", sh("trap '' TERM; sleep 1000 & sleep 1000"), `stop { timeout = "50ms" }`))
	w.do("apply")
	seen := map[string]bool{}
	for range few(5, 50) { // each one ends by a kill of its whole cgroup
		in := w.running("web.1")
		w.needsCgroup(in.PID)
		if dir := cgroupOf(in.PID); seen[dir] {
			t.Errorf("%s is used again", dir)
		} else {
			seen[dir] = true
		}
		w.do("restart", "web")
	}
	if in := w.running("web.1"); !alive(in.PID) || in.Restarts != 0 {
		t.Errorf("alive %v, %d restarts", alive(in.PID), in.Restarts)
	}
}

func init() { roles["tree"] = asTree; roles["stay"] = asStay }

// asStay writes its pid into a file and does not mind SIGTERM: @stay FILE.
func asStay(args []string) int {
	ignore()
	_ = os.WriteFile(args[0], []byte(strconv.Itoa(os.Getpid())), 0o600)
	for {
		time.Sleep(time.Hour)
	}
}

// branches are the ways in which a process may turn its back on its tree.
var branches = []string{"child", "group", "session", "daemon", "scrubbed"}

// asTree has a child of each kind, and stays: @tree DIR.
func asTree(args []string) int {
	at := func(name string) string { return filepath.Join(args[0], name) }
	for _, kind := range branches {
		cmd := exec.Command(self0(), "@stay", at(kind))
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: kind == "group", Setsid: kind == "session"}
		switch kind {
		case "daemon", "scrubbed": // its parent ends at once, so that nothing leads to it
			env := ""
			if kind == "scrubbed" {
				env = "env -i "
			}
			cmd = exec.Command("/bin/sh", "-c", env+"setsid "+self0()+" @stay "+at(kind)+" >/dev/null 2>&1 &")
		}
		if err := cmd.Start(); err != nil {
			return 1
		}
		go cmd.Wait()
	}
	select {}
}

func self0() string { exe, _ := os.Executable(); return exe }

func TestFault43Tree(t *testing.T) {
	for _, how := range []string{"cgroup", "scan"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if how == "scan" {
				w.before = withoutCgroups(t)
			}
			w.spec(process("web", own("tree", w.work), `stop { timeout = "300ms" }`))
			w.do("apply")
			w.before = nil
			if how == "cgroup" {
				w.needsCgroup(w.running("web.1").PID)
			}
			pids := map[string]int{}
			for _, kind := range branches {
				w.until(kind, func() bool { pids[kind], _ = strconv.Atoi(read(w.at(kind))); return pids[kind] > 0 })
			}
			defer func() { kill(pids["scrubbed"]) }() // by no trace kitt's
			w.do("stop", "web")
			left := []string{}
			for _, kind := range branches {
				if alive(pids[kind]) {
					left = append(left, kind)
				}
			}
			switch {
			case how == "cgroup" && len(left) > 0:
				t.Errorf("left: %v", left)
			case how == "scan" && len(left) > 0:
				if len(left) > 1 || left[0] != "scrubbed" {
					t.Errorf("left: %v", left)
				}
				w.told("exit", "1 process of it escaped the stop")
			}
		})
	}
}

func TestFault44ForkStorm(t *testing.T) {
	for _, how := range []string{"cgroup", "scan"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if how == "scan" {
				w.before = withoutCgroups(t)
			}
			w.file("storm.sh", "trap '' TERM\nfor i in 1 2 3; do (while :; do setsid sleep 1000 & sleep 1000 & sleep 0.005; done) & done\nwait\n")
			w.spec(process("web", []string{"/bin/sh", "storm.sh"}, `stop { timeout = "100ms" }`))
			w.do("apply")
			w.before = nil
			w.until("a storm", func() bool { return len(w.ofLife("shop/web.1#")) > 40 })
			began := time.Now()
			w.do("stop", "web")
			took := time.Since(began)
			if left := w.ofLife("shop/web.1#"); len(left) > 0 {
				t.Errorf("%d are left", len(left))
			}
			if t.Log(took); took > 3*time.Second { // 500 ms on a quiet machine
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestFault45GrandchildKeepsThePipe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.file("web.sh", `if test ! -e again; then (i=0; while test ! -e stop; do i=$((i+1)); echo old $i; sleep 0.01; done; echo old end) & touch again; exit 1; fi
echo new; exec sleep 1000`)
	w.spec(process("web", []string{"/bin/sh", "web.sh"}, `kill_mode = "process"`))
	w.do("apply", "--no-wait")
	w.stored("web.1", "new\n")
	in := w.running("web.1")
	seen := strings.Count(string(raw(t, w.store("web.1", "out"))), "old ")
	w.until("more of the old one's words", func() bool {
		return strings.Count(string(raw(t, w.store("web.1", "out"))), "old ") > seen+10
	})
	w.file("stop", "")
	w.stored("web.1", "old end\n")
	n := 0
	for line := range strings.Lines(string(raw(t, w.store("web.1", "out")))) {
		if i, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "old "))); err == nil {
			if n++; i != n {
				t.Fatalf("after old %d comes %q", n-1, line)
			}
		}
	}
	if now := w.running("web.1"); now.PID != in.PID {
		t.Errorf("the new life was %d and is %d", in.PID, now.PID)
	}
}

func TestFault46DeafAndPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("deaf", own("stay", w.at("deaf")), `stop { timeout = "300ms" }`),
		process("paused", sh("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.02; done")))
	w.do("apply")
	w.until("the deaf one", func() bool { return read(w.at("deaf")) != "" })
	began := time.Now()
	w.do("stop", "deaf")
	if x, took := w.of("deaf.1").Exit, time.Since(began); x == nil || x.Signal != "SIGKILL" || took < 300*time.Millisecond {
		t.Errorf("the deaf one ended as %+v after %v", x, took)
	}
	w.stored("paused.1", "up")
	pid := w.running("paused.1").PID
	w.ok(syscall.Kill(pid, syscall.SIGSTOP))
	w.until("it to be paused", func() bool { return state(pid) == 'T' })
	w.do("stop", "paused")
	if x := w.of("paused.1").Exit; x == nil || x.Code == nil || *x.Code != 5 {
		t.Errorf("the paused one ended as %+v", x)
	}
	w.stored("paused.1", "bye")
}

func TestFault47Unkillable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.disk(w.at("disk"))
	w.spec(process("web", sh(": > disk/a; echo up; read x < go; echo b > disk/b; echo c > disk/c; exec sleep 1000"), `stop { timeout = "100ms" }`))
	w.ok(syscall.Mkfifo(w.at("go"), 0o600))
	w.do("apply")
	w.stored("web.1", "up")
	pid := w.running("web.1").PID
	if err := freeze(d.dir, true); err != nil {
		t.Skipf("needs a file system that can be frozen to provoke the fault: %v", err)
	}
	thaw := func() { _ = freeze(d.dir, false) }
	defer thaw()
	w.ok(os.WriteFile(w.at("go"), []byte("x\n"), 0))
	w.until("it to sleep in the kernel", func() bool { return state(pid) == 'D' })
	_, _ = w.try("restart", "web", "--no-wait")
	w.until("kitt to say so", func() bool { return strings.Contains(w.of("web.1").Reason, "SIGKILL does not end it") })
	if n := len(w.ofLife("shop/web.1#")); n != 1 || !alive(pid) {
		t.Errorf("there are %d of web.1", n)
	}
	thaw()
	w.until("its next life", func() bool { in := w.of("web.1"); return in.Phase == "running" && in.PID != pid })
	if n := len(w.ofLife("shop/web.1#")); n != 1 {
		t.Errorf("there are %d of web.1", n)
	}
}
