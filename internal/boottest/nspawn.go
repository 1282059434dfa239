//go:build linux

package boottest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A container is a Guest of systemd-nspawn: a real systemd on this machine's kernel. Its disk is an overlay over a system that is
// never written to. Power cannot be cut: PowerCut is Crash.
type container struct {
	t     testing.TB
	name  string
	root  string // its disk, merged
	log   string
	nsp   *exec.Cmd
	ended chan error
	init  int // the pid of its pid 1, here
}

var containers atomic.Int32

// newContainer makes a machine of a system, which is not booted yet.
func newContainer(t testing.TB, system string) *container {
	t.Helper()
	dir, err := os.MkdirTemp("", "kitt-boot")
	if err != nil {
		t.Fatal(err)
	}
	g := &container{t: t, name: fmt.Sprintf("kitt-%d-%d", os.Getpid(), containers.Add(1)), root: filepath.Join(dir, "root"), log: filepath.Join(dir, "log")}
	for _, d := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "mount", "-t", "overlay", "overlay", "-o", fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", system, dir, dir), g.root)
	t.Cleanup(func() { g.remove(dir) })
	return g
}

func (g *container) remove(dir string) {
	if g.init > 0 {
		g.Crash()
	}
	if g.t.Failed() {
		b, _ := os.ReadFile(g.log)
		g.t.Logf("what the machine wrote last:\n%s", tail(b, 2000))
	}
	must(g.t, "umount", g.root)
	os.RemoveAll(dir)
	for _, tree := range cgroupTrees() {
		_ = os.Remove(filepath.Join(tree, g.name))
	}
}

func tail(b []byte, n int) []byte { return b[max(len(b)-n, 0):] }

// cgroupTrees are where a machine is given a folder of its own: two at once would share names.
func cgroupTrees() (out []string) {
	for _, dir := range []string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup"} {
		if _, err := os.Stat(dir + "/cgroup.procs"); err == nil {
			out = append(out, dir)
		}
	}
	return out
}

// Boot implements Guest.
func (g *container) Boot() {
	g.t.Helper()
	enter := ""
	for _, tree := range cgroupTrees() {
		dir := filepath.Join(tree, g.name)
		enter += fmt.Sprintf("mkdir -p %s; echo $$ > %s/cgroup.procs || true; ", dir, dir)
	}
	out, err := os.OpenFile(g.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		g.t.Fatal(err)
	}
	defer out.Close()
	g.nsp = exec.Command("sh", "-c", enter+"exec systemd-nspawn -q -D "+g.root+" -M "+g.name+" --boot --register=no --keep-unit --private-network --console=pipe")
	g.nsp.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	g.nsp.Stdout, g.nsp.Stderr = out, out
	g.nsp.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := g.nsp.Start(); err != nil {
		g.t.Fatalf("boot: %v", err)
	}
	ended := make(chan error, 1)
	g.ended = ended
	go func() { ended <- g.nsp.Wait() }() // read by down
	g.until("come up", func() bool {
		g.init = child(g.nsp.Process.Pid) // at first that of a process which only prepares
		if g.init == 0 {
			return false
		}
		out, _ := g.run("systemctl", "is-system-running", "--wait")
		return strings.Contains(out, "running") || strings.Contains(out, "degraded")
	})
}

// until waits for a condition of the machine.
func (g *container) until(what string, ok func() bool) {
	g.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b, _ := os.ReadFile(g.log)
			g.t.Fatalf("%s did not %s in %s\n%s", g.name, what, patience, tail(b, 4000))
		}
	}
}

// child is the pid of a process's first child, 0 without one.
func child(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	first, _, _ := bytes.Cut(b, []byte{' '})
	n, _ := strconv.Atoi(string(first))
	return n
}

// Exec implements Guest. The machine's own systemd runs the line: what is brought in from outside lies in no cgroup of it.
func (g *container) Exec(line string) (string, error) {
	return g.run("systemd-run", "-q", "--pipe", "--wait", "--collect", "--setenv=HOME=/root", "--", "sh", "-c", line)
}

func (g *container) run(argv ...string) (string, error) {
	cmd := exec.Command("nsenter", append([]string{"-t", strconv.Itoa(g.init), "-m", "-p", "-u", "-i", "-n", "-C", "--"}, argv...)...)
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", "LANG=C.UTF-8"}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 2 * time.Second // what it leaves in the background may hold its output
	if err := cmd.Start(); err != nil {
		return "", err
	}
	timer := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	return out.String(), err
}

// ExecAs implements Guest.
func (g *container) ExecAs(user, line string) (string, error) {
	return g.run("systemd-run", "-q", "--pipe", "--wait", "--collect", "--", "runuser", "-l", user, "-c", `export XDG_RUNTIME_DIR=/run/user/$(id -u); `+line)
}

// down waits until the machine is gone.
func (g *container) down() {
	g.t.Helper()
	select {
	case <-g.ended:
	case <-time.After(patience):
		_ = syscall.Kill(g.init, syscall.SIGKILL)
		_ = syscall.Kill(-g.nsp.Process.Pid, syscall.SIGKILL)
		<-g.ended
		g.t.Errorf("%s did not go down in %s", g.name, patience)
	}
	g.init = 0
}

// PowerOff implements Guest.
func (g *container) PowerOff() {
	g.t.Helper()
	_ = syscall.Kill(g.init, syscall.Signal(34+4)) // SIGRTMIN+4: halt in order
	g.down()
}

// Reboot implements Guest.
func (g *container) Reboot() {
	g.t.Helper()
	_, _ = g.Exec("systemctl reboot --no-block")
	g.down() // nspawn itself would boot it again under the same name; so a new one does
	g.Boot()
}

// Crash implements Guest.
func (g *container) Crash() {
	g.t.Helper()
	_ = syscall.Kill(g.init, syscall.SIGKILL)
	g.down()
}

// PowerCut implements Guest.
func (g *container) PowerCut() { g.Crash() }

// stranger starts a process that sleeps under a pid of the machine, if that is free, and returns the pid that it got.
func (g *container) stranger(pid int) string {
	g.t.Helper()
	line := fmt.Sprintf("echo %d > /proc/sys/kernel/ns_last_pid; setsid sleep 1234 >/dev/null 2>&1 & echo $!", pid-1)
	out, err := exec.Command("nsenter", "-t", strconv.Itoa(g.init), "-p", "--", "sh", "-c", line).Output()
	if err != nil {
		g.t.Fatalf("start a stranger: %v", err)
	}
	return string(out)
}
