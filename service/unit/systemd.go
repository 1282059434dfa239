package unit

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// systemd drives systemctl. Type=notify makes start and restart wait for READY=1.
type systemd struct{}

func (systemd) kind() string       { return "systemd" }
func (systemd) text(s Spec) string { return Unit(s) }

func (systemd) path(s Spec) string {
	if s.System {
		return "/etc/systemd/system/" + s.UnitName()
	}
	return path.Join(s.UserHome, ".config/systemd/user", s.UnitName())
}

func ctl(s Spec, args ...string) []string {
	if s.System {
		return args
	}
	return append([]string{"--user"}, args...)
}

func (j *job) systemctl(ctx context.Context, args ...string) (string, error) {
	out, err := j.must(ctx, "systemctl", ctl(j.spec, args...)...)
	return out, busHint(j.spec, err)
}

func noBus(text string) bool {
	_, rest, failed := strings.Cut(text, "Failed to connect to ") // bus:, user scope bus via local transport:
	return failed && strings.Contains(rest, "bus") || strings.Contains(text, "not been booted with systemd") ||
		strings.Contains(text, "Failed to get D-Bus")
}

// busHint gives systemd's most puzzling refusal a way out.
func busHint(s Spec, err error) error {
	if err == nil || !noBus(err.Error()) {
		return err
	}
	var r refusal
	if errors.As(err, &r) {
		err = errors.New(r.said) // which command it was says nothing here
	}
	switch {
	case s.System || strings.Contains(err.Error(), "not been booted"):
		return hint(wrap("reach systemd", err), "is systemd running here? In a container, run `kitt up` instead")
	}
	user := s.UserName
	if user == "" {
		user = strconv.Itoa(s.UID)
	}
	return hint(wrapf("reach systemd: %w (this shell has no session of its own: su, cron, a container?)", err),
		"sudo loginctl enable-linger "+user+" && export XDG_RUNTIME_DIR=/run/user/"+strconv.Itoa(s.UID))
}

var asked = "LoadState,ActiveState,SubState,UnitFileState,MainPID,NeedDaemonReload,Result,ExecMainCode,ExecMainStatus"

func (systemd) look(ctx context.Context, j *job) (state, error) {
	now := state{domain: j.spec.UnitName()}
	out, err := j.systemctl(ctx, "show", j.spec.UnitName(), "-p", asked)
	if err != nil {
		return now, err
	}
	is := map[string]string{}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		is[key] = value
	}
	now.pid, _ = strconv.Atoi(is["MainPID"])
	now.loaded = is["LoadState"] != "not-found" || is["ActiveState"] != "inactive"
	now.running = is["ActiveState"] == "active" || is["ActiveState"] == "reloading"
	now.enabled = is["UnitFileState"] == "enabled" && wanted(j)
	now.stale = is["NeedDaemonReload"] == "yes"
	now.words = is["ActiveState"]
	if sub := is["SubState"]; sub != "" && sub != "running" && sub != "dead" {
		now.words += " (" + sub + ")"
	}
	now.lastExit = lastExit(is)
	return now, nil
}

// wanted reports whether the right target pulls the unit in: a user unit in multi-user.target is "enabled" and never starts.
func wanted(j *job) bool {
	_, err := os.Lstat(filepath.Join(j.dir(), target(j.spec)+".wants", j.spec.UnitName()))
	return err == nil
}

func lastExit(is map[string]string) string {
	switch is["ExecMainCode"] { // CLD_EXITED, CLD_KILLED, CLD_DUMPED
	case "1":
		return "exit " + is["ExecMainStatus"]
	case "2", "3":
		return "signal " + is["ExecMainStatus"]
	}
	return ""
}

// register uses reenable: it also takes away links that an older [Install] section left.
func (systemd) register(ctx context.Context, j *job) error {
	if _, err := j.systemctl(ctx, "daemon-reload"); err != nil {
		return err
	}
	if _, err := j.systemctl(ctx, "reenable", j.spec.UnitName()); err != nil {
		return err
	}
	j.tell("✓", "enabled", "%s for %s", j.spec.UnitName(), target(j.spec))
	return nil
}

func (systemd) start(ctx context.Context, j *job, was state) error {
	if was.stale {
		if _, err := j.systemctl(ctx, "daemon-reload"); err != nil {
			return err
		}
	}
	ctx, done := context.WithTimeout(ctx, j.patience()) // else TimeoutStartSec, 90 s, for a keeper that says nothing
	defer done()
	verb := "start"
	if was.running {
		verb = "restart"
	}
	_, err := j.systemctl(ctx, verb, j.spec.UnitName())
	return err
}

const notThere = 5 // systemctl: no such unit, so there is nothing to stop

func (systemd) stop(ctx context.Context, j *job, _ state) error {
	_, err := j.systemctl(ctx, "stop", j.spec.UnitName())
	if code(err) == notThere {
		return nil
	}
	return err
}

func (systemd) unregister(ctx context.Context, j *job) error {
	lingerOff(ctx, j)
	if !j.there(j.spec) {
		return nil // systemctl disable knows only units that have a file
	}
	_, err := j.systemctl(ctx, "disable", j.spec.UnitName())
	return err
}

func (systemd) forget(ctx context.Context, j *job) error {
	_, err := j.systemctl(ctx, "daemon-reload")
	j.systemctl(ctx, "reset-failed", j.spec.UnitName()) // most often there is nothing to reset: an error to ignore
	return err
}

// leftovers are links of an enabled unit, also where an older kitt or another tool made them, and our linger note.
func (systemd) leftovers(j *job) []string {
	var list []string
	for _, kind := range []string{"wants", "requires"} {
		links, _ := filepath.Glob(filepath.Join(globSafe(j.dir()), "*."+kind, j.spec.UnitName()))
		list = append(list, links...)
	}
	if _, err := os.Lstat(lingerNote(j)); err == nil {
		list = append(list, lingerNote(j))
	}
	return list
}

func globSafe(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

func (systemd) note(j *job) {
	journal := "journalctl --user -u " + j.spec.UnitName()
	if j.spec.System {
		journal = "journalctl -u " + j.spec.UnitName()
	}
	j.tell("i", "logs", "%s has what systemd says of it", journal)
}

func (systemd) lastWords(ctx context.Context, j *job, lines int) []string {
	args := ctl(j.spec, "-u", j.spec.UnitName(), "-n", strconv.Itoa(lines), "--no-pager", "-q", "-o", "cat")
	out, err := j.must(ctx, "journalctl", args...)
	if err != nil {
		return nil
	}
	return lastLines(out, lines)
}

// adopted: they lie in the scope of a login.
func (systemd) adopted(lives int) string {
	return "systemd ends " + pick(lives, "it", "them") + " in its own way, not in kitt's order, when the machine goes down"
}
