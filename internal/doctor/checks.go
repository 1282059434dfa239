package doctor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

var checks = []check{
	{"program", program}, {"home", home}, {"disk", disk}, {"daemon", daemon}, {"version", version}, {"adopted", adopted}, {"spec", specs},
	{"path", path}, {"service", service}, {"boot", boot}, {"unit", unit}, {"twice", twice}, {"bus", bus}, {"others", others},
	{"files", files}, {"inotify", inotify}, {"kernel", kernel}, {"cgroups", cgroups}, {"privacy", privacy},
}

func program(f Facts) []Finding {
	switch {
	case f.Fleeting != "":
		return warn(f.Fleeting, "a service that starts this program would be gone with it", "install kitt with your package manager, or move it to ~/.local/bin")
	case f.Quarant:
		return bad(f.Exe+" is in quarantine", "macOS will not start it from launchd", "xattr -d com.apple.quarantine "+f.Exe)
	case f.Exe == "":
		return nil
	}
	return ok(f.Exe)
}

func home(f Facts) []Finding {
	const secret = "everything that kitt keeps, secrets among it, lies there"
	var out []Finding
	switch {
	case f.Home == "":
		return nil
	case f.Writable != "":
		return bad(f.Home+": "+f.Writable, "nothing that you say would last", "make room, or mend its owner and mode")
	case f.HomeOwner != f.UID:
		out = bad(fmt.Sprintf("%s belongs to user %d, not to you (%d)", f.Home, f.HomeOwner, f.UID), secret, "another folder: kitt --home DIR, or KITT_HOME")
	case f.HomeMode&0o077 != 0:
		out = fixable("modes", bad(fmt.Sprintf("%s is open to others (%04o)", f.Home, f.HomeMode), secret, "chmod -R go= "+f.Home))
	}
	if remote := []string{"nfs", "nfs4", "cifs", "smbfs", "fuse.sshfs", "afpfs", "webdav"}; slices.Contains(remote, f.HomeFS) {
		out = append(out, bad(f.Home+" lies on "+f.HomeFS, "sockets, locks and renames do not hold there as they must", "a folder of this machine: KITT_HOME")...)
	}
	if f.HomeFS == "tmpfs" {
		out = append(out, bad(f.Home+" lies in memory (tmpfs)", "what is wanted would be forgotten at the next boot", "a folder on a disk: KITT_HOME")...)
	}
	if out == nil {
		return ok(f.Home)
	}
	return out
}

func disk(f Facts) []Finding {
	const why = "programs wait while their output cannot be written, and what you say is refused"
	switch {
	case f.Size == 0:
		return nil
	case f.Free < 200<<20 || f.Free*100 < f.Size:
		return bad(fmt.Sprintf("%d MB are free where kitt keeps its logs", f.Free>>20), why, "make room; kitt flush empties logs, logs { max_total = \"2GB\" } bounds them")
	case f.Free*20 < f.Size && f.Free < 5<<30:
		return warn(fmt.Sprintf("%d MB are free where kitt keeps its logs", f.Free>>20), why, "logs { max_total = \"2GB\" } in a kitt.hcl bounds them")
	case f.AllInodes > 0 && f.Inodes < 1000:
		return bad(fmt.Sprintf("%d files can still be made where kitt keeps its logs", f.Inodes), why, "remove small files; df -i shows where")
	}
	return ok(fmt.Sprintf("%d GB are free", f.Free>>30))
}

func daemon(f Facts) []Finding {
	switch {
	case f.Running:
		return ok(fmt.Sprintf("kitt answers; its keeper is pid %d", f.Keeper))
	case f.Silent != "":
		return bad("kitt does not answer: "+f.Silent, "nothing is restarted by it, and nothing can be asked of it", "kitt service restart, or kitt apply; its last words are in "+filepath.Join(f.Home, "logs", "kitt"))
	}
	return warn("kitt does not run", "nothing is kept up", "kitt apply")
}

func version(f Facts) []Finding {
	switch {
	case !f.Running || f.Daemon == "":
		return nil
	case f.Replaced != "":
		return warn("the daemon is "+f.Daemon+", and another build lies at "+f.Replaced, "what is new there does not run", "kitt upgrade")
	case f.Daemon != f.Version:
		return warn("the daemon is "+f.Daemon+", this is "+f.Version, "they may not know the same words", "kitt upgrade --to "+f.Exe)
	}
	return ok(f.Version)
}

func adopted(f Facts) []Finding {
	if f.Adopted == 0 {
		return nil
	}
	return warn(fmt.Sprintf("%d instances were found again after their keeper had died", f.Adopted),
		"until their next restart the way they end may not be known exactly, and a logout may end them", "kitt restart, when it suits")
}

func specs(f Facts) []Finding {
	if len(f.Broken) == 0 {
		return nil
	}
	return bad("not followed: "+strings.Join(f.Broken, ", "), "an edit of that file changes nothing", "kitt status shows what is wrong with it")
}

func path(f Facts) []Finding {
	var out []Finding
	if len(f.Gone) > 0 {
		out = warn("recorded PATHs name folders that are gone: "+strings.Join(f.Gone, ", "), "programs in them are not found at the next start, unless a newer version is", "kitt apply, from a shell that finds them")
	}
	if len(f.Passing) > 0 {
		out = append(out, warn("recorded PATHs name folders that last as long as a session: "+strings.Join(f.Passing, ", "), "they are gone after a reboot", "kitt apply, from a plain shell")...)
	}
	return out
}

// the is the service that there is: the user's before the machine's.
func (f Facts) the() (Service, string) {
	if f.User.Installed || !f.System.Installed {
		return f.User, "kitt service"
	}
	return f.System, "sudo kitt service"
}

func service(f Facts) []Finding {
	s, verb := f.the()
	switch {
	case f.Manager == "":
		return warn("no launchd and no systemd here", "nothing starts kitt at boot", "kitt service print --for openrc, or start kitt keeper from whatever starts things here")
	case !s.Installed:
		return warn("no service is installed", "kitt is not back after a reboot", "kitt service install")
	case len(s.Drifted) > 0:
		return fixable("install", bad("drifted: "+strings.Join(s.Drifted, "; "), "it may not start, or not as it should", verb+" install"))
	case !s.Enabled:
		return fixable("install", bad("it is disabled"+loginItems(f), "it is not started at the next "+occasion(s), verb+" install"))
	case !s.Running:
		return bad("it is installed and does not run", "nothing brings a dead kitt back", verb+" start")
	case s.PID != 0 && f.Keeper != 0 && s.PID != f.Keeper:
		return fixable("install", bad(fmt.Sprintf("the kitt that runs (keeper %d) is not that of the service (%d)", f.Keeper, s.PID), "the service does not bring it back", verb+" restart"))
	}
	return ok(s.Path)
}

func loginItems(f Facts) string {
	if f.GOOS == "darwin" {
		return " (System Settings, Login Items)"
	}
	return ""
}

func occasion(s Service) string {
	if s.Boot {
		return "boot"
	}
	return "login"
}

func boot(f Facts) []Finding {
	s, _ := f.the()
	switch {
	case !s.Installed:
		return nil
	case s.Boot:
		return ok(s.Why)
	case f.GOOS == "darwin":
		return warn("it starts at login, not at boot", "a Mac that nobody logs in to runs nothing", "kitt service uninstall && sudo kitt service install --system")
	}
	return fixable("install", bad(s.Why, "kitt is not back after a reboot until somebody logs in, and may end at a logout", "loginctl enable-linger"))
}

// unit looks at what systemd has in effect: a file beside the unit may change any of it.
func unit(f Facts) []Finding {
	s, verb := f.the()
	if !s.Installed || f.Manager != "systemd" {
		return nil
	}
	mend := verb + " install"
	if s.DropIns != "" {
		mend = "take it out of " + s.DropIns + ", then " + verb + " restart"
	}
	var out []Finding
	for _, row := range []struct{ name, is, want, why string }{
		{"KillMode", s.KillMode, "process", "a restart or a crash of the keeper ends every process"},
		{"Restart", s.Restart, "always", "a dead keeper is not brought back"},
		{"OOMPolicy", s.OOM, "continue", "one process out of memory ends all others"},
		{"Delegate", s.Delegate, "yes", "processes get no cgroups of their own, and limits have no effect"},
	} {
		if row.is != "" && row.is != row.want {
			out = append(out, fixable("install", bad(row.name+"="+row.is, row.why, mend))...)
		}
	}
	if s.StopTimeout > 0 && s.StopTimeout < f.LongStop+5*time.Second {
		out = append(out, bad(fmt.Sprintf("TimeoutStopSec is %s, and a process may take %s to stop", s.StopTimeout, f.LongStop), "systemd kills it at a shutdown before it is done",
			"[Service] TimeoutStopSec="+fmt.Sprint(int((f.LongStop+30*time.Second).Seconds()))+" by systemctl edit kitt.service")...)
	}
	return out
}

func twice(f Facts) []Finding {
	if !f.User.Installed || !f.System.Installed {
		return nil
	}
	return bad("a user service and a system service are installed", "two keepers quarrel over what is yours", "sudo kitt service uninstall --system, or kitt service uninstall")
}

func bus(f Facts) []Finding {
	if f.NoBus == "" {
		return nil
	}
	return warn(f.NoBus, "the service cannot be asked, nor changed", "log in (not by su), or export XDG_RUNTIME_DIR=/run/user/"+fmt.Sprint(f.UID))
}

func others(f Facts) []Finding {
	var out []Finding
	for _, file := range f.Foreign {
		out = append(out, warn(file+" starts another process manager at boot", "what it starts may run twice", removal(file))...)
	}
	if len(f.Others) > 0 {
		out = append(out, warn(strings.Join(f.Others, ", ")+" runs here too", "what it runs may run twice", "kitt import pm2 --take-over takes over what pm2 runs")...)
	}
	return out
}

// removal is the line that takes a foreign service away.
func removal(file string) string {
	if strings.HasSuffix(file, ".plist") {
		return "launchctl bootout gui/$(id -u) " + file + "; rm " + file
	}
	return "sudo systemctl disable --now " + filepath.Base(file)
}

func files(f Facts) []Finding {
	switch {
	case f.Files == 0:
		return nil
	case f.Files < 4096:
		return warn(fmt.Sprintf("the keeper may have %d files open", f.Files), "each process takes it about five, and its programs inherit the limit", "kitt service install sets a higher one; or ulimit -n 65536 before kitt apply")
	}
	return ok(fmt.Sprintf("%d files may be open", f.Files))
}

func inotify(f Facts) []Finding {
	switch {
	case f.Watches == 0:
		return nil
	case f.Watches < 8192 || f.Instances < 64:
		return warn(fmt.Sprintf("%d inotify watches and %d instances for all of your programs", f.Watches, f.Instances), "edits of watched files may go unseen", "sysctl fs.inotify.max_user_watches=65536 fs.inotify.max_user_instances=512")
	}
	return nil
}

func kernel(f Facts) []Finding {
	switch v := f.Kernel; {
	case v == [2]int{}:
		return nil
	case v[0] < 5 || v[0] == 5 && v[1] < 3:
		return bad(fmt.Sprintf("Linux %d.%d", v[0], v[1]), "there are no pidfds: what outlives a keeper cannot be watched safely", "Linux 5.3 or later")
	case v[0] < 6 || v[0] == 6 && v[1] < 15:
		return ok(fmt.Sprintf("Linux %d.%d; how a process ended whose keeper had died before is known exactly from 6.15 on", v[0], v[1]))
	default:
		return ok(fmt.Sprintf("Linux %d.%d", v[0], v[1]))
	}
}

func cgroups(f Facts) []Finding {
	need := []string{"memory", "cpu"}
	missing := slices.DeleteFunc(need, func(c string) bool { return slices.Contains(f.Controllers, c) })
	switch {
	case f.GOOS != "linux" || !f.Limited || !f.Running:
		return nil
	case !f.CgroupV2:
		return warn("no cgroup2 where the keeper is", "limits.memory_max and limits.cpu have no effect", "boot with systemd.unified_cgroup_hierarchy=1")
	case len(missing) > 0:
		return warn("the keeper's cgroup hands down no "+strings.Join(missing, ", no "), "limits.memory_max and limits.cpu have no effect", "kitt service install, which asks systemd for them")
	}
	return ok("limits take effect: " + strings.Join(f.Controllers, ", "))
}

func privacy(f Facts) []Finding {
	if f.GOOS != "darwin" {
		return nil
	}
	for _, part := range []string{"/Desktop/", "/Documents/", "/Downloads/", "/Library/Mobile Documents/"} {
		if strings.Contains(f.Home+"/", part) {
			return bad(f.Home+" lies in a folder that macOS guards", "programs of a service are asked for leave, or refused, there", "another folder: KITT_HOME")
		}
	}
	return nil
}
