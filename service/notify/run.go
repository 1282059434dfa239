package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// A command is a program that is run to its end, or to that of its context: then all that it started ends too.
type command struct {
	argv []string
	env  []string
	dir  string
	in   []byte
}

// mostOutput is what is kept of what a command writes.
const mostOutput = 64 << 10

// run returns what the command wrote to stdout. The error tells its exit and the end of its stderr.
func run(ctx context.Context, c command) (string, error) {
	path, err := lookPath(c.argv[0], c.env, c.dir)
	if err != nil {
		return "", err
	}
	out, trouble := &bounded{}, &bounded{}
	cmd := &exec.Cmd{Path: path, Args: c.argv, Env: c.env, Dir: c.dir, Stdin: bytes.NewReader(c.in), Stdout: out, Stderr: trouble,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true}, WaitDelay: time.Second}
	if err := cmd.Start(); err != nil {
		return "", errors.New(strings.TrimPrefix(err.Error(), "fork/exec "))
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(ended); endTree(cmd.Process.Pid) })
	err = cmd.Wait()
	if !stop() { // it has begun: only what it ends is left
		<-ended
		if ctx.Err() == context.DeadlineExceeded {
			return "", errors.New("it took too long, and was ended")
		}
		return "", ctx.Err()
	}
	if errors.Is(err, exec.ErrWaitDelay) { // it left something behind that holds its output
		err = nil
	}
	if err != nil {
		return out.String(), fmt.Errorf("%w%s", err, lastLine(trouble.String()))
	}
	return out.String(), nil
}

// lookPath finds a program on the PATH of env; a relative path lies under dir.
func lookPath(name string, env []string, dir string) (string, error) {
	if strings.Contains(name, "/") {
		if !strings.HasPrefix(name, "/") {
			name = dir + "/" + name
		}
		return name, nil
	}
	for _, kv := range env {
		path, ok := strings.CutPrefix(kv, "PATH=")
		for _, d := range strings.Split(path, ":") {
			at := d + "/" + name
			if info, err := os.Stat(at); ok && strings.HasPrefix(d, "/") && err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return at, nil
			}
		}
	}
	return "", errors.New(name + " is not on the PATH")
}

// lastLine is what a program said last, for the end of an error.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	text = text[strings.LastIndexByte(text, '\n')+1:]
	if text == "" {
		return ""
	}
	return ": " + cut(Visible(wellFormed(text)), mostSaid, units)
}

// endTree kills a process, its session and all that it started; children first known, then ended, so that none is lost to
// the parent's death.
func endTree(pid int) {
	for _, child := range children(pid, 0) {
		_ = child.Kill()
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// children are handles of all below a process. Where the system has pidfds a handle is of that process and no later one.
func children(pid, depth int) (out []*os.Process) {
	p, err := process.NewProcess(int32(pid))
	if err != nil || depth > 20 {
		return nil
	}
	list, _ := p.Children()
	for _, c := range list {
		h, err := os.FindProcess(int(c.Pid))
		if err != nil {
			continue
		}
		if parent, err := c.Ppid(); err == nil && int(parent) == pid {
			out = append(append(out, h), children(int(c.Pid), depth+1)...)
		}
	}
	return out
}

// bounded keeps the beginning of what is written to it, and takes all.
type bounded struct{ b []byte }

func (b *bounded) Write(p []byte) (int, error) {
	b.b = append(b.b, p[:min(len(p), mostOutput-len(b.b))]...)
	return len(p), nil
}

func (b *bounded) String() string { return string(b.b) }
