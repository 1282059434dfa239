package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/unit"
)

// stepLimit is how long one step of a self-test may take.
const stepLimit = 100 * time.Second

// A trial is a second kitt with everything of its own: program, home, service, two processes.
type trial struct {
	dir, kitt string
	env       []string

	service string         // its name, once it is installed
	file    string         // of the service
	keeper  int            // pid
	pids    map[string]int // of the processes, by instance
}

const (
	trialSpec = `project = "selftest"
process "count" {
  command = ["sh", "count.sh"]
}
process "still" {
  command = ["sleep", "1000000"]
}
`
	trialScript = `trap 'echo bye > said-goodbye; exit 0' TERM
i=0
while :; do i=$((i+1)); echo "line $i"; sleep 0.05; done
`
)

// newTrial makes its folder below the user's: what lies among temporary files is no program for a service.
func newTrial(k *Kitt) (*trial, error) {
	fail := func(err error) (*trial, error) {
		return nil, &trouble{text: "selftest: make a folder: " + err.Error(), hint: "HOME must name a folder of yours that has room", code: codeFailed}
	}
	dir, err := os.MkdirTemp(k.Env("HOME"), ".kitt-selftest-")
	if err != nil || k.Env("HOME") == "" {
		return fail(errors.Join(err, os.RemoveAll(dir)))
	}
	t := &trial{dir: dir, kitt: filepath.Join(dir, "kitt"), pids: map[string]int{}}
	for _, e := range k.Environ {
		if name, _, _ := strings.Cut(e, "="); !slices.Contains([]string{"KITT_HOME", "KITT_LIFE", "KITT_PROJECT", "KITT_PROCESS", "KITT_INSTANCE"}, name) {
			t.env = append(t.env, e)
		}
	}
	t.env = append(t.env, "NO_COLOR=1")
	err = errors.Join(os.WriteFile(filepath.Join(dir, "kitt.hcl"), []byte(trialSpec), 0o600),
		os.WriteFile(filepath.Join(dir, "count.sh"), []byte(trialScript), 0o600), t.place(false))
	if err != nil {
		os.RemoveAll(dir)
		return fail(err)
	}
	return t, nil
}

func (t *trial) home() string { return filepath.Join(t.dir, "h") }

// place puts a copy of this program in place, as an upgrade does: a new file, renamed over. Another one is told apart by
// its bytes: on a Mac by a signature of its own, elsewhere by one byte more.
func (t *trial) place(another bool) error {
	from, err := image()
	if err != nil {
		return err
	}
	next := t.kitt + ".new"
	if err := copyProgram(from, next); err != nil {
		return err
	}
	if another && signer() == "" {
		err = appendByte(next)
	} else if another {
		var out []byte
		if out, err = exec.Command(signer(), "--force", "--sign", "-", "--identifier", "sh.kitt.selftest", next).CombinedOutput(); err != nil {
			err = fmt.Errorf("codesign: %w: %s", err, bytes.TrimSpace(out))
		}
	}
	return errors.Join(err, os.Rename(next, t.kitt))
}

// signer is macOS's codesign, or "".
func signer() string {
	path, err := exec.LookPath("/usr/bin/codesign")
	if err != nil {
		return ""
	}
	return path
}

func copyProgram(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

func appendByte(path string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n")
	return errors.Join(err, f.Close())
}

// run runs its kitt, out of reach of a Ctrl-C, and returns what it printed, what it said of it, and its exit code.
func (t *trial) run(ctx context.Context, args ...string) (out, talk string, code int, err error) {
	cmd := exec.CommandContext(ctx, t.kitt, append([]string{"--home", t.home()}, args...)...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = t.dir, t.env, &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it puts back what it began
	cmd.WaitDelay = 20 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	return strings.TrimSpace(stdout.String()), strings.TrimSpace(stderr.String()), cmd.ProcessState.ExitCode(), err
}

// must is run where only exit 0 will do.
func (t *trial) must(ctx context.Context, args ...string) (string, error) {
	out, talk, code, err := t.run(ctx, args...)
	line := "kitt " + strings.Join(args, " ")
	switch {
	case err != nil:
		return out, fmt.Errorf("%s: %w", line, err)
	case code != 0:
		return out, fmt.Errorf("%s: exit %d\n%s", line, code, talk)
	}
	return out, nil
}

// ask is must for an answer in JSON.
func (t *trial) ask(ctx context.Context, into any, args ...string) error {
	out, err := t.must(ctx, append(args, "-o", "json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), into); err != nil {
		return fmt.Errorf("kitt %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// status is how the service stands; it is no failure that it is stopped or not installed.
func (t *trial) status(ctx context.Context) (st unit.Status, err error) {
	out, talk, code, err := t.run(ctx, "service", "status", "-o", "json")
	if err == nil && code != 0 && code != 3 && code != 4 {
		err = fmt.Errorf("kitt service status: exit %d\n%s", code, talk)
	}
	if err == nil {
		err = json.Unmarshal([]byte(out), &st)
	}
	return st, err
}

// now asks kitt for its keeper and its processes, all of which must be up.
func (t *trial) now(ctx context.Context) (keeper int, pids map[string]int, err error) {
	var s api.Status
	if err := t.ask(ctx, &s, "status"); err != nil {
		return 0, nil, err
	}
	pids = map[string]int{}
	for _, in := range s.Instances {
		if in.Phase != "running" || in.PID == 0 {
			return 0, nil, fmt.Errorf("%s is %s: %s", in.ID, in.Phase, in.Reason)
		}
		pids[in.ID] = in.PID
	}
	if len(pids) != 2 {
		return 0, nil, fmt.Errorf("%d processes are there instead of 2", len(pids))
	}
	return s.Keeper.PID, pids, nil
}

// well waits until the keeper that answers is the service's, and other than before where it is to be another; every process
// must be the one that it was.
func (t *trial) well(ctx context.Context, another bool) error {
	return until(ctx, func() error {
		keeper, pids, err := t.now(ctx)
		if err != nil {
			return err
		}
		st, err := t.status(ctx)
		switch {
		case err != nil:
			return err
		case !st.Running || st.PID != keeper:
			return fmt.Errorf("keeper %d answers, the service's is %d (%s)", keeper, st.PID, st.State)
		case another == (keeper == t.keeper):
			return fmt.Errorf("the keeper is %d, and was %d", keeper, t.keeper)
		case len(t.pids) > 0 && !maps.Equal(pids, t.pids):
			return final{fmt.Errorf("processes were not kept: %v, and were %v", pids, t.pids)}
		}
		t.keeper, t.pids, t.service, t.file = keeper, pids, st.Name, st.Path
		return nil
	})
}

// final is an error that no waiting mends.
type final struct{ error }

// until tries again until all is as it should be, or ctx ends.
func until(ctx context.Context, try func() error) error {
	for {
		err := try()
		if _, last := errors.AsType[final](err); err == nil || last {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; %w", err, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ended waits until none of the processes is there any more.
func ended(ctx context.Context, pids map[string]int) error {
	return until(ctx, func() error {
		for name, pid := range pids {
			if breathes(pid) {
				return fmt.Errorf("%s is still there, pid %d", name, pid)
			}
		}
		return nil
	})
}

// breathes tells whether there is such a process. One that has ended and that nobody has asked about yet is none.
func breathes(pid int) bool {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		_, state, _ := strings.Cut(string(text), ") ")
		return !strings.HasPrefix(state, "Z")
	}
	return syscall.Kill(pid, 0) == nil
}

// clear takes all away again, and returns what it could not.
func (t *trial) clear(ctx context.Context) (left []string) {
	ctx, cancel := context.WithTimeout(ctx, 2*stepLimit)
	defer cancel()
	if st, err := t.status(ctx); err != nil || st.Installed || st.Running {
		if _, err := t.must(ctx, "service", "uninstall"); err != nil {
			left = append(left, err.Error())
		}
	}
	if _, err := t.must(ctx, "shutdown"); err != nil {
		left = append(left, err.Error())
	}
	if len(left) > 0 {
		return append(left, t.dir+" (kitt --home "+t.home()+" service uninstall; kitt --home "+t.home()+" shutdown)")
	}
	if err := os.RemoveAll(t.dir); err != nil {
		left = append(left, err.Error())
	}
	return left
}
