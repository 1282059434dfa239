package unit

import (
	"context"
	"fmt"
	"os"
	"strings"

	apple "howett.net/plist"
)

// simLaunchd is a model of launchctl and launchd, from manuals and other projects' reports: never a proof about
// a real Mac. It runs what the plist says, refuses what launchd refuses, and drains as slowly as told.
type simLaunchd struct {
	simLog
	domains  map[string]bool
	jobs     map[string]*simJob // by domain/label
	disabled map[string]bool    // by label
	drain    int                // how often print still finds a service after its bootout
	eio      int                // how often bootstrap says 5 after a bootout
	busy     bool               // the first bootout says 36
	stuck    bool               // enable does not help: Login Items says no
	older    bool               // print-disabled says true, not disabled
	pid      int
}

type simJob struct{ pid, draining int }

// simLog is what both models keep: the commands that change something, in order.
type simLog struct {
	done   []string
	mute   bool // the keeper never answers
	broken bool // the keeper cannot start
}

func newSimLaunchd(domains ...string) *simLaunchd {
	s := &simLaunchd{domains: map[string]bool{"system": true}, jobs: map[string]*simJob{}, disabled: map[string]bool{}, pid: 4000}
	for _, d := range domains {
		s.domains[d] = true
	}
	return s
}

func (s *simLaunchd) run(ctx context.Context, name string, args ...string) (string, int, error) {
	if err := ctx.Err(); err != nil {
		return "", -1, err
	}
	if name != "launchctl" {
		return "", 0, fmt.Errorf("exec: %q: not found", name)
	}
	if !strings.HasPrefix(args[0], "print") {
		s.done = append(s.done, args[0])
	}
	out, code := s.answer(args[0], args[1:])
	return out, code, nil
}

func (s *simLaunchd) answer(verb string, args []string) (string, int) {
	label := args[0][strings.LastIndex(args[0], "/")+1:]
	switch verb {
	case "print":
		return s.print(args[0])
	case "print-disabled":
		return s.printDisabled()
	case "enable":
		if !s.stuck {
			delete(s.disabled, label)
		}
		return "", 0
	case "bootout":
		return s.bootout(args[0])
	case "bootstrap":
		return s.bootstrap(args[0], args[1])
	}
	return "Unrecognized subcommand: " + verb, 64
}

func (s *simLaunchd) print(name string) (string, int) {
	if s.domains[name] {
		return name + " = {\n}\n", 0
	}
	j := s.jobs[name]
	if j == nil {
		return "Could not find service in domain", 113
	}
	if j.draining > 0 {
		if j.draining--; j.draining == 0 {
			delete(s.jobs, name)
		}
	}
	pid, state := fmt.Sprintf("\tpid = %d\n", j.pid), "running"
	if j.pid == 0 {
		pid, state = "", "not running"
	}
	return name + " = {\n\tactive count = 1\n\tstate = " + state + "\n" + pid +
		"\tlast exit code = (never exited)\n\tendpoints = {\n\t\tstate = active\n\t\tpid = 1\n\t}\n}\n", 0
}

func (s *simLaunchd) printDisabled() (string, int) {
	out := "disabled services = {\n\t\"com.apple.other\" => enabled\n"
	for label := range s.disabled {
		word := "disabled"
		if s.older {
			word = "true"
		}
		out += fmt.Sprintf("\t\t%q => %s\n", label, word)
	}
	return out + "}\n", 0
}

func (s *simLaunchd) bootout(name string) (string, int) {
	j := s.jobs[name]
	switch {
	case j == nil:
		return "Boot-out failed: 3: No such process", 3
	case j.draining > 0:
		return "Boot-out failed: 36: Operation now in progress", 36
	}
	j.pid, j.draining = 0, s.drain
	if s.drain == 0 {
		delete(s.jobs, name)
	}
	if s.busy {
		return "Boot-out failed: 36: Operation now in progress", 36
	}
	return "", 0
}

func (s *simLaunchd) bootstrap(domain, path string) (string, int) {
	if !s.domains[domain] {
		return "Bootstrap failed: 125: Domain does not support specified action", 125
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 {
		return "Bootstrap failed: 122: Path had bad ownership/permissions", 122
	}
	text, _ := os.ReadFile(path)
	var p struct {
		Label                  string
		RunAtLoad              bool
		LimitLoadToSessionType []string
	}
	if _, err := apple.Unmarshal(text, &p); err != nil || p.Label == "" {
		return "Bootstrap failed: 109: Invalid property list", 109
	}
	name := domain + "/" + p.Label
	switch {
	case s.disabled[p.Label]:
		return "Bootstrap failed: 119: Service is disabled", 119
	case s.jobs[name] != nil:
		return "Bootstrap failed: 5: Input/output error", 5
	case s.eio > 0:
		s.eio--
		return "Bootstrap failed: 5: Input/output error", 5
	case strings.HasPrefix(domain, "user/") && !strings.Contains(strings.Join(p.LimitLoadToSessionType, " "), "Background"):
		return "Bootstrap failed: 5: Input/output error", 5
	}
	s.jobs[name] = &simJob{}
	if p.RunAtLoad && !s.broken {
		s.pid++
		s.jobs[name].pid = s.pid
	}
	return "", 0
}

func (s *simLaunchd) log() *simLog { return &s.simLog }

func (s *simLaunchd) keeper() int {
	for _, j := range s.jobs {
		if j.pid != 0 {
			return j.pid
		}
	}
	return 0
}
