//go:build linux

package torture

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An orphanage takes the place of init: what has lost its parent lands here and is reaped at once, so that nobody can read
// the end of a program off a zombie that lies about. It leaves this process's own children to those who wait for them.
type orphanage struct {
	mu   sync.Mutex
	mine map[int]bool
	quit chan struct{}
	done chan struct{}
}

func open() *orphanage {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	o := &orphanage{mine: map[int]bool{}, quit: make(chan struct{}), done: make(chan struct{})}
	go func() { // ended by close
		defer close(o.done)
		for !closed(o.quit, 2*time.Millisecond) {
			o.reap()
		}
	}()
	return o
}

func (o *orphanage) close() {
	close(o.quit)
	<-o.done
	o.reap()
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
}

// own starts a command that its caller waits for.
func (o *orphanage) own(cmd *exec.Cmd) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	o.mine[cmd.Process.Pid] = true
	return nil
}

// disown is called after the wait: the pid may be anybody's now.
func (o *orphanage) disown(cmd *exec.Cmd) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.mine, cmd.Process.Pid)
}

func (o *orphanage) reap() {
	o.mu.Lock()
	defer o.mu.Unlock()
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, t := range tasks {
		b, _ := os.ReadFile(t)
		for _, f := range strings.Fields(string(b)) {
			if pid, _ := strconv.Atoi(f); pid > 0 && !o.mine[pid] {
				var ws syscall.WaitStatus
				_, _ = syscall.Wait4(pid, &ws, syscall.WNOHANG, nil)
			}
		}
	}
}
