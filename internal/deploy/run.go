package deploy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A Deployer runs jobs from one folder: that of the pm2 file.
type Deployer struct {
	Dir      string
	Out, Err io.Writer
	Say      func(format string, args ...any)
}

// Run does job on each host of d, one after the other, and stops at the first that fails.
func (r Deployer) Run(ctx context.Context, d spec.Deploy, job Job) error {
	for i, host := range d.Host {
		if _, err := SSH(d, host); err != nil {
			return err
		}
		if i == 0 && job.Local != "" {
			if err := r.local(ctx, job.Local); err != nil {
				return err
			}
		}
	}
	for i, host := range d.Host {
		r.Say("%s: %s", host, job.Words)
		if err := r.host(ctx, d, host, job.Script); err != nil {
			rest := ""
			if left := d.Host[i+1:]; len(left) > 0 {
				rest = "; not done on " + strings.Join(left, ", ")
			}
			return fmt.Errorf("%s on %s: %w%s", job.Words, host, err, rest)
		}
	}
	return nil
}

// local runs the hook that is for here.
func (r Deployer) local(ctx context.Context, line string) error {
	r.Say("pre-deploy-local")
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = r.Dir, r.Out, r.Err, time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pre-deploy-local: %w", err)
	}
	return nil
}

func (r Deployer) host(ctx context.Context, d spec.Deploy, host, script string) error {
	argv, err := SSH(d, host)
	if err != nil {
		return err
	}
	if d.TTY && len(argv) > 1 { // a terminal there would echo what comes by stdin
		argv = append(argv[:len(argv)-1], "/bin/sh -c "+quote(script))
		script = ""
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = r.Dir, strings.NewReader(script), r.Out, r.Err, time.Second
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() == 255 && len(argv) > 1 {
		return errors.New("ssh could not connect")
	}
	return err
}

// SSH is the command that runs on host the script that comes by stdin. localhost means here, without ssh.
func SSH(d spec.Deploy, host string) ([]string, error) {
	user, name, given := strings.Cut(host, "@")
	if !given {
		user, name = d.User, host
	}
	switch {
	case name == "", strings.HasPrefix(name, "-"), strings.HasPrefix(user, "-"), strings.ContainsAny(host+user, " \t\n\x00"):
		return nil, fmt.Errorf("%q is not the name of a host", host)
	case name == "localhost":
		return []string{"/bin/sh"}, nil
	}
	argv := []string{"ssh"}
	if d.Key != "" {
		argv = append(argv, "-i", d.Key)
	}
	if d.Port != 0 {
		argv = append(argv, "-p", strconv.Itoa(d.Port))
	}
	for _, option := range d.SSHOptions {
		argv = append(argv, "-o", option)
	}
	if d.ForwardAgent {
		argv = append(argv, "-A")
	}
	if d.TTY {
		argv = append(argv, "-tt")
	} else {
		argv = append(argv, "-T")
	}
	if user != "" {
		name = user + "@" + name
	}
	return append(argv, "--", name, "/bin/sh"), nil
}

// Unsaved says what of the repository here would not be deployed: what is not committed, or not pushed. It is empty where
// nothing is missing, or where Dir is in no repository.
func (r Deployer) Unsaved(ctx context.Context, ref string) (why, hint string) {
	if _, err := r.git(ctx, "rev-parse", "--is-inside-work-tree"); err != nil {
		return "", ""
	}
	if changed, err := r.git(ctx, "status", "--porcelain", "--untracked-files=no"); err == nil && changed != "" {
		n := strings.Count(changed, "\n") + 1
		return fmt.Sprintf("what is changed here is not committed (%s)", files(n)), "git commit and git push first; --force deploys what is pushed"
	}
	upstream := "@{upstream}"
	if _, err := r.git(ctx, "rev-parse", "--verify", "-q", upstream); err != nil {
		upstream = "refs/remotes/" + ref
	}
	ahead, err := r.git(ctx, "rev-list", "--count", upstream+"..HEAD", "--")
	if n, bad := strconv.Atoi(ahead); err == nil && bad == nil && n > 0 {
		return fmt.Sprintf("%d of the commits here are not pushed", n), "git push first; --force deploys what is pushed"
	}
	return "", ""
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return strconv.Itoa(n) + " files"
}

func (r Deployer) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir, cmd.WaitDelay = r.Dir, time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}
