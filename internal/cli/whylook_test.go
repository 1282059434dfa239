package cli

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	ps "github.com/shirou/gopsutil/v4/process"
)

// TestLoginPath: the shell is asked as a login shell; what its profile prints is no PATH, and one that hangs is left.
func TestLoginPath(t *testing.T) {
	dir := t.TempDir()
	shell := func(name, text string) string {
		at := filepath.Join(dir, name)
		if err := os.WriteFile(at, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
		return at
	}
	talks := shell("talks", "[ \"$1\" = -l ] || exit 1\necho welcome back\nPATH=/opt/mine/bin:/bin exec /bin/sh \"$2\" \"$3\"\n")
	for _, row := range []struct{ name, shell, want string }{
		{"its profile talks", talks, "/opt/mine/bin:/bin"},
		{"it fails", shell("fails", "echo kitt-path:/x; exit 3\n"), ""},
		{"there is none", filepath.Join(dir, "none"), ""},
		{"it is no path", "talks", ""},
		{"nobody knows it", "", ""},
	} {
		if got := loginPath(t.Context(), row.shell); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}

// TestLoginPathLeavesNothing: a profile that hangs is given up, and what it had started ends with it.
func TestLoginPathLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	shell, note := filepath.Join(dir, "hangs"), filepath.Join(dir, "pid")
	text := "#!/bin/sh\nsleep 300 & echo $! >" + note + ".new; mv " + note + ".new " + note + "; wait\n"
	if err := os.WriteFile(shell, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() { // ends once the file is there
		for end := began.Add(20 * time.Second); fileText(note) == "" && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		cancel()
	})
	if got := loginPath(ctx, shell); got != "" {
		t.Errorf("a PATH: %q", got)
	}
	wg.Wait()
	pid, err := strconv.Atoi(strings.TrimSpace(fileText(note)))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); lives(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("pid %d is left", pid)
		}
	}
}

// lives tells of a process that is there, and not merely unreaped.
func lives(pid int) bool {
	p, err := ps.NewProcess(int32(pid))
	if err != nil {
		return false
	}
	state, err := p.Status()
	return err == nil && !slices.Contains(state, ps.Zombie)
}

func fileText(name string) string {
	b, _ := os.ReadFile(name)
	return string(b)
}

func TestLookIn(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"tool": 0o700, "text": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"tool": filepath.Join(dir, "tool"), "text": "", "folder": "", "none": ""} {
		if got := lookIn("relative:/nowhere:"+dir, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestHolder: this test holds a port, of both kinds of address.
func TestHolder(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", at)
		if err != nil && at[0] == '[' {
			t.Log("no IPv6 here: ", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n := l.Addr().(*net.TCPAddr).Port
		if pid, name := (lookups{t.Context()}).Holder(n); pid != os.Getpid() || name == "" {
			t.Errorf("%s is held by %d %q, want %d", l.Addr(), pid, name, os.Getpid())
		}
		l.Close()
		if pid, _ := (lookups{t.Context()}).Holder(n); pid != 0 {
			t.Errorf("port %d is held by %d when nobody listens", n, pid)
		}
	}
}
