package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Runner runs one command to its end and returns what it said on both streams and its exit code.
// err is for commands that could not be run, or were cut short by ctx.
type Runner func(ctx context.Context, name string, args ...string) (out string, code int, err error)

// A Host is the machine as a Manager sees it. Only Run is needed; a nil hook is skipped.
type Host struct {
	Root    string // put before every path; "" on a real machine
	UID     int    // who asks (effective)
	SudoUID string // $SUDO_UID

	Run   Runner
	Sleep func(ctx context.Context, d time.Duration) error

	Ready    func(ctx context.Context) (pid int, err error)   // asks kitt; pid is its keeper's, 0 if not known
	HandOver func(ctx context.Context) (lives int, err error) // ends a kitt that no service runs; its processes stay, so many
	Announce func(ctx context.Context, stay bool) error       // tells a running kitt what its coming SIGTERM means
	Tail     func(ctx context.Context, lines int) []string    // the last words of kitt's own log
	Tell     func(Step)                                       // hears each step as it is done
	Patience time.Duration                                    // how long kitt may take to answer; 0 means 20 s

	Dry     bool // change nothing: say which files would be written, which commands run
	Keep    bool // a stop leaves the processes running
	StopAll bool // an uninstall stops them
	NoStart bool // install, but do not start: it begins at the next boot or login
}

// looks are the commands that only look, by their first word that is no flag.
var looks = map[string][]string{
	"systemctl": {"show", "is-enabled", "is-active"}, "launchctl": {"print", "print-disabled"}, "loginctl": {"show-user"}, "journalctl": {""},
}

// onlyLooks tells whether a command changes nothing.
func onlyLooks(name string, args []string) bool {
	word := ""
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			word = a
			break
		}
	}
	return slices.Contains(looks[name], word) || name == "journalctl"
}

// Exec is the Runner of a real machine. The commands speak English, and never ask for anything.
func Exec(ctx context.Context, name string, args ...string) (string, int, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0")
	if run := fmt.Sprintf("/run/user/%d", os.Getuid()); os.Getenv("XDG_RUNTIME_DIR") == "" && isDir(run) {
		cmd.Env = append(cmd.Env, "XDG_RUNTIME_DIR="+run) // su and cron leave it out
	}
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return string(out), -1, fmt.Errorf("run %s: no answer in time: %w", name, ctx.Err())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(out), exitCode(exit), nil
	}
	return string(out), 0, err
}

// exitCode is a shell's: 128 and the signal, for a command that did not exit by itself.
func exitCode(exit *exec.ExitError) int {
	if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		return 128 + int(s.Signal())
	}
	return exit.ExitCode()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (h Host) sleep(ctx context.Context, d time.Duration) error {
	if h.Sleep != nil {
		return h.Sleep(ctx, d)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h Host) patience() time.Duration {
	if h.Patience > 0 {
		return h.Patience
	}
	return 20 * time.Second
}

// must runs a command that has to exit with 0, with a bound on how long it may take.
func (h Host) must(ctx context.Context, name string, args ...string) (string, error) {
	ctx, done := context.WithTimeout(ctx, h.patience()+75*time.Second) // above TimeoutStopSec + start
	defer done()
	out, code, err := h.Run(ctx, name, args...)
	line := name + " " + strings.Join(args, " ")
	switch {
	case err != nil:
		return out, wrap(line, err)
	case code != 0:
		return out, refusal{line, code, firstLine(out)}
	}
	return out, nil
}

// A refusal is a command that ended with another code than 0.
type refusal struct {
	line string
	code int
	said string
}

func (r refusal) Error() string {
	if r.said == "" {
		return fmt.Sprintf("%s: exit %d", r.line, r.code)
	}
	return fmt.Sprintf("%s: exit %d: %s", r.line, r.code, r.said)
}

// code returns the exit code in err: 0 for none, -1 for a command that did not run.
func code(err error) int {
	var r refusal
	switch {
	case err == nil:
		return 0
	case errors.As(err, &r):
		return r.code
	}
	return -1
}

func firstLine(out string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
	return strings.TrimSpace(line)
}
