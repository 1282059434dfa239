package faults

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// phases counts the instances in each phase.
func (w *world) phases() map[string]int {
	s, _ := w.status()
	n := map[string]int{}
	for _, in := range s.Instances {
		n[in.Phase]++
	}
	return n
}

// reasoned waits until some instance gives a reason that holds this text.
func (w *world) reasoned(text string) {
	w.Helper()
	w.until("an instance with the reason "+text, func() bool {
		s, _ := w.status()
		for _, in := range s.Instances {
			if strings.Contains(in.Reason, text) {
				return true
			}
		}
		return false
	})
}

func TestFault32FewDescriptors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.before = []string{"/bin/sh", "-c", `ulimit -n 64; exec "$@"`, "sh"}
	w.spec(process("web", own("sleep"), "instances = 20"))
	_, code := w.try("apply", "--timeout", "2s")
	w.before = nil
	if code != 5 {
		t.Errorf("apply exits %d", code)
	}
	w.reasoned("too many open files")
	some := w.phases()["running"]
	if some == 0 || some == 20 {
		t.Errorf("%d of 20 run", some)
	}
	before := descriptors(w.keeper())
	if used := w.keepersCPU(t); used > 0.1 {
		t.Errorf("the keeper uses %.2f of a processor", used)
	}
	if after := descriptors(w.keeper()); after > before {
		t.Errorf("%d descriptors before it was tried again, %d after", before, after)
	}
	w.do("scale", "web=1")
	w.until("one alone", func() bool { return len(w.ofLife("shop/web.")) == 1 })
	w.do("scale", "web="+strconv.Itoa(some))
}

func TestFault33NoFilesLeftInTheSystem(t *testing.T) {
	w := refused(t, unix.ENFILE, unix.SYS_OPENAT)
	w.noFifosOf("b")
}

func TestFault35NoMemoryForAFork(t *testing.T) {
	w := refused(t, unix.ENOMEM, unix.SYS_CLONE, unix.SYS_CLONE3)
	w.noFifosOf("b")
}

// refused has the keeper refused what a start needs: the start is told, tried again with back-off, and done once that
// is possible; what runs is not touched.
func refused(t *testing.T, errno unix.Errno, calls ...uintptr) *world {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("a", own("sleep")))
	in := w.inject("apply")
	a, keeper := w.running("a.1"), w.keeper()
	in.set(errno, calls...)
	w.spec(process("a", own("sleep")), process("b", own("sleep")))
	if _, code := w.try("apply", "--timeout", "2s"); code != 5 {
		t.Errorf("apply exits %d", code)
	}
	w.reasoned(errno.Error())
	if n := in.failed(); n > 40 {
		t.Errorf("it was tried %d times in 2 s", n)
	}
	w.do("status", "b")
	in.set(0, calls...)
	w.running("b.1")
	if now := w.running("a.1"); now.PID != a.PID || w.keeper() != keeper {
		t.Errorf("a was %d and is %d, the keeper was %d and is %d", a.PID, now.PID, keeper, w.keeper())
	}
	return w
}

// noFifosOf stops a process and checks that the starts of it that failed left no FIFO, nor the one that did not.
func (w *world) noFifosOf(name string) {
	w.Helper()
	w.do("delete", name)
	w.until("no FIFO that is no spare", func() bool {
		names, _ := os.ReadDir(w.home + "/run/fifo")
		return len(names) <= 4 // those of a, and the spares of the one life that b had
	})
}

func TestFault34NoMoreProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	g := w.group("pids", "pids.max")
	w.spec(process("web", own("sleep")))
	w.do("apply")
	w.before = nil
	first, keeper := w.running("web.1"), w.keeper()
	g.set("pids.max", strconv.Itoa(g.get("pids.current")+12)) // each sleeper has threads of its own
	w.do("scale", "web=20", "--no-wait")
	w.reasoned("resource temporarily unavailable")
	if used := w.keepersCPU(t); used > 0.2 {
		t.Errorf("the keeper uses %.2f of a processor", used)
	}
	g.set("pids.max", "max")
	w.until("all twenty", func() bool { return w.phases()["running"] == 20 })
	if now := w.running("web.1"); now.PID != first.PID || w.keeper() != keeper {
		t.Errorf("web.1 was %d and is %d, the keeper was %d and is %d", first.PID, now.PID, keeper, w.keeper())
	}
}

func TestFault36CannotBeExecuted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	plain, text := w.file("plain", "x"), w.file("text", "no program\n")
	script := w.file("script", "#!/no/such/interpreter\n")
	for _, f := range []string{text, script} {
		w.ok(os.Chmod(f, 0o755))
	}
	w.spec(process("good", own("sleep")),
		process("gone", []string{"/no/such/program"}),
		process("plain", []string{plain}),
		process("text", []string{text}),
		process("script", []string{script}),
		process("big", own("sleep"), fmt.Sprintf("env = { BIG = %q }", strings.Repeat("x", 200_000))))
	out, code := w.try("apply")
	if code != 5 {
		t.Errorf("exit %d: %s", code, out)
	}
	for id, want := range map[string]string{
		"gone.1":   "no such file or directory",
		"plain.1":  "permission denied",
		"text.1":   "exec " + text + ": exec format error",
		"script.1": "exec " + script + ": no such file or directory",
		"big.1":    "argument list too long",
	} {
		if in := w.of(id); in.Phase != "failed" || !strings.Contains(in.Reason, want) {
			t.Errorf("%s is %s: %q, want %q", id, in.Phase, in.Reason, want)
		}
	}
	w.running("good.1")
	if names, _ := os.ReadDir(w.home + "/run/fifo"); len(names) != 2 {
		t.Errorf("%d FIFOs are left, for one that runs", len(names))
	}
}

func TestFault37NoSuchFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("web", own("sleep"), `cwd = "/no/such/folder"`))
	if _, code := w.try("apply"); code != 5 {
		t.Errorf("exit %d", code)
	}
	if in := w.of("web.1"); in.Phase != "failed" || !strings.Contains(in.Reason, "/no/such/folder: no such file or directory") {
		t.Errorf("%s: %q", in.Phase, in.Reason)
	}
}

func init() { roles["hog"] = asHog }

// asHog takes memory until it is ended for it.
func asHog([]string) int {
	for all := [][]byte{}; ; {
		b := make([]byte, 1<<24)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
		if len(all) > 1<<8 {
			return 3 // 4 GiB: nobody stops it
		}
		time.Sleep(time.Millisecond)
	}
}

func TestFault38OutOfMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	limit := "memory.limit_in_bytes"
	if _, err := os.Stat("/sys/fs/cgroup/memory"); err != nil {
		limit = "memory.max"
	}
	g := w.group("memory", limit)
	g.set(limit, strconv.Itoa(600<<20))
	w.spec(process("quiet", own("sleep")), process("hog", own("hog"), `restart { policy = "never" }`))
	w.do("apply", "--no-wait")
	w.before = nil
	keeper, quiet := w.keeper(), w.running("quiet.1")
	w.until("its end", func() bool { return w.of("hog.1").Phase == "failed" })
	in := w.of("hog.1")
	if in.Exit == nil || in.Exit.Signal != "SIGKILL" || !strings.Contains(in.Reason, "memory") {
		t.Errorf("it is told as %+v: %q", in.Exit, in.Reason)
	}
	if now := w.keeper(); now != keeper {
		t.Errorf("the keeper %d ended too: it is %d now", keeper, now)
	}
	if now := w.running("quiet.1").PID; now != quiet.PID && !g.tookMore() {
		t.Errorf("quiet %d ended too: it is %d now", quiet.PID, now)
	}
}

// tookMore tells whether the kernel itself ended more than one process of the group: on a busy machine it asks for a second one
// while the first is still going, and quiet is next in its order.
func (g *group) tookMore() bool {
	_, taken, _ := strings.Cut(read(g.dir+"/memory.oom_control")+read(g.dir+"/memory.events"), "oom_kill ")
	taken, _, _ = strings.Cut(taken, "\n")
	n, _ := strconv.Atoi(taken)
	return n > 1
}
