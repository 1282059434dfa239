package early

import "runtime/debug"

// release is set by -ldflags "-X kitt.sh/internal/early.release=1.2.3".
var release = "dev"

// Version is this program's: the release, or the commit it was built from.
func Version() string {
	if release != "dev" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+"
		}
	}
	if commit == "" {
		return release
	}
	return release + "-" + commit + dirty
}
