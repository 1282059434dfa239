package door

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/service/api"
)

// long runs the long form of what has one: make bounds.
var long = flag.Bool("bounds", false, "the long form of the tests of bounds")

// bin is the folder of the kitt under test, and of app: this test, being one of the programs in app_test.go.
var bin string

var itoa = strconv.Itoa

func TestMain(m *testing.M) {
	if mode := os.Getenv("DOOR_APP"); mode != "" {
		app(mode)
		return
	}
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kd")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	bin = dir
	_ = os.Chmod(dir, 0o755) // other users run app too
	cmd := exec.Command("go", "build", "-o", dir+"/kitt", "kitt.sh")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build kitt:", err)
		return 1
	}
	self, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(dir+"/app", self, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "copy the test:", err)
		return 1
	}
	return m.Run()
}

// A world is one kitt, and the folder of one spec.
type world struct {
	*testing.T
	home, dir string
	env       []string
}

// enter makes a world for a test, which then runs beside others.
func enter(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	return alone(t)
}

// alone makes a world for a test that measures, and has the machine for itself.
func alone(t *testing.T) *world {
	t.Helper()
	home, err := os.MkdirTemp("", "k") // short: sockets lie below it
	if err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, home: home, dir: t.TempDir()}
	w.env = []string{"KITT_HOME=" + home, "HOME=" + w.dir, "PATH=" + bin + ":" + os.Getenv("PATH"), "NO_COLOR=1"}
	t.Cleanup(w.leave)
	return w
}

// leave ends the world's kitt and whatever it left.
func (w *world) leave() {
	_, _ = w.kitt("shutdown", "--timeout", "20s")
	for range 3 {
		for _, pid := range w.pids() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	os.RemoveAll(w.home)
}

// pids lists the processes whose environment or arguments name home.
func (w *world) pids() (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range names {
		env, _ := os.ReadFile(dir + "/environ")
		args, _ := os.ReadFile(dir + "/cmdline")
		if !strings.Contains(string(env), "KITT_HOME="+w.home+"\x00") && !strings.Contains(string(args), w.home) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// command is kitt with these arguments, in the world's folder.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(bin+"/kitt", args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	cmd.WaitDelay = time.Second
	return cmd
}

func (w *world) kitt(args ...string) (string, error) {
	cmd := w.command(args...)
	stop := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	defer stop.Stop()
	b, err := cmd.CombinedOutput()
	return string(b), err
}

func (w *world) must(args ...string) string {
	w.Helper()
	out, err := w.kitt(args...)
	if err != nil {
		w.Fatalf("kitt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// put writes a file of the spec's folder.
func (w *world) put(name, text string) {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		w.Fatal(err)
	}
}

// apply makes text the spec.
func (w *world) apply(text string) {
	w.Helper()
	w.put("kitt.hcl", text)
	w.must("apply")
}

func (w *world) status() (s api.Status) {
	w.Helper()
	if err := json.Unmarshal([]byte(w.must("status", "-o", "json")), &s); err != nil {
		w.Fatal(err)
	}
	return s
}

// one is an instance by its id.
func (w *world) one(id string) api.Instance {
	w.Helper()
	s := w.status()
	for _, in := range s.Instances {
		if in.ID == id {
			return in
		}
	}
	w.Fatalf("no instance %s in %+v", id, s)
	return api.Instance{}
}

// await waits until ok is true.
func (w *world) await(what string, ok func() bool) {
	w.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatal("waited for ", what)
		}
	}
}

// awaitLong is await where the long form takes minutes.
func (w *world) awaitLong(what string, ok func() bool) {
	w.Helper()
	for end := time.Now().Add(5 * time.Minute); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatal("waited for ", what)
		}
	}
}

// stored is what lies in the current log of an instance's stream.
func (w *world) stored(in, stream string) string {
	b, _ := os.ReadFile(filepath.Join(w.home, "logs", in, stream, "current"))
	return string(b)
}

// needRoot skips what only root can try.
func needRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
}

// nobody is a user who is not us.
const nobody = 65534

// asNobody runs app in a mode as another user and returns what it printed.
func asNobody(t *testing.T, mode string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(bin+"/app", args...)
	cmd.Env, cmd.Dir = []string{"DOOR_APP=" + mode}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}
