package faults

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"kitt.sh/service/unit"
)

func TestFault63ServiceManagers(t *testing.T) {
	if os.Getenv("KITT_FAULTS_SERVICE") == "" {
		t.Skip("needs a machine whose systemd or launchd may be given a service: KITT_FAULTS_SERVICE=1 says that it may")
	}
	w := newWorld(t)
	home, _ := os.UserHomeDir()
	w.env = append(w.env, "HOME="+home, "XDG_RUNTIME_DIR="+os.Getenv("XDG_RUNTIME_DIR"))
	w.spec(w.writers(2, bigLog)...)
	w.do("service", "install")
	defer w.do("service", "uninstall")
	w.do("apply")
	pids := w.pids(2)
	for range 3 {
		old := w.keeper()
		kill(old) // what `systemctl kill -s KILL` does under KillMode=process
		w.until("the manager's next keeper", func() bool { now := w.keeper(); return now != 0 && now != old })
		w.do("service", "restart") // as after brew upgrade
	}
	if now := w.pids(2); !slices.Equal(now, pids) {
		t.Errorf("the pids were %v and are %v", pids, now)
	}
	w.stopWriters(2)
}

func TestFault64KeeperKilledUnderAManager(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(w.writers(2, bigLog)...)
	manager := w.manage()
	w.do("apply")
	pids := w.pids(2)
	for range 2 {
		old := w.keeper()
		if old != manager.Process.Pid {
			t.Fatalf("the keeper is %d, not the manager's %d", old, manager.Process.Pid)
		}
		kill(old)
		_ = manager.Wait()
		manager = w.manage()
		w.until("the manager's next keeper", func() bool { return w.keeper() == manager.Process.Pid })
	}
	if now := w.pids(2); !slices.Equal(now, pids) {
		t.Errorf("the pids were %v and are %v", pids, now)
	}
	w.stopWriters(2)
	w.end()
	_ = manager.Wait()
}

// manage starts a keeper as a service manager does, which leaves what the one before had started.
func (w *world) manage() *exec.Cmd {
	w.Helper()
	cmd := w.command("keeper", "--home", w.home, "--service")
	w.ok(cmd.Start())
	w.until("it to answer", func() bool { _, ok := w.status(); return ok })
	return cmd
}

// That a unit which says otherwise is told, and mended, is shown beside the units: service/unit, against models of
// systemctl and launchctl.
func TestFault64TheUnitSaysSo(t *testing.T) {
	sp := unit.Spec{Exe: "/usr/bin/kitt", UserName: "me", UserHome: "/home/me", UID: 1000}
	if text := unit.Systemd(unit.Host{}).Text(sp); !strings.Contains(text, "\nKillMode=process\n") {
		t.Errorf("the unit is\n%s", text)
	}
	if text := unit.Launchd(unit.Host{}).Text(sp); !strings.Contains(text, "<key>AbandonProcessGroup</key>\n\t<true/>") {
		t.Errorf("the plist is\n%s", text)
	}
}
