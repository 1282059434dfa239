package unit

import "strings"

// Forms are the service managers that Text knows a file for, whatever runs on this machine.
var Forms = []string{"launchd", "systemd", "openrc", "runit", "s6"}

// TextFor is what a service manager's file must say, and where it belongs. Of those that kitt does not install into by itself it
// is what to put there by hand. ok is false for one that is not known.
func TextFor(form string, s Spec) (text, path string, ok bool) {
	switch form {
	case "launchd":
		return Plist(s), launchd{}.path(s), true
	case "systemd":
		return Unit(s), systemd{}.path(s), true
	case "openrc":
		return openRC(s), "/etc/init.d/kitt", true
	case "runit":
		return "#!/bin/sh\n" + exported(s) + "exec " + as(s, "chpst -u ") + line(s) + "\n", "/etc/sv/kitt/run", true
	case "s6":
		return "#!/bin/sh\n" + exported(s) + "exec " + as(s, "s6-setuidgid ") + line(s) + "\n", "/etc/s6/sv/kitt/run", true
	}
	return "", "", false
}

// line is the command as a shell takes it.
func line(s Spec) string {
	words := []string{}
	for _, w := range s.Command() {
		words = append(words, shell(w))
	}
	return strings.Join(words, " ")
}

// as runs it as the user; a supervisor is root's.
func as(s Spec, how string) string {
	if s.UserName == "" || s.UserName == "root" {
		return ""
	}
	return how + shell(s.UserName) + " "
}

// exported is its environment in lines of a shell.
func exported(s Spec) string {
	var b strings.Builder
	for _, v := range []struct{ name, value string }{{"HOME", s.UserHome}, {"PATH", s.PATH}, {"LANG", s.Lang}} {
		if v.value != "" {
			b.WriteString("export " + v.name + "=" + shell(v.value) + "\n")
		}
	}
	return b.String()
}

// openRC is a script of OpenRC, which supervises kitt by supervise-daemon. It knows no services of users.
func openRC(s Spec) string {
	user := ""
	if s.UserName != "" {
		user = "command_user=" + shell(s.UserName) + "\n"
	}
	args := strings.TrimPrefix(line(s), shell(s.Exe)+" ")
	return "#!/sbin/openrc-run\n" +
		"# put it to /etc/init.d/kitt (mode 755), then: rc-update add kitt default && rc-service kitt start\n\n" +
		"name=kitt\ndescription=\"keeps a list of processes true\"\nsupervisor=supervise-daemon\n" +
		"command=" + shell(s.Exe) + "\ncommand_args=\"" + strings.ReplaceAll(args, `"`, `\"`) + "\"\n" + user +
		"respawn_delay=1\nrespawn_max=0\nretry=\"TERM/90/KILL/5\"\n" + exported(s) + "\n" +
		"depend() {\n\tneed localmount\n\tuse net logger\n}\n"
}
