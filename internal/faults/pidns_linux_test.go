package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func init() { roles["small-world"] = asSmallWorld; roles["stranger-one"] = asStrangerOne }

// inNamespace runs a role of this binary as process 1 of a PID namespace of its own, and returns what it said.
func (w *world) inNamespace(role string, args ...string) string {
	w.Helper()
	needsRoot(w.T)
	cmd := exec.Command(self, append([]string{"@" + role}, args...)...)
	cmd.Dir, cmd.Env = w.work, w.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.Process == nil {
		w.Skipf("needs PID namespaces to provoke the fault: %v", err)
	}
	if err != nil {
		w.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// ownProc shows the processes of the namespace, and has it number them from 1 to most.
func ownProc(most int) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	if most == 0 {
		return nil
	}
	return os.WriteFile("/proc/sys/kernel/pid_max", []byte(strconv.Itoa(most)), 0)
}

// A nursery is process 1 of a small world: it starts strangers and kitt's commands, and takes everybody's death.
type nursery struct {
	mu       sync.Mutex
	strange  map[int]int
	waiting  map[int]chan bool
	hit      int
	born     int
	reincarn int // times that a number was a stranger's and had been one of kitt's, or the other way round
	used     map[int]bool
}

func (n *nursery) begin(argv ...string) chan bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, err := os.StartProcess(argv[0], argv, &os.ProcAttr{Env: os.Environ()})
	if err != nil { // the numbers are all taken for the moment
		return nil
	}
	n.born++
	if n.used[p.Pid] {
		n.reincarn++
	}
	n.used[p.Pid] = true
	if argv[0] == "/bin/sleep" {
		n.strange[p.Pid]++
		return nil
	}
	done := make(chan bool, 1)
	n.waiting[p.Pid] = done
	return done
}

// reap takes every death; a stranger must die of nothing but old age.
func (n *nursery) reap() {
	for {
		var ws syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &ws, 0, nil)
		if err == syscall.ECHILD {
			time.Sleep(time.Millisecond)
			continue
		}
		n.mu.Lock()
		if done := n.waiting[pid]; done != nil {
			done <- true
			delete(n.waiting, pid)
		} else if n.strange[pid] > 0 {
			if n.strange[pid]--; ws.Signaled() {
				n.hit++
			}
		}
		n.mu.Unlock()
	}
}

// asSmallWorld lets kitt spawn and end processes in a world of few numbers, among strangers: @small-world KITT SECONDS.
func asSmallWorld(args []string) int {
	if err := ownProc(400); err != nil {
		fmt.Println("skip:", err)
		return 0
	}
	kitt, home := args[0], os.Getenv("KITT_HOME")
	seconds, _ := strconv.Atoi(args[1])
	n := &nursery{strange: map[int]int{}, waiting: map[int]chan bool{}, used: map[int]bool{}}
	go n.reap() // ends with this world
	if done := n.begin(kitt, "apply", "--no-wait"); done != nil {
		<-done
	}
	began := time.Now()
	enough := func() bool { // on a busy machine a world needs longer to turn
		past := time.Since(began)
		return past > time.Duration(seconds)*time.Second && (n.reborn() >= 100 && starts(home) >= 50 || past > time.Minute)
	}
	go n.molest(kitt, home) // ends with this world
	for i := 1; i%64 != 0 || !enough(); i++ {
		n.begin("/bin/sleep", fmt.Sprintf("0.%03d", 10+rand.IntN(60)))
		time.Sleep(time.Millisecond)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Printf("strangers=%d again=%d hit=%d lives=%d\n", n.born, n.reincarn, n.hit, starts(home))
	return 0
}

func (n *nursery) reborn() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.reincarn
}

// starts is how many lives kitt has begun.
func starts(home string) int {
	return strings.Count(read(home+"/state/events.jsonl"), `"kind":"start"`)
}

// molest asks kitt for stops and restarts, and kills its keeper now and then.
func (n *nursery) molest(kitt, home string) {
	for i := 0; ; i++ {
		verb := []string{"restart", "stop", "start", "restart"}[i%4]
		if done := n.begin(kitt, verb, "web", "--no-wait"); done != nil {
			<-done
		}
		if i%4 == 3 {
			for _, dir := range []string{"keeper", "daemon"} {
				if pid := byName(dir, home); pid > 1 && rand.IntN(2) == 0 {
					kill(pid)
				}
			}
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
	}
}

// byName finds a process of kitt's own.
func byName(verb, home string) int {
	dirs, _ := os.ReadDir("/proc")
	for _, d := range dirs {
		pid, err := strconv.Atoi(d.Name())
		if err == nil && strings.Contains(read("/proc/"+d.Name()+"/cmdline"), "\x00"+verb+"\x00--home\x00"+home) {
			return pid
		}
	}
	return 0
}

func TestFault39ReusedPids(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	if kernel() < 6014 {
		t.Skip("needs Linux 6.14, where a PID namespace has a pid_max of its own, to provoke the fault")
	}
	w := newWorld(t)
	w.spec(process("web", sh("sleep 0.02 & sleep 0.03"), "instances = 4", "restart {\n backoff_min = \"1ms\"\n backoff_max = \"2ms\"\n}", `stop { timeout = "20ms" }`))
	out := w.inNamespace("small-world", kitt, strconv.Itoa(few(3, 600)))
	if strings.HasPrefix(out, "skip:") {
		t.Skip("needs a small pid_max of its own to provoke the fault: ", out)
	}
	t.Log(out)
	var strangers, again, hit, lives int
	if _, err := fmt.Sscanf(out[strings.LastIndex(out, "strangers="):], "strangers=%d again=%d hit=%d lives=%d", &strangers, &again, &hit, &lives); err != nil {
		t.Fatal(err, out)
	}
	if hit > 0 {
		t.Errorf("%d strangers were killed", hit)
	}
	if again < 100 || lives < 50 {
		t.Error("too few: this proves nothing")
	}
}

// asStrangerOne is process 1 of its world, forges a record of itself, and tells of every signal it gets: @stranger-one
// KITT BOOT.
func asStrangerOne(args []string) int {
	if err := ownProc(0); err != nil {
		fmt.Println("skip:", err)
		return 0
	}
	got := make(chan os.Signal, 16)
	signal.Notify(got, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGCONT)
	if err := os.WriteFile(os.Getenv("KITT_HOME")+"/run/lives", []byte(forged(1, startOf(1))+forged(0, 0)+forged(-1, 0)), 0o600); err != nil {
		fmt.Println(err)
		return 1
	}
	out, err := exec.Command(args[0], "status", "-o", "json").CombinedOutput()
	fmt.Printf("%s %v\n", out, err)
	select {
	case s := <-got:
		fmt.Println("signalled:", s)
	case <-time.After(500 * time.Millisecond):
		fmt.Println("left alone")
	}
	return 0
}

func TestFault41RecordOfProcessOne(t *testing.T) {
	t.Parallel()
	needsRoot(t)
	w := newWorld(t)
	w.ok(os.MkdirAll(w.run(""), 0o700))
	out := w.inNamespace("stranger-one", kitt)
	if strings.HasPrefix(out, "skip:") {
		t.Skip("needs a PID namespace with a /proc of its own to provoke the fault: ", out)
	}
	if !strings.Contains(out, "left alone") || !strings.Contains(out, `"keeper"`) {
		t.Error(out)
	}
}

// startOf is the start time of a process, which a record names it by.
func startOf(pid int) uint64 {
	b := read(fmt.Sprintf("/proc/%d/stat", pid))
	n, _ := strconv.ParseUint(strings.Fields(b[strings.LastIndexByte(b, ')')+1:])[19], 10, 64)
	return n
}

func bootID() string { return strings.TrimSpace(read("/proc/sys/kernel/random/boot_id")) }
