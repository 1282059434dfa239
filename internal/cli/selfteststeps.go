package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"kitt.sh/service/unit"
)

// A step is one thing that a self-test tries. It returns what is worth knowing of what it saw.
type step struct {
	name, what string
	first      bool // without it the others are of no use
	do         func(*trial, context.Context) (string, error)
}

var selfSteps = []step{
	{"apply", "two processes run, and no service yet", true, (*trial).apply},
	{"install", "the service takes over, processes are kept", true, (*trial).install},
	{"again", "installed once more: nothing is done", false, (*trial).again},
	{"kill", "kill -9 of the keeper: it comes back, processes are kept", false, (*trial).kill},
	{"restart", "a new keeper, processes are kept", false, (*trial).restart},
	{"upgrade", "another program in its place, kitt upgrade: the keeper's pid and processes are kept", false, (*trial).upgrade},
	{"renew", "restart as the other program, kill -9: it comes back, processes are kept", false, (*trial).renew},
	{"output", "every line is there, once and in order", false, (*trial).output},
	{"drift", "a lost mode is seen, and mended by kitt apply", false, (*trial).drift},
	{"stop", "every process ends in its own way", false, (*trial).stop},
	{"start", "every process is back", false, (*trial).start},
	{"uninstall", "nothing is left of the service, processes run on", false, (*trial).uninstall},
	{"shutdown", "nothing runs any more", false, (*trial).shutdown},
}

func (t *trial) apply(ctx context.Context) (string, error) {
	if _, err := t.must(ctx, "apply"); err != nil {
		return "", err
	}
	keeper, pids, err := t.now(ctx)
	t.keeper, t.pids = keeper, pids
	return "", err
}

func (t *trial) install(ctx context.Context) (string, error) {
	var r unit.Result
	if err := t.ask(ctx, &r, "service", "install"); err != nil {
		return "", err
	}
	detail := ""
	for _, s := range r.Steps {
		if s.Mark == "!" {
			detail += s.What + ": " + s.Text + "\n"
		}
	}
	return detail, t.well(ctx, true)
}

func (t *trial) again(ctx context.Context) (string, error) {
	var r unit.Result
	if err := t.ask(ctx, &r, "service", "install"); err != nil {
		return "", err
	}
	if r.Changed {
		return "", fmt.Errorf("it changed something: %v", r.Steps)
	}
	return "", t.well(ctx, false)
}

func (t *trial) kill(ctx context.Context) (string, error) {
	if err := syscall.Kill(t.keeper, syscall.SIGKILL); err != nil {
		return "", fmt.Errorf("kill keeper %d: %w", t.keeper, err)
	}
	return "", t.well(ctx, true)
}

func (t *trial) restart(ctx context.Context) (string, error) {
	if _, err := t.must(ctx, "service", "restart"); err != nil {
		return "", err
	}
	return "", t.well(ctx, true)
}

func (t *trial) upgrade(ctx context.Context) (string, error) {
	if err := t.place(true); err != nil {
		return "", err
	}
	var r upgradeReport
	if err := t.ask(ctx, &r, "upgrade"); err != nil {
		return "", err
	}
	if !r.Changed || !r.Kept {
		return "", fmt.Errorf("changed %v, keeper's pid kept %v %s", r.Changed, r.Kept, r.Error)
	}
	return fmt.Sprintf("without a keeper for %.1f ms", r.PauseMS), t.well(ctx, false)
}

func (t *trial) renew(ctx context.Context) (string, error) {
	if _, err := t.restart(ctx); err != nil {
		return "", err
	}
	return t.kill(ctx)
}

func (t *trial) output(ctx context.Context) (string, error) {
	out, err := t.must(ctx, "logs", "count", "-n", "all", "--raw")
	if err != nil {
		return "", err
	}
	n := 0
	for line := range strings.Lines(out) {
		if n++; strings.TrimSpace(line) != fmt.Sprintf("line %d", n) {
			return "", fmt.Errorf("line %d is %q", n, line)
		}
	}
	if n < 10 {
		return "", fmt.Errorf("%d lines in all", n)
	}
	return fmt.Sprintf("%d lines", n), nil
}

func (t *trial) drift(ctx context.Context) (string, error) {
	if err := os.Chmod(t.file, 0o664); err != nil {
		return "", err
	}
	if st, err := t.status(ctx); err != nil || len(st.Drifted) == 0 {
		return "", errors.Join(err, errors.New("it is not seen"))
	}
	if _, err := t.must(ctx, "apply"); err != nil {
		return "", err
	}
	if err := t.well(ctx, true); err != nil {
		return "", err
	}
	st, err := t.status(ctx)
	if err == nil && len(st.Drifted) > 0 {
		err = errors.New("not mended: " + strings.Join(st.Drifted, "; "))
	}
	return "", err
}

func (t *trial) stop(ctx context.Context) (string, error) {
	if _, err := t.must(ctx, "service", "stop"); err != nil {
		return "", err
	}
	if err := ended(ctx, t.pids); err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(t.dir, "said-goodbye")); err != nil {
		return "", errors.New("a process had no time for its SIGTERM")
	}
	st, err := t.status(ctx)
	if err == nil && st.ExitCode() != 3 {
		err = fmt.Errorf("the service is not stopped: %s", st.State)
	}
	return "", err
}

func (t *trial) start(ctx context.Context) (string, error) {
	if _, err := t.must(ctx, "service", "start"); err != nil {
		return "", err
	}
	t.pids = nil
	return "", t.well(ctx, true)
}

func (t *trial) uninstall(ctx context.Context) (string, error) {
	if _, err := t.must(ctx, "service", "uninstall"); err != nil {
		return "", err
	}
	st, err := t.status(ctx)
	if err == nil && st.ExitCode() != 4 {
		err = fmt.Errorf("it is still there: %s", st.State)
	}
	if _, gone := os.Lstat(t.file); err == nil && !errors.Is(gone, fs.ErrNotExist) {
		err = fmt.Errorf("%s is still there", t.file)
	}
	for name, pid := range t.pids {
		if err == nil && !breathes(pid) {
			err = fmt.Errorf("%s was not kept: pid %d is gone", name, pid)
		}
	}
	return "", err
}

func (t *trial) shutdown(ctx context.Context) (string, error) {
	if _, err := t.must(ctx, "shutdown"); err != nil {
		return "", err
	}
	return "", ended(ctx, t.pids)
}
