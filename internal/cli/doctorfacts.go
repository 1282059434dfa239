package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kitt.sh/internal/doctor"
	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/unit"
)

// askWithin is how long kitt may take to answer a doctor.
const askWithin = 5 * time.Second

// gather asks the machine and the running kitt. Whatever cannot be known is left out.
func gather(ctx context.Context, k *Kitt) doctor.Facts {
	f := doctor.Facts{GOOS: runtime.GOOS, UID: os.Geteuid(), Home: k.Dirs.Home, Version: Version()}
	if unit.OnMac() {
		f.GOOS = "darwin"
	}
	gatherHome(&f, k)
	gatherKitt(ctx, &f, k)
	gatherPaths(&f, k)
	gatherServices(ctx, &f, k)
	gatherOthers(&f, k)
	gatherMachine(ctx, &f)
	return f
}

func gatherHome(f *doctor.Facts, k *Kitt) {
	info, err := os.Stat(k.Dirs.Home)
	if errors.Is(err, fs.ErrNotExist) {
		f.Home = "" // kitt was never here
		return
	}
	if err != nil {
		f.Writable = err.Error()
		return
	}
	f.HomeMode = uint32(info.Mode().Perm())
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		f.HomeOwner = int(st.Uid)
	}
	probe, err := os.CreateTemp(k.Dirs.Home, ".doctor-*")
	if err != nil {
		f.Writable = err.Error()
		return
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	fileSystem(f, k.Dirs.Logs)
}

func gatherKitt(ctx context.Context, f *doctor.Facts, k *Kitt) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	var s api.Status
	err := k.API.Read(ctx, "/v1/status", nil, &s)
	if err != nil {
		if !errors.Is(err, api.ErrNotRunning) {
			f.Silent = err.Error()
		}
		return
	}
	f.Running, f.Keeper, f.Daemon, f.Replaced = true, s.Keeper.PID, s.Daemon.Version, s.Daemon.Replaced
	for _, in := range s.Instances {
		if in.Adopted {
			f.Adopted++
		}
	}
	for _, sp := range s.Specs {
		if sp.Error != nil && sp.Error.RolledBack == 0 {
			f.Broken = append(f.Broken, sp.Project)
		}
	}
	var l api.Listing
	if k.API.Read(ctx, "/v1/listing", nil, &l) == nil {
		for _, p := range l.Processes {
			f.LongStop = max(f.LongStop, p.Stop.Longest())
			f.Limited = f.Limited || p.Limits.MemoryMax > 0 || p.Limits.CPU > 0
		}
	}
}

// gatherPaths looks at the PATHs that were recorded at each apply.
func gatherPaths(f *doctor.Facts, k *Kitt) {
	in, err := reconcile.LoadIntents(filepath.Join(k.Dirs.State, "desired.json"))
	if err != nil {
		return
	}
	for _, p := range in.Projects {
		for _, dir := range filepath.SplitList(p.Request.Env["PATH"]) {
			_, err := os.Stat(dir)
			switch {
			case passing(dir):
				f.Passing = append(f.Passing, dir)
			case filepath.IsAbs(dir) && errors.Is(err, fs.ErrNotExist):
				f.Gone = append(f.Gone, dir)
			}
		}
	}
	slices.Sort(f.Gone)
	slices.Sort(f.Passing)
	f.Gone, f.Passing = slices.Compact(f.Gone), slices.Compact(f.Passing)
}

func gatherServices(ctx context.Context, f *doctor.Facts, k *Kitt) {
	sp, fleeting, err := serviceSpec(k, false)
	if err != nil {
		return
	}
	if f.Exe = sp.Exe; fleeting != nil {
		f.Fleeting = fleeting.Error()
	}
	m, sp, err := openServices(ctx, k)
	if err != nil {
		return // neither launchd nor systemd
	}
	for _, system := range []bool{false, true} {
		sp.System = system
		st, err := m.Status(ctx, sp)
		if err != nil && !system {
			f.NoBus = err.Error()
		}
		s := doctor.Service{Installed: st.Installed, Enabled: st.Enabled, Running: st.Running, PID: st.PID, Path: st.Path, Drifted: st.Drifted, Boot: st.BootPersistent, Why: st.Why}
		if err != nil { // what it is like cannot be seen
			s.Enabled, s.Running = s.Installed, s.Installed
		}
		if f.Manager = st.Manager; st.Manager == "systemd" && st.Installed && err == nil {
			inEffect(ctx, &s, sp)
		}
		if system {
			f.System = s
		} else {
			f.User = s
		}
	}
}

// runs runs commands of the system; another in tests.
var runs unit.Runner = unit.Exec

// inEffect asks systemd what holds for the unit, whatever its file says.
func inEffect(ctx context.Context, s *doctor.Service, sp unit.Spec) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	args := []string{"show", sp.UnitName(), "-p", "KillMode", "-p", "Restart", "-p", "OOMPolicy", "-p", "Delegate", "-p", "TimeoutStopUSec", "-p", "DropInPaths"}
	if !sp.System {
		args = append([]string{"--user"}, args...)
	}
	out, code, err := runs(ctx, "systemctl", args...)
	if err != nil || code != 0 {
		return
	}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "KillMode":
			s.KillMode = value
		case "Restart":
			s.Restart = value
		case "OOMPolicy":
			s.OOM = value
		case "Delegate":
			s.Delegate = value
		case "TimeoutStopUSec":
			s.StopTimeout = systemdTime(value)
		case "DropInPaths":
			s.DropIns = value
		}
	}
}

// systemdTime reads 1min 30s; 0 for what it is not, and for infinity.
func systemdTime(s string) (sum time.Duration) {
	for _, word := range strings.Fields(s) {
		word = strings.NewReplacer("min", "m", "us", "µs").Replace(word)
		d, err := time.ParseDuration(word)
		if err != nil {
			return 0
		}
		sum += d
	}
	return sum
}

// gatherOthers looks for other process managers of this user, and for what starts them.
func gatherOthers(f *doctor.Facts, k *Kitt) {
	house := k.Env("HOME")
	for _, pattern := range []string{"/etc/systemd/system/pm2-*.service", "/Library/LaunchDaemons/pm2.*.plist", house + "/Library/LaunchAgents/pm2.*.plist", house + "/.config/systemd/user/pm2*.service"} {
		found, _ := filepath.Glob(pattern)
		f.Foreign = append(f.Foreign, found...)
	}
	b, err := os.ReadFile(filepath.Join(house, ".pm2", "pm2.pid"))
	if pid, perr := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && perr == nil && pid > 1 && syscall.Kill(pid, 0) == nil {
		f.Others = append(f.Others, "pm2 (pid "+strconv.Itoa(pid)+")")
	}
}
