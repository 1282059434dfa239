package cli

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"kitt.sh/service"
	"kitt.sh/service/home"
)

// preflightLimit is how long a program may take to say that it can take over.
const preflightLimit = 5 * time.Second

// A candidate is what a program says of itself when it is asked to take over: one JSON object.
type candidate struct {
	Kitt    int    `json:"kitt_preflight"` // 1
	Version string `json:"version"`
	Refuses string `json:"refuses,omitempty"` // why it cannot
}

// preflightMain is `kitt internal preflight --home DIR --handover N`: it tells whether this program can take the
// place of the kitt that runs there. It changes nothing.
func preflightMain(args []string) int {
	f := flag.NewFlagSet("kitt internal preflight", flag.ContinueOnError)
	dir := f.String("home", "", "folder of everything kitt keeps")
	handover := f.Int("handover", 0, "version of what the running kitt passes over")
	if err := f.Parse(args); err != nil {
		return codeUsage
	}
	d, err := home.Resolve(*dir, os.Getenv, runtime.GOOS)
	if err == nil {
		err = service.Preflight(d, *handover)
	}
	c := candidate{Kitt: 1, Version: Version()}
	if err != nil {
		c.Refuses = err.Error()
	}
	b, err := json.Marshal(c)
	if err != nil {
		return complain("preflight", err)
	}
	fmt.Println(string(b))
	return 0
}

// preflight asks the program at path whether it can take over, and explains why not.
func preflight(ctx context.Context, d home.Dirs, path string, handover int) (c candidate, err error) {
	ctx, cancel := context.WithTimeout(ctx, preflightLimit)
	defer cancel()
	var out, words bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "internal", "preflight", "--home", d.Home, "--handover", fmt.Sprint(handover))
	cmd.Stdout, cmd.Stderr, cmd.Dir = &limited{w: &out}, &limited{w: &words}, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("it did not answer within %s", preflightLimit)
	case err != nil:
		err = explainStart(path, err, words.String())
	case json.Unmarshal(out.Bytes(), &c) != nil || c.Kitt != 1 || c.Version == "":
		err = errors.New("it is no kitt, or one that cannot take over from a kitt that runs")
	case c.Refuses != "":
		err = errors.New(c.Version + " cannot take over: " + c.Refuses)
	}
	if err != nil {
		return c, &trouble{text: fmt.Sprintf("upgrade to %s: %v; nothing was changed", path, err), code: codeFailed, err: err}
	}
	return c, nil
}

// limited takes the first 64 KiB.
type limited struct{ w *bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	l.w.Write(b[:min(len(b), max(0, 64<<10-l.w.Len()))])
	return len(b), nil
}

// explainStart says why a program could not be started, or how it ended.
func explainStart(path string, err error, words string) error {
	first, _, _ := strings.Cut(strings.TrimSpace(words), "\n")
	var ended *exec.ExitError
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return errors.New(unfit(path))
	case errors.As(err, &ended) && first != "":
		return fmt.Errorf("it fails at its start: %s: %s", ended, first)
	case errors.As(err, &ended):
		return fmt.Errorf("it fails at its start: %s; %s", ended, unfit(path))
	}
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// unfit says what is wrong with a file that the system takes for no program of its own.
func unfit(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return "the file is no program for " + runtime.GOOS + "/" + runtime.GOARCH + ", or is cut off"
	}
	defer f.Close()
	if own, err := elf.Open("/proc/self/exe"); err == nil {
		defer own.Close()
		if own.Machine != f.Machine {
			return fmt.Sprintf("it is built for %s, this machine is %s", machine(f.Machine), machine(own.Machine))
		}
	}
	st, err := os.Stat(path)
	for _, p := range f.Progs {
		if err == nil && p.Off+p.Filesz > uint64(st.Size()) {
			return "the file is cut off"
		}
	}
	return "the file is a broken program"
}

func machine(m elf.Machine) string { return strings.ToLower(strings.TrimPrefix(m.String(), "EM_")) }
