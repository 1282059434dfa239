package local

import (
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// lastWord is how long the output of a command is read on after its end: it is in the pipe by then.
const lastWord = 50 * time.Millisecond

// runAlone runs a command whose group is its own, until its first process has ended, and kills what that left. It returns the
// beginning of what was written. A descendant that keeps the output open, as a daemon may, holds nobody up.
func runAlone(cmd *exec.Cmd) (said string, err error) {
	from, to, err := os.Pipe()
	if err != nil {
		return "", err
	}
	cmd.Stdout, cmd.Stderr = to, to
	err = cmd.Start()
	to.Close()
	if err != nil {
		from.Close()
		return "", err
	}
	out, read := &head{}, make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(out, from) // until everybody has closed it, or from is
	}()
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = from.SetReadDeadline(time.Now().Add(lastWord))
	<-read
	from.Close()
	return out.String(), err
}
