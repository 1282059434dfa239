package doctor

import (
	"strings"
	"testing"
	"time"
)

// well is a machine on which nothing is wrong.
func well() Facts {
	return Facts{GOOS: "linux", UID: 1000, Exe: "/usr/bin/kitt", Home: "/home/me/.local/state/kitt", HomeMode: 0o700, HomeOwner: 1000, HomeFS: "ext4",
		Free: 50 << 30, Size: 100 << 30, Inodes: 1e6, AllInodes: 1e7, Running: true, Version: "1.0", Daemon: "1.0", Keeper: 7, LongStop: 10 * time.Second,
		Manager: "systemd", User: Service{Installed: true, Enabled: true, Running: true, PID: 7, Path: "/home/me/.config/systemd/user/kitt.service", Boot: true, Why: "linger is on",
			KillMode: "process", Restart: "always", OOM: "continue", Delegate: "yes", StopTimeout: 90 * time.Second},
		Files: 1 << 20, Watches: 65536, Instances: 512, Kernel: [2]int{6, 15}, CgroupV2: true, Controllers: []string{"cpu", "memory", "pids"}, Limited: true}
}

func TestNothingIsWrongWhereAllIsWell(t *testing.T) {
	for _, f := range Examine(well()) {
		if f.State != OK || f.Found == "" || f.Mend != "" {
			t.Errorf("%+v", f)
		}
	}
	mac := Facts{GOOS: "darwin", UID: 501, Exe: "/opt/homebrew/bin/kitt", Home: "/Users/me/Library/Application Support/kitt", HomeMode: 0o700, HomeOwner: 501,
		Running: true, Version: "1.0", Daemon: "1.0", Keeper: 7, Manager: "launchd",
		System: Service{Installed: true, Enabled: true, Running: true, PID: 7, Path: "/Library/LaunchDaemons/sh.kitt.keeper.plist", Boot: true, Why: "a system service"}}
	if list := Examine(mac); Worst(list) != OK {
		t.Errorf("%+v", list)
	}
}

// TestEachFault breaks one thing at a time, and sees it found, with its reason and its mending.
func TestEachFault(t *testing.T) {
	rows := []struct {
		name         string
		broken       func(*Facts)
		check, state string
		found, mend  string
		fix          string
	}{
		{"a program in a temporary folder", func(f *Facts) { f.Fleeting = "/tmp/kitt lies in a temporary folder" }, "program", Warn, "temporary", "package manager", ""},
		{"a program in quarantine", func(f *Facts) { f.Quarant = true }, "program", Bad, "quarantine", "xattr -d", ""},
		{"a home that cannot be written to", func(f *Facts) { f.Writable = "read-only file system" }, "home", Bad, "read-only", "", ""},
		{"a home of another user", func(f *Facts) { f.HomeOwner = 0 }, "home", Bad, "belongs to user 0", "KITT_HOME", ""},
		{"a home that others can read", func(f *Facts) { f.HomeMode = 0o755 }, "home", Bad, "0755", "chmod", "modes"},
		{"a home on NFS", func(f *Facts) { f.HomeFS = "nfs4" }, "home", Bad, "nfs4", "KITT_HOME", ""},
		{"a home in memory", func(f *Facts) { f.HomeFS = "tmpfs" }, "home", Bad, "tmpfs", "KITT_HOME", ""},
		{"a disk that is full", func(f *Facts) { f.Free = 100 << 20 }, "disk", Bad, "100 MB", "kitt flush", ""},
		{"a disk that is nearly full", func(f *Facts) { f.Free = 4 << 30 }, "disk", Warn, "4096 MB", "max_total", ""},
		{"no inodes", func(f *Facts) { f.Inodes = 5 }, "disk", Bad, "5 files", "df -i", ""},
		{"kitt does not run", func(f *Facts) { f.Running = false }, "daemon", Warn, "does not run", "kitt apply", ""},
		{"kitt hangs", func(f *Facts) { f.Running, f.Silent = false, "no answer in 5s" }, "daemon", Bad, "no answer", "restart", ""},
		{"another version", func(f *Facts) { f.Daemon = "0.9" }, "version", Warn, "0.9", "kitt upgrade --to", ""},
		{"a program that was replaced", func(f *Facts) { f.Replaced = "/usr/bin/kitt" }, "version", Warn, "another build", "kitt upgrade", ""},
		{"adopted processes", func(f *Facts) { f.Adopted = 3 }, "adopted", Warn, "3 instances", "kitt restart", ""},
		{"a spec that is not followed", func(f *Facts) { f.Broken = []string{"shop"} }, "spec", Bad, "shop", "kitt status", ""},
		{"a PATH with what is gone", func(f *Facts) { f.Gone = []string{"/x/node/v20/bin"} }, "path", Warn, "/x/node/v20/bin", "kitt apply", ""},
		{"a PATH of a session", func(f *Facts) { f.Passing = []string{"/run/user/1000/fnm_multishells/1/bin"} }, "path", Warn, "fnm", "kitt apply", ""},
		{"no service manager", func(f *Facts) { f.Manager, f.User = "", Service{} }, "service", Warn, "no launchd", "openrc", ""},
		{"no service", func(f *Facts) { f.User = Service{} }, "service", Warn, "no service", "kitt service install", ""},
		{"a service that drifted", func(f *Facts) { f.User.Drifted = []string{"PATH changed"} }, "service", Bad, "PATH changed", "kitt service install", "install"},
		{"a service that is disabled", func(f *Facts) { f.User.Enabled = false }, "service", Bad, "disabled", "kitt service install", "install"},
		{"a label that is switched off", func(f *Facts) { f.GOOS, f.Manager, f.User.Enabled = "darwin", "launchd", false }, "service", Bad, "Login Items", "kitt service install", "install"},
		{"a service that is stopped", func(f *Facts) { f.User.Running = false }, "service", Bad, "does not run", "kitt service start", ""},
		{"a kitt beside the service", func(f *Facts) { f.Keeper = 9 }, "service", Bad, "(keeper 9)", "kitt service restart", "install"},
		{"linger is off", func(f *Facts) { f.User.Boot, f.User.Why = false, "linger is off" }, "boot", Bad, "linger is off", "enable-linger", "install"},
		{"a Mac starts it at login only", func(f *Facts) { f.GOOS, f.Manager, f.User.Boot = "darwin", "launchd", false }, "boot", Warn, "at login", "--system", ""},
		{"KillMode=control-group", func(f *Facts) { f.User.KillMode = "control-group" }, "unit", Bad, "KillMode=control-group", "kitt service install", "install"},
		{"a drop-in that does so", func(f *Facts) { f.User.KillMode, f.User.DropIns = "mixed", "/x/override.conf" }, "unit", Bad, "KillMode=mixed", "/x/override.conf", "install"},
		{"Restart=no", func(f *Facts) { f.User.Restart = "no" }, "unit", Bad, "Restart=no", "install", "install"},
		{"OOMPolicy=stop", func(f *Facts) { f.User.OOM = "stop" }, "unit", Bad, "OOMPolicy=stop", "install", "install"},
		{"Delegate=no", func(f *Facts) { f.User.Delegate = "no" }, "unit", Bad, "Delegate=no", "install", "install"},
		{"too short a time to stop", func(f *Facts) { f.LongStop = 2 * time.Minute }, "unit", Bad, "1m30s", "TimeoutStopSec=150", ""},
		{"two services", func(f *Facts) { f.System.Installed = true }, "twice", Bad, "a user service and a system service", "uninstall", ""},
		{"no bus", func(f *Facts) { f.NoBus = "no session bus" }, "bus", Warn, "no session bus", "XDG_RUNTIME_DIR=/run/user/1000", ""},
		{"pm2's unit", func(f *Facts) { f.Foreign = []string{"/etc/systemd/system/pm2-me.service"} }, "others", Warn, "pm2-me.service", "disable --now pm2-me.service", ""},
		{"pm2's agent", func(f *Facts) { f.Foreign = []string{"/Users/me/Library/LaunchAgents/pm2.me.plist"} }, "others", Warn, "pm2.me.plist", "bootout", ""},
		{"pm2 runs", func(f *Facts) { f.Others = []string{"pm2 (pid 9)"} }, "others", Warn, "pm2 (pid 9)", "--take-over", ""},
		{"few files", func(f *Facts) { f.Files = 1024 }, "files", Warn, "1024", "ulimit", ""},
		{"few watches", func(f *Facts) { f.Watches = 100 }, "inotify", Warn, "100", "sysctl", ""},
		{"an old kernel", func(f *Facts) { f.Kernel = [2]int{4, 19} }, "kernel", Bad, "4.19", "5.3", ""},
		{"no cgroup2", func(f *Facts) { f.CgroupV2 = false }, "cgroups", Warn, "no cgroup2", "unified", ""},
		{"no controllers", func(f *Facts) { f.Controllers = []string{"pids"} }, "cgroups", Warn, "no memory, no cpu", "kitt service install", ""},
		{"a home that macOS guards", func(f *Facts) { f.GOOS, f.Home = "darwin", "/Users/me/Documents/kitt" }, "privacy", Bad, "guards", "KITT_HOME", ""},
	}
	covered := map[string]bool{}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			facts := well()
			tt.broken(&facts)
			hit := false
			for _, f := range Examine(facts) {
				if f.Check != tt.check || f.State == OK {
					continue
				}
				hit = true
				if f.State != tt.state || !strings.Contains(f.Found, tt.found) || !strings.Contains(f.Mend, tt.mend) || f.Mend == "" || f.Why == "" || f.Fix != tt.fix {
					t.Errorf("%+v", f)
				}
			}
			if !hit {
				t.Errorf("not found: %+v", Examine(facts))
			}
			covered[tt.check] = true
		})
	}
	for _, c := range checks {
		if !covered[c.name] {
			t.Errorf("%s: no row", c.name)
		}
	}
}
