package local

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile"
)

// listens is a port at which this test listens.
func listens(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// knows has r know a life of an instance, shop/NAME.1.
func knows(r *Runtime, name string, pid int, state reconcile.State) reconcile.Observed {
	id := reconcile.ID{Project: "shop", Process: name, N: 1}
	o := reconcile.Observed{ID: id, Life: reconcile.LifeName(id, 1, "x"), PID: pid, State: state}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(o, nil)
	return o
}

// Who holds a port when a process is to begin is told, and forgotten once it does so no more.
func TestWhoHoldsThePortOfOneThatBegins(t *testing.T) {
	port, self := listens(t), fmt.Sprintf("is held by process %d (%s)", os.Getpid(), comm(t))
	in := instance(t.TempDir(), "true")
	r := New(nil, "", "", "")
	told := func(want string) {
		t.Helper()
		r.noteHeld(in)
		if got := r.PortHeld(in.ID); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	told("")
	in.Process.Step = map[string]int{"PORT": port}
	told(fmt.Sprintf("port %d %s", port, self))
	in.Beside = true // the one before has it, as it should
	told("")
	in.Beside = false
	knows(r, "db", os.Getpid(), reconcile.Running)
	told(fmt.Sprintf("port %d %s, which is shop/db.1", port, self))
	in.Process.Step["PORT"] = unheld(t)
	told("")
}

func unheld(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func comm(t *testing.T) string {
	b, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// begin runs the test binary as a program that listens, with these variables, and returns its pid and port.
func begin(t *testing.T, env ...string) (pid, port int) {
	t.Helper()
	return beginBy(t, exec.Command(os.Args[0], "-test.run", "TestListeningProgram$"), env...)
}

// beginBy is begin by way of a command.
func beginBy(t *testing.T, cmd *exec.Cmd, env ...string) (pid, port int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "port")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(append(os.Environ(), "LISTEN_TELL="+file), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	for end := time.Now().Add(30 * time.Second); port == 0; time.Sleep(5 * time.Millisecond) {
		b, _ := os.ReadFile(file)
		if strings.HasSuffix(string(b), "\n") {
			fmt.Sscan(string(b), &port)
		}
		if time.Now().After(end) {
			t.Fatal("it does not listen")
		}
	}
	return cmd.Process.Pid, port
}

// TestListeningProgram is that program.
func TestListeningProgram(t *testing.T) {
	file := os.Getenv("LISTEN_TELL")
	if file == "" {
		t.Skip("it is a program of the other tests")
	}
	port := listens(t)
	if err := os.WriteFile(file, []byte(fmt.Sprintln(port)), 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
}

// What takes connections in place of a life is told from its own, which a child, or one with its mark, is.
func TestWhoListensInPlaceOfALife(t *testing.T) {
	r := New(nil, "", "", "")
	mine := knows(r, "mine", os.Getpid(), reconcile.Running)
	child, childs := begin(t)
	other := knows(r, "other", child, reconcile.Running)
	marked, marks := begin(t, "KITT_LIFE="+other.Life)
	_, left := begin(t, "KITT_LIFE="+reconcile.LifeName(other.ID, 0, "before"))
	_, orphans := begin(t)
	shell, strangers := beginBy(t, exec.Command("sh", "-c", `"$0" -test.run 'TestListeningProgram$'; true`, os.Args[0]))
	third := knows(r, "third", shell, reconcile.Running)
	gone := knows(r, "gone", 0, reconcile.Exited)
	own := listens(t)
	for _, tt := range []struct {
		name string
		life reconcile.Observed
		port int
		want string
	}{
		{"its own", mine, own, ""},
		{"its child's", mine, childs, ""},
		{"one that bears its mark", other, marks, ""},
		{"another's", other, own, fmt.Sprintf("port %d is held by process %d (%s), which is shop/mine.1, not by this", own, os.Getpid(), comm(t))},
		{"that of a child of the keeper, which no life is known to be", other, orphans, ""},
		{"a stranger's", other, strangers, fmt.Sprintf("port %d is held by process PID (%s), not by this", strangers, comm(t))},
		{"another life's, which is the keeper's child as well", third, childs, fmt.Sprintf("port %d is held by process %d (%s), which is shop/other.1, not by this", childs, child, comm(t))},
		{"nobody's", other, unheld(t), ""},
		{"of a life that is over", gone, own, ""},
	} {
		got := r.Strange(tt.life.Life, tt.port)
		if pid, _ := portHolder(fmt.Sprint("127.0.0.1:", tt.port)); pid > 0 {
			tt.want = strings.ReplaceAll(tt.want, "PID", strconv.Itoa(pid))
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if !r.belongs(child, mine) || r.belongs(child, third) {
		t.Error("whose child a process is")
	}
	if got := r.heldBy(mine.ID, marks, []holder{{marked, "x"}}); got != fmt.Sprintf("port %d is held by process %d (x), which is shop/other.1", marks, marked) {
		t.Errorf("one with a mark: %s", got)
	}
	knows(r, "other", child, reconcile.Exited)
	if got := r.heldBy(other.ID, left, []holder{{marked, "x"}}); !strings.HasSuffix(got, "(x), which its life before left behind") {
		t.Errorf("one that was left: %s", got)
	}
	if got := r.heldBy(mine.ID, 80, nil); got != "port 80 is held by a process that cannot be seen" {
		t.Error(got)
	}
}
