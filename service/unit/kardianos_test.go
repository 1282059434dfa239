package unit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	kardianos "github.com/kardianos/service"
)

func TestChoose(t *testing.T) {
	for platform, want := range map[string]string{"darwin-launchd": "launchd", "linux-systemd": "systemd"} {
		if m, err := choose(platform, Host{}, agent()); err != nil || m.engine.kind() != want {
			t.Error(platform, m, err)
		}
	}
	for _, platform := range []string{"unix-systemv", "windows-service", ""} {
		_, err := choose(platform, Host{}, strange())
		h, ok := err.(interface{ Hint() string })
		if !ok || !strings.Contains(h.Hint(), "kitt}}' keeper --service --home") {
			t.Error(platform, err)
		}
	}
	_, err := choose("linux-openrc", Host{}, strange())
	if h, ok := err.(interface{ Hint() string }); !ok || !strings.Contains(h.Hint(), "--for openrc | sudo tee /etc/init.d/kitt && ") {
		t.Error("openrc:", err)
	}
}

func TestKardianosDrivesOurService(t *testing.T) {
	before := kardianos.AvailableSystems()
	defer kardianos.ChooseSystem(before...)
	both(t, func(t *testing.T, w *world) {
		s, err := Kardianos(t.Context(), w.Manager, w.spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			verb string
			want kardianos.Status
		}{
			{"install", kardianos.StatusRunning}, {"install", kardianos.StatusRunning}, {"restart", kardianos.StatusRunning},
			{"stop", kardianos.StatusStopped}, {"start", kardianos.StatusRunning}, {"uninstall", kardianos.StatusUnknown},
		} {
			if err := kardianos.Control(s, step.verb); err != nil {
				t.Fatal(step.verb, err)
			}
			if got, _ := s.Status(); got != step.want {
				t.Error(step.verb, got)
			}
		}
	})
}

func TestKardianosOwnInstallWouldWriteOurTextAsItIs(t *testing.T) {
	for _, system := range kardianos.AvailableSystems() {
		if system.String() != "linux-systemd" {
			continue
		}
		home := t.TempDir()
		t.Setenv("HOME", home)
		t.Setenv("PATH", t.TempDir()) // it must find no systemctl here
		for _, c := range specs {
			if c.spec.System {
				continue
			}
			s, err := system.New(nobody{}, Config(c.spec))
			if err != nil {
				t.Fatal(err)
			}
			s.Install() // fails once the file is written, for want of systemctl
			path := filepath.Join(home, ".config/systemd/user", c.spec.UnitName())
			got, err := os.ReadFile(path)
			if err != nil || string(got) != Unit(c.spec) {
				t.Errorf("%s: %v\n%s", c.name, err, got)
			}
			os.Remove(path)
		}
	}
}
