package unit

import (
	"context"
	"os"
	"strings"
	"time"
)

// A Cause is why a service manager sends SIGTERM.
type Cause string

const (
	Shutdown Cause = "shutdown" // the machine goes down, or the user's last session ended: stop every process
	Stop     Cause = "stop"     // someone stops the service: stop every process
	Restart  Cause = "restart"  // it comes back at once: leave them
	Unknown  Cause = "unknown"  // leave them: they can be adopted, but not brought back to life
)

// Reason finds out why the service that this process belongs to is told to end, within 1.5 s. It is Unknown
// outside of a service, and always on macOS: launchd tells nobody why, so kitt's own verbs announce what they
// are about to do (Host.Announce).
func Reason(ctx context.Context, run Runner) Cause {
	cgroup, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return Unknown
	}
	return reason(ctx, run, string(cgroup))
}

func reason(ctx context.Context, run Runner, cgroup string) Cause {
	name, system, ok := inside(cgroup)
	if !ok {
		return Unknown
	}
	ctx, done := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer done()
	s := Spec{System: system}
	out, _, err := run(ctx, "systemctl", ctl(s, "is-system-running")...) // exits 1 for every word but "running"
	if err == nil && firstLine(out) == "stopping" {
		return Shutdown
	}
	out, code, err := run(ctx, "systemctl", ctl(s, "list-jobs", "--no-legend", "--no-pager", "--full")...)
	if err != nil || code != 0 {
		return Unknown
	}
	return pending(out, name)
}

// pending finds the unit's own job in lines such as `1234 kitt.service restart running`.
func pending(jobs, name string) Cause {
	for line := range strings.Lines(jobs) {
		word := strings.Fields(line)
		if len(word) < 3 || word[1] != name {
			continue
		}
		switch word[2] {
		case "stop":
			return Stop
		case "restart", "try-restart", "start": // start: what a restart becomes once the stop is over
			return Restart
		}
	}
	return Unknown
}

// inside names the systemd service that a process with this /proc/self/cgroup belongs to, and whose manager's it is.
func inside(cgroup string) (name string, system, ok bool) {
	for line := range strings.Lines(cgroup) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) != 3 || part[1] != "" && part[1] != "name=systemd" {
			continue // another controller's tree
		}
		name, system = "", true
		for dir := range strings.SplitSeq(part[2], "/") {
			switch {
			case strings.HasPrefix(dir, "user@") && strings.HasSuffix(dir, ".service"):
				system = false
			case strings.HasSuffix(dir, ".service") && name == "":
				name = dir
			}
		}
		if name != "" {
			return name, system, true
		}
	}
	return "", false, false
}
