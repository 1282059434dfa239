package cli

import (
	"path"
	"path/filepath"
	"strings"
)

// notCaptured are the variables of a shell that say something about its terminal or session, or about kitt itself,
// and would be wrong in a process that outlives both. A star stands for the rest of a name.
var notCaptured = []string{
	"_", "PWD", "OLDPWD", "SHLVL", "LINES", "COLUMNS", "STY", "WINDOW", "WINDOWID", "TTY", "PS1", "PS2", "PROMPT",
	"TERM", "TERM_*", "TERMINFO*", "COLORTERM", "COLORFGBG", "VTE_VERSION", "ITERM_*", "KITTY_*", "WEZTERM_*", "ALACRITTY_*", "GHOSTTY_*",
	"LC_TERMINAL*", "TMUX*", "ZELLIJ*", "VSCODE_*", "SECURITYSESSIONID", "__CFBundleIdentifier", "XPC_*", "Apple_PubSub_Socket_Render",
	"SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "SSH_ASKPASS*", "SSH_ORIGINAL_COMMAND", // SSH_AUTH_SOCK stays: git needs it
	"XDG_SESSION_*", "XDG_SEAT*", "XDG_VTNR", "DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "XAUTHORITY", "SESSION_MANAGER", "DESKTOP_STARTUP_ID",
	"SUDO_*", "INVOCATION_ID", "JOURNAL_STREAM", "SYSTEMD_EXEC_PID", "MANAGERPID", "MEMORY_PRESSURE_*",
	"LISTEN_*", "NOTIFY_SOCKET", "WATCHDOG_*", "MAINPID", "KITT_*", "MAKEFLAGS", "MAKELEVEL", "MFLAGS",
}

// capture is the environment that processes of a project inherit, and that env.NAME reads in its spec.
func capture(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, ok := strings.Cut(pair, "=")
		if ok && name != "" && !ofTheShell(name) {
			env[name] = value
		}
	}
	if strings.Contains(env["PATH"], fnmShells) {
		env["PATH"] = unshelled(env["PATH"])
	}
	if kept, dropped := recordable(env["PATH"]); len(dropped) > 0 {
		env["PATH"] = kept
	}
	return env
}

// recordable parts a PATH into what is worth recording and what belongs to the one command that runs: folders that npx or an npm
// script made for it, or the session. They are gone when a process is started from the record. Those of fnm stay, which are
// found again by their name.
func recordable(list string) (kept string, dropped []string) {
	dirs := []string{}
	for _, dir := range filepath.SplitList(list) {
		if strings.Contains(dir, "/_npx/") || strings.HasSuffix(filepath.Clean(dir), "/node-gyp-bin") || strings.HasPrefix(dir, "/run/user/") {
			dropped = append(dropped, dir)
			continue
		}
		dirs = append(dirs, dir)
	}
	return strings.Join(dirs, string(filepath.ListSeparator)), dropped
}

// fnmShells is where fnm makes a folder for each shell, a link to a version of node, that the next reboot takes away.
const fnmShells = "/fnm_multishells/"

// passing tells whether a recorded folder of a PATH will not outlive the next boot: a temporary one, or one that recordable drops.
func passing(dir string) bool {
	dir = filepath.Clean(dir)
	bare := strings.TrimPrefix(dir, "/private") // where macOS keeps them
	for _, root := range []string{"/tmp", "/var/tmp", "/var/folders", "/dev/shm"} {
		if strings.HasPrefix(bare, root+"/") {
			return true
		}
	}
	_, dropped := recordable(dir)
	return len(dropped) > 0
}

// unshelled is a PATH with such folders named by what they link to.
func unshelled(list string) string {
	dirs := filepath.SplitList(list)
	for i, dir := range dirs {
		if real, err := filepath.EvalSymlinks(dir); err == nil && strings.Contains(dir, fnmShells) {
			dirs[i] = real
		}
	}
	return strings.Join(dirs, string(filepath.ListSeparator))
}

func ofTheShell(name string) bool {
	for _, pattern := range notCaptured {
		if pattern == name {
			return true
		}
		if strings.HasSuffix(pattern, "*") {
			if ok, _ := path.Match(pattern, strings.ReplaceAll(name, "/", "_")); ok {
				return true
			}
		}
	}
	return false
}
