package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"kitt.sh/internal/deploy"
	"kitt.sh/spec"
)

// Deploy does what the deploy section of a pm2 file says, over the system's ssh and git.
type Deploy struct {
	File  string
	Force bool
	Words []string // ENV, then what to do; pm2's users name the file first
}

func (d Deploy) Run(ctx context.Context, k *Kitt) error {
	if err := k.may(); err != nil {
		return err
	}
	file, words, err := d.file(k)
	if err != nil {
		return err
	}
	all, warnings, err := spec.LoadDeploy(ctx, spec.Request{Path: file, Cwd: k.Cwd, Env: capture(k.Environ)}, evalJS)
	if !k.Quiet {
		k.complain(warnings, yellow)
	}
	if err != nil {
		return err
	}
	env, ok := spec.Deploy{}, false
	names := slices.Sorted(maps.Keys(all))
	if len(words) > 0 {
		env, ok = all[words[0]]
	}
	if !ok {
		return d.unknown(file, words, names)
	}
	job, err := deploy.Plan(env, words[1:])
	if err != nil {
		return usage("deploy "+words[0]+": "+err.Error(), "kitt deploy "+words[0]+" [setup | update | revert N | exec CMD | list | curr | prev | REF]")
	}
	r := deploy.Deployer{Dir: filepath.Dir(file), Out: k.Out, Err: k.Err, Say: k.note}
	if job.Checks && !d.Force {
		if why, hint := r.Unsaved(ctx, env.Ref); why != "" {
			return &trouble{text: "deploy " + words[0] + ": " + why, hint: hint, code: codeFailed}
		}
	}
	if err := r.Run(ctx, env, job); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &trouble{text: "deploy " + words[0] + ": " + clean(err.Error()), hint: deployHint(words[0], err), code: codeFailed, err: err}
	}
	return nil
}

// deployHint is the way out where there is a usual one.
func deployHint(env string, err error) string {
	var ended *exec.ExitError
	switch {
	case strings.Contains(err.Error(), "could not connect"):
		return "does ssh to it work by hand? key, port and ssh_options stand in the deploy section"
	case errors.As(err, &ended):
		return "a host is made ready once: kitt deploy " + env + " setup"
	}
	return ""
}

// file finds the pm2 file: -f, the first word if it is one, or that of this folder.
func (d Deploy) file(k *Kitt) (string, []string, error) {
	words := d.Words
	file := d.File
	if file == "" && len(words) > 0 && isSpec(k, words[0]) && isScript(k, words[0]) {
		file, words = words[0], words[1:]
	}
	if file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(k.Cwd, file)
		}
		return file, words, nil
	}
	for _, name := range spec.Names {
		if _, err := os.Stat(filepath.Join(k.Cwd, name)); err == nil && strings.HasPrefix(name, "ecosystem") {
			return filepath.Join(k.Cwd, name), words, nil
		}
	}
	return "", nil, &trouble{text: "deploy: no pm2 file in this folder", hint: "its deploy section says where to; -f FILE names it", code: codeFailed}
}

func (d Deploy) unknown(file string, words, names []string) error {
	has := "it has no deploy section"
	if len(names) > 0 {
		has = "it has " + listed(names)
	}
	if len(words) == 0 {
		return usage("deploy to where?", "kitt deploy ENV; of "+filepath.Base(file)+": "+has)
	}
	return &trouble{text: fmt.Sprintf("deploy: %s has no environment %q", filepath.Base(file), words[0]), hint: has, code: codeFailed}
}
