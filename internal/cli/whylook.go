package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	psnet "github.com/shirou/gopsutil/v4/net"
	ps "github.com/shirou/gopsutil/v4/process"

	"kitt.sh/service/api"
)

// lookups find out what a recogniser wants to know.
type lookups struct{ ctx context.Context }

func (m lookups) Holder(port int) (pid int, name string) {
	ctx, cancel := context.WithTimeout(m.ctx, 3*time.Second)
	defer cancel()
	all, _ := psnet.ConnectionsWithContext(ctx, "tcp")
	for _, c := range all {
		if c.Status == "LISTEN" && int(c.Laddr.Port) == port && c.Pid > 0 {
			if p, err := ps.NewProcessWithContext(ctx, c.Pid); err == nil {
				name, _ = p.NameWithContext(ctx)
			}
			return int(c.Pid), name
		}
	}
	return 0, ""
}

// found is what can be found out with the daemon's help too.
type found struct {
	lookups
	k *Kitt
}

// Owner asks what kitt runs, and goes from a process up through those that started it.
func (m found) Owner(pid int) string {
	var s api.Status
	if m.k.API.Read(m.ctx, "/v1/status", nil, &s) != nil {
		return ""
	}
	owners := map[int]string{}
	for _, in := range s.Instances {
		if in.PID > 0 {
			owners[in.PID] = fullID(in)
		}
	}
	for up, n := int32(pid), 0; up > 1 && n < 64; n++ {
		if id := owners[int(up)]; id != "" {
			return id
		}
		parent, err := (&ps.Process{Pid: up}).PpidWithContext(m.ctx)
		if err != nil {
			return ""
		}
		up = parent
	}
	return ""
}

// InShell looks on the PATH of this command, which is that of the shell it was typed in, then on the login shell's: an
// agent or a service that asks has a poorer one.
func (m lookups) InShell(program string) string {
	if program == "" || strings.ContainsRune(program, filepath.Separator) {
		return ""
	}
	if at, err := exec.LookPath(program); err == nil {
		return at
	}
	ctx, cancel := context.WithTimeout(m.ctx, shellWithin)
	defer cancel()
	return lookIn(loginPath(ctx, os.Getenv("SHELL")), program)
}

// lookIn is where a program lies on a PATH; empty if nowhere.
func lookIn(path, program string) string {
	for _, dir := range filepath.SplitList(path) {
		if at := filepath.Join(dir, program); filepath.IsAbs(dir) {
			if info, err := os.Stat(at); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return at
			}
		}
	}
	return ""
}

// shellWithin is how long a login shell may take to begin.
const shellWithin = 2 * time.Second

// loginPath asks a shell for the PATH that it has after a login; empty if it does not tell before ctx ends. What its profile prints
// stands before the mark. It has a process group of its own, all of which ends with it.
func loginPath(ctx context.Context, shell string) string {
	if !filepath.IsAbs(shell) {
		return ""
	}
	const mark = "kitt-path:"
	cmd := exec.CommandContext(ctx, shell, "-l", "-c", `echo "`+mark+`$PATH"`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	_, path, ok := strings.Cut(string(out), mark)
	if err != nil || !ok {
		return ""
	}
	path, _, _ = strings.Cut(path, "\n")
	return path
}
