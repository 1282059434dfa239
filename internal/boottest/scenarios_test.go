//go:build linux

package boottest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// releases are the Debians that are booted: systemd 252 and 257.
var releases = []string{"bookworm", "trixie"}

func TestBoot(t *testing.T) {
	if !*boot {
		t.Skip("make boot")
	}
	if os.Geteuid() != 0 {
		t.Fatal("machines are booted by root")
	}
	first, second := builds(t)
	for _, release := range releases {
		t.Run(release, func(t *testing.T) {
			system(t, release)
			for _, s := range []struct {
				name string
				play func(m *machine)
			}{
				{"the user's service", userService}, {"the machine's service", systemService}, {"kills", kills}, {"upgrade", upgrade},
				{"restart, stop and start", stops}, {"pids of others", strangers}, {"drift", drifts}, {"what was wanted as a service", wanted},
				{"undone", undone}, {"selftest", selftest},
			} {
				t.Run(s.name, func(t *testing.T) { s.play(newMachine(t, release, first, second)) })
			}
		})
	}
}

// userService: a user's service that lingers is back after power off and boot, and after a reboot, each process once, before
// anyone logs in; the machine's end stops all in order, and the logs go on.
func userService(m *machine) {
	m.installed()
	first := m.bootID()
	m.PowerOff() // what began before the service did lies in a login's scope: systemd ends it as it likes
	m.told()
	m.Boot()
	m.begun()
	m.up()
	m.PowerOff()
	if got := m.told(); got != inOrder {
		m.Errorf("when it was powered off they were told\n%s", got)
	}
	m.Boot()
	m.begun()
	second := m.bootID()
	m.up()
	m.Reboot()
	if got := m.told(); got != inOrder {
		m.Errorf("when it was rebooted they were told\n%s", got)
	}
	m.begun()
	m.up()
	if first == second || second == m.bootID() {
		m.Fatal("that was no boot")
	}
	m.says("kitt logs db --since 1h", "boot "+first, "boot "+second, "boot "+m.bootID())
	m.says("kitt service status", "running, pid", "starts at boot, before anyone logs in")
	m.says("kitt events", "kitt-bridge.1")
}

// systemService: the machine's service runs as a user, and is back after a reboot.
func systemService(m *machine) {
	m.says("root: kitt service install --system --run-as dev", "✓ answers   kitt.service", "starts at boot")
	m.do("kitt apply")
	m.up()
	m.says("root: ps -o user= -C bridge", "dev")
	m.Reboot()
	m.begun()
	m.up()
	m.says("root: systemctl is-active kitt", "active")
	if out, err := m.try("kitt service install"); err == nil { // it would quarrel with this one
		m.Errorf("a second service is installed:\n%s", out)
	}
}

// kills: systemd brings a killed keeper back and the processes notice nothing; a machine that dies boots with all of them.
func kills(m *machine) {
	before := m.installed()
	for n := range 3 {
		old := m.keeper()
		if n == 0 {
			m.do("systemctl --user kill --kill-who=main -s KILL kitt")
		} else {
			m.do("root: kill -9 " + old)
		}
		m.until("have a new keeper", func() bool {
			out, _ := m.try("kitt status -o json 2>/dev/null")
			return strings.Contains(out, `"keeper"`) && !strings.Contains(out, `"keeper":{"pid":`+old+`}`)
		})
		m.same(before, "kill -9 of the keeper")
	}
	m.says("systemctl --user show kitt -p NRestarts", "NRestarts=3")
	m.Crash()
	if got := m.told(); got != "" {
		m.Errorf("in a crash nobody is told anything, and they were\n%s", got)
	}
	m.Boot()
	m.begun()
	m.up()
}

// upgrade: another build takes the place of the one that runs, and of the one that is started next.
func upgrade(m *machine) {
	before := m.installed()
	m.put(m.second, "/usr/local/bin/kitt")
	m.says("kitt status", "kitt upgrade")
	m.says("kitt upgrade", "1.1.0")
	m.same(before, "kitt upgrade")
	m.do("kitt service restart")
	m.same(before, "kitt service restart")
	m.says("kitt version", "1.1.0")
	m.Reboot()
	m.begun()
	m.up()
	m.says("kitt version", "1.1.0")
}

// stops: a restart of the service leaves all running, its stop stops all in order, and its start begins them again.
func stops(m *machine) {
	before := m.installed()
	m.do("kitt service restart")
	m.same(before, "kitt service restart")
	m.do("systemctl --user restart kitt")
	m.same(before, "systemctl restart")
	if got := m.told(); got != "" {
		m.Errorf("in a restart they were told\n%s", got)
	}
	m.says("kitt service stop --keep", "the processes run on")
	for _, pid := range before {
		m.do(fmt.Sprintf("root: test -d /proc/%d", pid))
	}
	m.do("kitt service start")
	m.same(before, "kitt service stop --keep, and start")
	m.do("kitt service stop")
	if got := m.told(); got != inOrder {
		m.Errorf("when it was stopped they were told\n%s", got)
	}
	if out, err := m.try("root: pgrep -x bridge"); err == nil {
		m.Errorf("left after a stop: %s", out)
	}
	m.do("kitt service start")
	m.up()
	m.do("systemctl --user stop kitt")
	if got := m.told(); got != inOrder {
		m.Errorf("when systemd stopped it they were told\n%s", got)
	}
}

// strangers: after a boot pids begin anew. A stranger with the pid of what ran before is neither taken for it nor touched.
func strangers(m *machine) {
	before := m.installed()
	m.do("systemctl --user disable kitt")
	m.Crash()
	m.Boot()
	var strange []string
	met := 0
	for name, pid := range before {
		out := m.stranger(pid)
		if strings.TrimSpace(out) == fmt.Sprint(pid) {
			met++
		} else {
			m.Logf("%s had pid %d, the stranger has %s", name, pid, out)
		}
		strange = append(strange, strings.TrimSpace(out))
	}
	if met == 0 {
		m.Fatal("no stranger got the pid of what ran before: nothing is tried")
	}
	m.do("systemctl --user enable --now kitt")
	m.begun()
	m.up()
	for _, pid := range strange {
		m.says("root: cat /proc/"+pid+"/cmdline | tr '\\0' ' '", "sleep 1234")
	}
	m.do("kitt shutdown")
	for _, pid := range strange {
		m.says("root: cat /proc/"+pid+"/cmdline | tr '\\0' ' '", "sleep 1234")
	}
}

// drifts: a unit that was edited by hand is told of wherever one looks, and kitt apply mends it without a restart of anything.
func drifts(m *machine) {
	before := m.installed()
	const file = "~/.config/systemd/user/kitt.service"
	m.do("sed -i s/KillMode=process/KillMode=control-group/ " + file + " && systemctl --user daemon-reload")
	m.says("kitt doctor", "KillMode=process")
	if _, err := m.try("kitt doctor"); err == nil {
		m.Error("kitt doctor ends with 0")
	}
	m.says("sleep 6; kitt status", "drifted:", "KillMode=process")
	m.says("kitt plan", "service", "KillMode=process")
	m.says("kitt apply", "~ service kitt.service", "KillMode=process")
	m.same(before, "kitt apply")
	if out := m.do("kitt plan"); strings.Contains(out, "service") {
		m.Errorf("after kitt apply:\n%s", out)
	}
	m.says("systemctl --user show kitt -p KillMode", "KillMode=process")
	m.do("chmod 600 " + file)
	m.says("kitt service status", "mode 0600 instead of 0644")
	m.says("kitt apply", "0600")
	m.same(before, "kitt apply")
	m.says("stat -c %a "+file, "644")
}

// selftest: kitt service selftest finds nothing wrong with this machine's systemd, and leaves nothing.
func selftest(m *machine) {
	m.do("root: loginctl enable-linger dev")
	m.says("kitt service selftest", "manager  systemd 25", "all is well")
	if out := m.do("find ~ -name '.kitt-selftest*' -o -name 'kitt*.service'"); strings.TrimSpace(out) != "" {
		m.Errorf("left behind:\n%s", out)
	}
	if out, err := m.try("root: pgrep -fa '[k]itt-selftest'"); err == nil {
		m.Errorf("left running:\n%s", out)
	}
}

// wanted: a spec that says so makes kitt a service.
func wanted(m *machine) {
	m.do("root: loginctl enable-linger dev")
	m.until("have a user manager", func() bool {
		out, _ := m.try("systemctl --user is-system-running --wait")
		return strings.Contains(out, "running")
	})
	m.write("/home/dev/app/kitt.hcl", spec+"service {}\n", 0o644)
	m.says("systemd-run --user --scope -q kitt apply", "~ service kitt.service", "it is not installed, and kitt.hcl wants it", "starts at boot")
	before := m.up()
	if out := m.do("kitt apply"); strings.Contains(out, "service") {
		m.Errorf("a second apply does something:\n%s", out)
	}
	m.same(before, "a second apply")
	m.Reboot()
	m.begun()
	m.up()
}

// undone: nothing is left of a service that was uninstalled, and the processes run on until they are stopped.
func undone(m *machine) {
	before := m.installed()
	m.do("kitt service uninstall")
	m.same(before, "service uninstall")
	out := m.do("root: find / -xdev \\( -path /proc -o -path /sys -o -path /home/dev/app \\) -prune -o -name '*kitt*' -print")
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); strings.Contains(line, "systemd") {
			m.Errorf("left: %s", line)
		}
	}
	m.says("systemctl --user list-unit-files kitt.service", "0 unit files listed")
	m.do("kitt service uninstall")
	m.do("kitt shutdown")
	m.says("systemd-run --user --scope -q kitt apply", "this does not come back after a reboot yet: kitt service install")
	m.says("kitt service install", "what comes back: db and kitt-bridge", "kitt service uninstall undoes it")
	m.do("kitt service uninstall --stop-apps")
	if out, err := m.try("root: pgrep -x bridge"); err == nil {
		m.Errorf("left after --stop-apps: %s", out)
	}
	m.Reboot()
	if out, err := m.try("root: sleep 2; pgrep -x bridge"); err == nil {
		m.Errorf("it is back: %s", out)
	}
}
