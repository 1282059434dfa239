package unit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// simSystemd is a model of systemctl and loginctl, with one unit. It reads and makes the same files as the real ones.
type simSystemd struct {
	simLog
	root, dir, unit string
	bus             string // what systemctl says when it reaches nobody; "" when it does
	read            string // the unit as of the last daemon-reload
	known           bool
	active          bool
	starting        bool // start was asked and never became ready
	pid             int
	linger, polkit  bool
}

func newSimSystemd(root string, s Spec) *simSystemd {
	path := root + systemd{}.path(s)
	return &simSystemd{root: root, dir: filepath.Dir(path), unit: filepath.Base(path), pid: 700, polkit: true}
}

func (s *simSystemd) run(ctx context.Context, name string, args ...string) (string, int, error) {
	if err := ctx.Err(); err != nil {
		return "", -1, err
	}
	if len(args) > 0 && (args[0] == "--user" || args[0] == "--no-ask-password") {
		args = args[1:]
	}
	switch name {
	case "loginctl":
		out, code := s.loginctl(args[0])
		return out, code, nil
	case "journalctl":
		return "kitt: bad day\nkitt: gave up\n", 0, nil
	}
	if s.bus != "" {
		return s.bus, 1, nil
	}
	if args[0] != "show" {
		s.done = append(s.done, args[0])
	}
	out, code := s.systemctl(args[0])
	return out, code, nil
}

func (s *simSystemd) systemctl(verb string) (string, int) {
	text, err := os.ReadFile(filepath.Join(s.dir, s.unit))
	there := err == nil
	switch verb {
	case "show":
		return s.show(there, string(text)), 0
	case "daemon-reload":
		s.read, s.known = string(text), there
	case "reenable":
		if !there {
			return "Failed to enable unit: Unit file " + s.unit + " does not exist.", 1
		}
		return s.link(string(text))
	case "disable":
		if !there {
			return "Failed to disable unit: Unit file " + s.unit + " does not exist.", 1
		}
		s.unlink()
	case "start", "restart":
		return s.start(verb)
	case "stop":
		if !s.known && !s.active {
			return "Failed to stop " + s.unit + ": Unit " + s.unit + " not loaded.", 5
		}
		s.active, s.starting = false, false
	case "reset-failed":
		return "Failed to reset failed state of unit " + s.unit + ": Unit not loaded.", 1
	default:
		return "Unknown command verb " + verb, 1
	}
	return "", 0
}

func (s *simSystemd) show(there bool, text string) string {
	load, active, file, pid := "not-found", "inactive", "", 0
	if s.known || there {
		load = "loaded"
	}
	if s.active {
		active, pid = "active", s.pid
	}
	if s.starting {
		active = "activating"
	}
	if links, _ := filepath.Glob(filepath.Join(s.dir, "*.wants", s.unit)); there && len(links) > 0 {
		file = "enabled"
	}
	stale := "no"
	if s.known && text != s.read {
		stale = "yes"
	}
	return fmt.Sprintf("LoadState=%s\nActiveState=%s\nSubState=x\nUnitFileState=%s\nMainPID=%d\nNeedDaemonReload=%s\n"+
		"Result=success\nExecMainCode=1\nExecMainStatus=7\n", load, active, file, pid, stale)
}

func (s *simSystemd) link(text string) (string, int) {
	s.unlink()
	_, wanted, ok := strings.Cut(text, "WantedBy=")
	if !ok {
		return "The unit files have no installation config", 1
	}
	dir := filepath.Join(s.dir, strings.TrimSpace(firstLine(wanted))+".wants")
	os.MkdirAll(dir, 0o755)
	os.Symlink(filepath.Join(s.dir, s.unit), filepath.Join(dir, s.unit))
	return "", 0
}

func (s *simSystemd) unlink() {
	links, _ := filepath.Glob(filepath.Join(s.dir, "*.wants", s.unit))
	for _, l := range links {
		os.Remove(l)
	}
}

func (s *simSystemd) start(verb string) (string, int) {
	if !s.known {
		return "Failed to start " + s.unit + ": Unit " + s.unit + " not found.", 5
	}
	if s.broken {
		s.active, s.starting = false, true
		return "Job for " + s.unit + " failed because the control process exited with error code.", 1
	}
	if verb == "restart" || !s.active {
		s.pid++
	}
	s.active = true
	return "", 0
}

func (s *simSystemd) loginctl(verb string) (string, int) {
	switch verb {
	case "enable-linger", "disable-linger":
		if !s.polkit {
			return "Could not enable linger: Access denied", 1
		}
		s.linger = verb == "enable-linger"
		return "", 0
	}
	if s.linger {
		return "Linger=yes\n", 0
	}
	return "Linger=no\n", 0
}

func (s *simSystemd) log() *simLog { return &s.simLog }

func (s *simSystemd) keeper() int {
	if s.active {
		return s.pid
	}
	return 0
}
