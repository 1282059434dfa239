package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	apple "howett.net/plist"
)

// plist is what of a property list the simulation lives by.
type plist struct {
	Label                              string
	ProgramArguments                   []string
	EnvironmentVariables               map[string]string
	RunAtLoad, AbandonProcessGroup     bool
	KeepAlive                          any // true, or conditions
	ThrottleInterval, ExitTimeOut      *int
	WorkingDirectory                   string
	StandardOutPath, StandardErrorPath string
	LimitLoadToSessionType             any
}

func readPlist(path string) (p plist, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return p, err
	}
	_, err = apple.Unmarshal(text, &p)
	if err == nil && (p.Label == "" || len(p.ProgramArguments) == 0) {
		err = fmt.Errorf("%s: no Label or no ProgramArguments", path)
	}
	return p, err
}

// throttle is how far apart two starts are at least, and exitTimeOut how long a program may take to end after SIGTERM: in
// launchd's seconds.
func (p plist) throttle() int    { return orElse(p.ThrottleInterval, 10) }
func (p plist) exitTimeOut() int { return orElse(p.ExitTimeOut, 20) }

func orElse(n *int, other int) int {
	if n == nil {
		return other
	}
	return *n
}

// again tells whether a program that ended is started again.
func (p plist) again(exit int) bool {
	switch k := p.KeepAlive.(type) {
	case bool:
		return k
	case map[string]any:
		if success, ok := k["SuccessfulExit"].(bool); ok {
			return success == (exit == 0)
		}
	}
	return false
}

// loads tells whether the job may be put into a session of that type.
func (p plist) loads(session string) bool {
	switch t := p.LimitLoadToSessionType.(type) {
	case nil:
		return session != "Background" // the default is Aqua
	case string:
		return t == session
	case []any:
		for _, s := range t {
			if s == session {
				return true
			}
		}
	}
	return false
}

// job is one loaded property list and its program.
type job struct {
	plist
	path   string
	second time.Duration // launchd's second
	env    []string
	linger time.Duration // how long it is still found after its end

	mu      sync.Mutex
	pid     int
	runs    int
	exit    string // of the last run
	leaving bool
	quit    chan struct{} // closed by bootout
	gone    chan struct{} // closed when nothing of it is left
}

// run starts the program, and again as its property list says, until quit is closed.
func (j *job) run() {
	defer close(j.gone)
	for start := j.RunAtLoad; ; {
		if !start {
			<-j.quit
			break
		}
		begun := time.Now()
		exit, told := j.once()
		if told {
			break
		}
		start = j.again(exit)
		select {
		case <-j.quit:
		case <-time.After(time.Until(begun.Add(time.Duration(j.throttle()) * j.second))):
			continue
		}
		break
	}
	time.Sleep(j.linger)
}

// once runs the program to its end. told says that it was ended by a bootout.
func (j *job) once() (exit int, told bool) {
	cmd, err := j.start()
	if err != nil {
		j.note(0, "78: EX_CONFIG") // what launchd says of any job that it cannot start
		return 78, false
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with the program
	select {
	case <-ended:
	case <-j.quit:
		told = true
		j.end(cmd.Process, ended)
	}
	if !j.AbandonProcessGroup {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
	state := cmd.ProcessState
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		j.note(0, fmt.Sprintf("(signal %d)", ws.Signal()))
		return 128 + int(ws.Signal()), told
	}
	j.note(0, fmt.Sprint(state.ExitCode()))
	return state.ExitCode(), told
}

// end is SIGTERM and, when ExitTimeOut is over, SIGKILL.
func (j *job) end(p *os.Process, ended chan error) {
	_ = p.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(time.Duration(j.exitTimeOut()) * j.second):
		_ = p.Kill()
		<-ended
	}
}

func (j *job) start() (*exec.Cmd, error) {
	cmd := exec.Command(j.ProgramArguments[0], j.ProgramArguments[1:]...)
	cmd.Env, cmd.Dir = j.env, j.WorkingDirectory
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := appendTo(j.StandardOutPath)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	words, err := appendTo(j.StandardErrorPath)
	if err != nil {
		return nil, err
	}
	defer words.Close()
	cmd.Stdout, cmd.Stderr = out, words
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	j.note(cmd.Process.Pid, "")
	return cmd, nil
}

// appendTo opens a file of a job's output; its folder must be there.
func appendTo(path string) (*os.File, error) {
	if path == "" {
		path = os.DevNull
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// note keeps what print tells: the pid of a run that began, or the exit of one that ended.
func (j *job) note(pid int, exit string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.pid = pid; pid != 0 {
		j.runs++
		return
	}
	j.exit = exit
}
