package unit

import (
	"context"
	"os"
	"strconv"
	"strings"
)

// A user's systemd starts at login and ends, with all it runs, at the last logout; unless the user lingers.

func (systemd) persist(ctx context.Context, j *job, mend bool) (bool, string) {
	if j.spec.System {
		return true, "starts at boot"
	}
	if lingers(ctx, j) {
		return true, "starts at boot, before anyone logs in (linger is on)"
	}
	if mend && lingerOn(ctx, j) {
		return true, "starts at boot, before anyone logs in (linger is on now)"
	}
	return false, "NOT boot-persistent yet: starts at login and ends at logout. For boot: sudo loginctl enable-linger " + lingerer(j)
}

func lingerer(j *job) string {
	if j.spec.UserName != "" {
		return j.spec.UserName
	}
	return strconv.Itoa(j.spec.UID)
}

// lingers asks logind, which knows only users that are logged in or linger, else its own folder.
func lingers(ctx context.Context, j *job) bool {
	out, err := j.must(ctx, "loginctl", "show-user", lingerer(j), "-p", "Linger")
	if err == nil {
		return strings.Contains(out, "Linger=yes")
	}
	_, err = os.Stat(j.Root + "/var/lib/systemd/linger/" + j.spec.UserName)
	return err == nil && j.spec.UserName != ""
}

// lingerOn works without root where polkit is installed. What it turned on, uninstall turns off again.
func lingerOn(ctx context.Context, j *job) bool {
	j.must(ctx, "loginctl", "--no-ask-password", "enable-linger", lingerer(j)) // lingers tells whether it worked
	if !lingers(ctx, j) {
		return false
	}
	if err := os.WriteFile(lingerNote(j), []byte("kitt turned linger on; kitt service uninstall turns it off\n"), 0o644); err != nil {
		j.tell("!", "linger", "uninstall will leave it on: %v", err)
	}
	j.res.Changed = true
	return true
}

func lingerOff(ctx context.Context, j *job) {
	if _, err := os.Stat(lingerNote(j)); err != nil || j.spec.System {
		return
	}
	if _, err := j.must(ctx, "loginctl", "--no-ask-password", "disable-linger", lingerer(j)); err != nil {
		j.tell("!", "linger", "still on: sudo loginctl disable-linger %s", lingerer(j))
		return
	}
	j.tell("✓", "linger", "off again, as it was before kitt: your processes end when you are logged out")
}

// lingerNote lies beside the unit; systemd reads no files of that name.
func lingerNote(j *job) string { return j.Path(j.spec) + ".linger" }
