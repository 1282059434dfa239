package cli

import (
	"context"
	"os"
	"strings"
	"testing"

	"kitt.sh/service/unit"
)

// A stand is a service manager that does nothing but tell what it was asked.
type stand struct {
	status unit.Status
	asked  string
}

func (s *stand) did(verb string, sp unit.Spec) (unit.Result, error) {
	s.asked = verb
	if sp.System {
		s.asked += " system"
	}
	return unit.Result{Verb: verb, Steps: []unit.Step{{Mark: "✓", What: "wrote", Text: "/u/kitt.service"}, {Mark: "!", What: "linger", Text: "is off"}}}, nil
}

func (s *stand) Install(_ context.Context, sp unit.Spec) (unit.Result, error) {
	return s.did("install", sp)
}
func (s *stand) Uninstall(_ context.Context, sp unit.Spec) (unit.Result, error) {
	return s.did("uninstall", sp)
}
func (s *stand) Start(_ context.Context, sp unit.Spec) (unit.Result, error) {
	return s.did("start", sp)
}
func (s *stand) Stop(_ context.Context, sp unit.Spec) (unit.Result, error) { return s.did("stop", sp) }
func (s *stand) Restart(_ context.Context, sp unit.Spec) (unit.Result, error) {
	return s.did("restart", sp)
}
func (s *stand) Status(context.Context, unit.Spec) (unit.Status, error) { return s.status, nil }
func (s *stand) Text(unit.Spec) string                                  { return "[Unit]\n" }
func (s *stand) Path(unit.Spec) string                                  { return "/u/kitt.service" }
func (s *stand) Scope(sp unit.Spec) unit.Spec                           { sp.System = true; return sp }

func TestService(t *testing.T) {
	const steps = "✓ wrote     /u/kitt.service\n! linger    is off\n"
	running := unit.Status{Manager: "systemd", Scope: "user", Name: "kitt.service", Path: "/u/kitt.service", Installed: true, Running: true, PID: 7,
		State: "active (running)", BootPersistent: true, Why: "linger is on", Drifted: []string{"PATH changed"}}
	tests := []struct {
		name      string
		verb      Verb
		quiet     bool
		status    unit.Status
		asked     string
		out, talk string
		code      int
	}{
		{"install is for this user", ServiceInstall{}, false, unit.Status{}, "install", steps, "hint: kitt service uninstall undoes it\n", 0},
		{"install --system", ServiceInstall{System: true}, false, unit.Status{}, "install system", steps, "hint: kitt service uninstall undoes it\n", 0},
		{"restart takes the one that is there", ServiceRestart{}, false, unit.Status{}, "restart system", steps, "", 0},
		{"uninstall, start and stop too", ServiceStop{}, true, unit.Status{}, "stop system", "! linger    is off\n", "", 0},
		{"status of one that runs", ServiceStatus{}, false, running, "", `kitt.service  running, pid 7
manager  systemd, user
file     /u/kitt.service
state    active (running)
at boot  yes: linger is on
drifted  PATH changed
`, "hint: kitt service install mends it\n", 0},
		{"status of one that is stopped exits 3", ServiceStatus{}, false, unit.Status{Name: "kitt.service", Installed: true, Manager: "systemd", Scope: "user", Why: "linger is off"}, "",
			"kitt.service  stopped\nmanager  systemd, user\nat boot  no: linger is off\n", "", 3},
		{"status of none exits 4", ServiceStatus{}, false, unit.Status{Name: "kitt.service", Manager: "systemd", Scope: "user", Why: "not installed"}, "",
			"kitt.service  not installed\nmanager  systemd, user\nat boot  no: not installed\n", "hint: kitt service install\n", 4},
		{"--run-as is for the machine's", ServiceInstall{RunAs: "bob"}, false, unit.Status{}, "", "", "kitt: --run-as is for --system alone\nhint: kitt service install is for you\n", 2},
		{"print --for one that is not known", ServicePrint{For: "sysv"}, false, unit.Status{}, "", "",
			"kitt: kitt knows no file for \"sysv\"\nhint: one of launchd, systemd, openrc, runit and s6; any other is to start, and start again: EXE keeper --service --home HOME\n", 2},
		{"logs of a kitt that never ran", ServiceLogs{Lines: 3}, false, unit.Status{}, "", "",
			"kitt: read logs: nothing is in HOME/own\nhint: kitt has not run with this home\n", 1},
		{"print is the file itself", ServicePrint{}, false, unit.Status{}, "", "[Unit]\n", "kitt: this would be /u/kitt.service\n", 0},
	}
	was := openServices
	defer func() { openServices = was }()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &stand{status: tt.status}
			openServices = func(context.Context, *Kitt) (services, unit.Spec, error) { return s, unit.Spec{}, nil }
			k := try(t, nil)
			k.Quiet = tt.quiet
			if code := k.do(tt.verb); code != tt.code {
				t.Errorf("exit %d, want %d", code, tt.code)
			}
			same(t, "stdout", k.out.String(), tt.out)
			exe, _ := os.Executable()
			same(t, "stderr", strings.NewReplacer(exe, "EXE", k.Dirs.Own(), "HOME/own", k.Dirs.Home, "HOME").Replace(k.err.String()), tt.talk)
			if s.asked != tt.asked {
				t.Errorf("asked %q, want %q", s.asked, tt.asked)
			}
		})
	}
}
