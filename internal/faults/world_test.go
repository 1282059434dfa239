package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/service/api"
)

// A world is one fresh kitt home, and a folder with a spec.
type world struct {
	*testing.T
	home, work string
	env        []string
	kitt       string
	before     []string // a command that kitt is run by: it puts it into some bad situation
	root       string   // where logs lie, if not in the home
	uid        int      // who runs kitt; 0 is us
	client     *http.Client
	after      []func() // done when all is ended
}

// patience is how long something that must happen may take on a busy machine.
const patience = 30 * time.Second

func newWorld(t *testing.T) *world {
	t.Helper()
	home, err := os.MkdirTemp(memory(), "f") // short: sockets lie below it
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, home: home, work: t.TempDir(), kitt: kitt}
	w.client = w.dial()
	w.env = []string{"KITT_HOME=" + home, "HOME=" + w.work, "PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}
	t.Cleanup(w.end)
	return w
}

// memory is a folder in memory where there is one: on a disk the bytes of all these writers would hold up each other's
// syncs. The long run is on a disk.
func memory() string {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() && !*long {
		return "/dev/shm"
	}
	return ""
}

// end ends this kitt and whatever it left, found by its home.
func (w *world) end() {
	if w.Failed() {
		w.tellLogs()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, kitt, "--home", w.home, "shutdown", "--timeout", "5s")
	cmd.Env = w.env
	_ = cmd.Run()
	for none, end := 0, time.Now().Add(patience); none < 2 && time.Now().Before(end); none++ {
		for _, pid := range w.processes() { // a daemon that dies may just have brought another keeper
			kill(pid)
			none = -1
		}
		time.Sleep(5 * time.Millisecond)
	}
	_ = os.RemoveAll(w.home)
	for _, f := range w.after {
		f()
	}
}

func (w *world) tellLogs() {
	for _, name := range []string{"keeper.log", "daemon.log"} {
		if b, _ := os.ReadFile(filepath.Join(w.home, "logs", "kitt", name)); len(b) > 0 {
			w.Logf("%s:\n%s", name, b[max(0, len(b)-3000):])
		}
	}
}

// processes lists the processes whose environment or arguments name this home.
func (w *world) processes() (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		env, _ := os.ReadFile(dir + "/environ")
		args, _ := os.ReadFile(dir + "/cmdline")
		if !bytes.Contains(env, []byte("KITT_HOME="+w.home+"\x00")) && !bytes.Contains(args, []byte(w.home)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// ofLife lists the living processes whose cookie begins with this: "shop/web.1#".
func (w *world) ofLife(prefix string) (pids []int) {
	for _, pid := range w.processes() {
		env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if bytes.Contains(env, []byte("KITT_LIFE="+prefix)) && alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// command is kitt with these arguments, not yet started.
func (w *world) command(args ...string) *exec.Cmd {
	argv := append(slices.Clone(w.before), append([]string{w.kitt}, args...)...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = w.work, w.env
	if w.uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(w.uid), Gid: uint32(w.uid)}}
	}
	return cmd
}

// try runs kitt and returns what it said and its exit code.
func (w *world) try(args ...string) (said string, code int) {
	w.Helper()
	cmd := w.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	limit := time.AfterFunc(90*time.Second, func() { _ = cmd.Process.Kill() }) // one that hangs is a failure with a name
	defer limit.Stop()
	_ = cmd.Wait()
	return out.String(), cmd.ProcessState.ExitCode()
}

// do runs kitt, which must exit 0.
func (w *world) do(args ...string) string {
	w.Helper()
	out, code := w.try(args...)
	if code != 0 {
		w.Fatalf("kitt %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// file writes a file into the work folder.
func (w *world) file(name, text string) string {
	w.Helper()
	path := filepath.Join(w.work, name)
	w.ok(os.WriteFile(path, []byte(text), 0o644))
	return path
}

// spec writes kitt.hcl: project shop, with these blocks.
func (w *world) spec(blocks ...string) {
	w.file("kitt.hcl", "project = \"shop\"\n"+strings.Join(blocks, "\n"))
}

// process is a block of kitt.hcl; more are further lines of it.
func process(name string, argv []string, more ...string) string {
	list, _ := json.Marshal(argv)
	return fmt.Sprintf("process %q {\n  command = %s\n  %s\n}\n", name, list, strings.Join(more, "\n  "))
}

// own is a role of this binary as a command.
func own(role string, args ...string) []string { return append([]string{self, "@" + role}, args...) }

func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

// status asks kitt; ok is false if it does not answer. It asks the socket, which costs little; the command is run
// where nobody listens there: any verb brings back a kitt that has died.
func (w *world) status() (s api.Status, ok bool) {
	w.Helper()
	if r, err := w.client.Get("http://kitt/v1/status"); err == nil {
		defer r.Body.Close()
		err = json.NewDecoder(r.Body).Decode(&s)
		return s, err == nil && r.StatusCode == 200
	}
	out, err := w.command("status", "-o", "json").Output()
	return s, err == nil && json.Unmarshal(out, &s) == nil
}

// dial makes a client of this home's socket.
func (w *world) dial() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", w.run("api.sock"))
		}}}
}

// of is an instance as kitt shows it now; the zero value if it does not.
func (w *world) of(id string) api.Instance {
	w.Helper()
	s, _ := w.status()
	for _, in := range s.Instances {
		if in.ID == id {
			return in
		}
	}
	return api.Instance{}
}

func (w *world) keeper() int { w.Helper(); s, _ := w.status(); return s.Keeper.PID }
func (w *world) daemon() int { w.Helper(); s, _ := w.status(); return s.Daemon.PID }

// running waits until an instance runs, and returns it.
func (w *world) running(id string) (in api.Instance) {
	w.Helper()
	w.until(id+" to run", func() bool { in = w.of(id); return in.Phase == "running" })
	return in
}

// until polls what real processes do.
func (w *world) until(what string, done func() bool) {
	w.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(8 * time.Millisecond) {
		if time.Now().After(end) {
			out, _ := w.try("status", "-o", "wide")
			w.Fatalf("waited in vain for %s\n%s", what, out)
		}
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// read is a file's text, "" if there is none.
func read(path string) string { b, _ := os.ReadFile(path); return string(b) }

// at is a path in the work folder.
func (w *world) at(name string) string { return filepath.Join(w.work, name) }

// store is the folder of a stream: store("web.1", "out").
func (w *world) store(id, stream string) string {
	root := w.root
	if root == "" {
		root = filepath.Join(w.home, "logs")
	}
	return filepath.Join(root, "shop", id, stream)
}

// stored waits until a stream's store holds a text.
func (w *world) stored(id, text string) {
	w.Helper()
	w.until(fmt.Sprintf("%q in the log of %s", text, id), func() bool {
		return bytes.Contains(raw(w.T, w.store(id, "out")), []byte(text))
	})
}

// events are the reasons of the events of one kind, or of all for "".
func (w *world) events(kind string) (reasons []string) {
	for _, name := range []string{"events.jsonl.1", "events.jsonl"} {
		for line := range strings.Lines(read(filepath.Join(w.home, "state", name))) {
			var ev api.Event
			if json.Unmarshal([]byte(line), &ev) == nil && (kind == "" || ev.Kind == kind) {
				reasons = append(reasons, ev.Reason)
			}
		}
	}
	return reasons
}

// told waits for an event of a kind whose reason has a text.
func (w *world) told(kind, text string) {
	w.Helper()
	w.until(kind+" event: "+text, func() bool {
		return slices.ContainsFunc(w.events(kind), func(r string) bool { return strings.Contains(r, text) })
	})
}

func kill(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }

// killKeeper ends the keeper and waits until another one is there.
func (w *world) killKeeper() {
	w.Helper()
	old := w.keeper()
	kill(old)
	w.until("another keeper", func() bool { now := w.keeper(); return now != 0 && now != old })
}

// killBoth ends keeper and daemon in one moment.
func (w *world) killBoth() {
	w.Helper()
	s, _ := w.status()
	_ = syscall.Kill(s.Daemon.PID, syscall.SIGSTOP) // it must not bring the keeper back
	kill(s.Keeper.PID)
	kill(s.Daemon.PID)
	w.until("both to be gone", func() bool { return !alive(s.Keeper.PID) && !alive(s.Daemon.PID) })
}

// alive says that a process exists and is no zombie.
func alive(pid int) bool {
	if pid <= 0 || syscall.Kill(pid, 0) == syscall.ESRCH {
		return false
	}
	return state(pid) != 'Z'
}

// state is the letter of a process's state, 0 where that cannot be seen.
func state(pid int) byte {
	b := read(fmt.Sprintf("/proc/%d/stat", pid))
	if i := strings.LastIndexByte(b, ')'); i > 0 && len(b) > i+2 {
		return b[i+2]
	}
	return 0
}

// needsRoot skips a test whose fault only root can provoke.
func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to provoke the fault")
	}
}
