package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// staticcheckVersion is raised by hand, with a look at what it newly finds.
const staticcheckVersion = "v0.8.2"

// command prepares a command of a process group of its own, which ends as a whole when ctx does.
func command(ctx context.Context, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// loud runs a command whose output is part of the report.
func loud(ctx context.Context, out io.Writer, env []string, argv ...string) error {
	cmd := command(ctx, argv...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

func gofmt(ctx context.Context, t *tally) error {
	files, err := goFiles(".")
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := loud(ctx, &out, nil, append([]string{"gofmt", "-l"}, files...)...); err != nil {
		return fmt.Errorf("%w\n%s", err, &out)
	}
	if out.Len() > 0 {
		return fmt.Errorf("not formatted (make fmt):\n%s", &out)
	}
	return nil
}

// goFiles finds the project's own Go files, those of .ci too.
func goFiles(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		hidden := strings.HasPrefix(name, ".") && path != root && name != ".ci"
		if d.IsDir() && (hidden || name == "bench-out" || name == "node_modules" || name == "testdata") {
			return filepath.SkipDir
		}
		if !d.IsDir() && filepath.Ext(name) == ".go" {
			files = append(files, path)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = errors.New("no Go files here")
	}
	return files, err
}

func vet(packages []string) func(context.Context, *tally) error {
	return func(ctx context.Context, t *tally) error {
		return loud(ctx, t.out, nil, append([]string{"go", "vet"}, packages...)...)
	}
}

// cross builds and vets for macOS; vet compiles the tests too.
func cross(packages []string, arch string) func(context.Context, *tally) error {
	return func(ctx context.Context, t *tally) error {
		env := []string{"GOOS=darwin", "GOARCH=" + arch, "CGO_ENABLED=0"}
		build := loud(ctx, t.out, env, append([]string{"go", "build"}, packages...)...)
		vet := loud(ctx, t.out, env, append([]string{"go", "vet"}, packages...)...)
		return errors.Join(build, vet)
	}
}

// staticcheck installs the pinned version under .kitt, once, and runs it for both systems.
func staticcheck(packages []string) func(context.Context, *tally) error {
	return func(ctx context.Context, t *tally) error {
		dir, err := filepath.Abs(filepath.Join(".kitt", "bin", "staticcheck-"+staticcheckVersion))
		if err != nil {
			return err
		}
		exe := filepath.Join(dir, "staticcheck")
		if _, err := os.Stat(exe); err != nil {
			from := "honnef.co/go/tools/cmd/staticcheck@" + staticcheckVersion
			if err := loud(ctx, t.out, []string{"GOBIN=" + dir, "GOFLAGS="}, "go", "install", from); err != nil {
				return err
			}
		}
		argv := append([]string{exe}, packages...)
		return errors.Join(
			loud(ctx, t.out, nil, argv...),
			loud(ctx, t.out, []string{"GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0"}, argv...))
	}
}
