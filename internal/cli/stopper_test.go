package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/service/unit"
)

func TestShutdownStopsTheServiceThatIsInstalled(t *testing.T) {
	for _, row := range []struct {
		name      string
		installed string // the unit file
		uid       int
		asked     string // what was asked of systemctl; "" where it cannot be
		err       string
	}{
		{"the user's", "/home/ada/.config/systemd/user/kitt.service", 1000, "--user stop kitt.service", ""},
		{"the machine's, as root", "/etc/systemd/system/kitt.service", 0, "stop kitt.service", ""},
		{"the machine's, as its user", "/etc/systemd/system/kitt.service", 1000, "", ""},
		{"none", "/nowhere", 1000, "", "no user service is installed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			root, asked := t.TempDir(), ""
			file := filepath.Join(root, row.installed)
			sp := unit.Spec{Exe: "/usr/bin/kitt", UserName: "ada", UserHome: "/home/ada", UID: os.Getuid(), GID: os.Getgid()}
			_ = os.MkdirAll(filepath.Dir(file), 0o700)
			if err := os.WriteFile(file, []byte(unit.Unit(sp)), 0o600); err != nil {
				t.Fatal(err)
			}
			run := func(_ context.Context, _ string, args ...string) (string, int, error) {
				if line := strings.Join(args, " "); strings.Contains(" "+line, " stop ") {
					asked = line
				}
				return "LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=7\nUnitFileState=enabled\n", 0, nil
			}
			stop, comeback := stopper(unit.Systemd(unit.Host{Root: root, UID: row.uid, Run: run}), sp)
			if stop == nil {
				if comeback == "" || row.asked != "" || row.err != "" {
					t.Errorf("it cannot be stopped, and says %q", comeback)
				}
				return
			}
			err := stop(t.Context())
			if comeback != "" || asked != row.asked || (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
				t.Errorf("asked %q, %v; want %q, %s; comeback %q", asked, err, row.asked, row.err, comeback)
			}
		})
	}
}
