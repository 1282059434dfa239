package unit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// begin is the verb start.
func (j *job) begin(ctx context.Context) error {
	was, err := j.installed(ctx)
	if err != nil {
		return err
	}
	if was.running {
		j.tell("✓", "already", "running: %s pid %d", was.domain, was.pid)
		return nil
	}
	j.res.Changed = true
	if err := j.launch(ctx, was); err != nil {
		return j.silent(ctx, err)
	}
	j.tell("✓", "started", "%s", j.engine.path(j.spec))
	return nil
}

// end is the verb stop.
func (j *job) end(ctx context.Context) error {
	was, err := j.installed(ctx)
	if err != nil {
		return err
	}
	if !was.loaded || !was.running && j.engine.kind() == "systemd" && !strings.HasPrefix(was.words, "activating") {
		j.tell("✓", "already", "stopped")
		return nil
	}
	j.res.Changed = true
	j.announce(ctx, j.Keep)
	if err := j.engine.stop(ctx, j, was); err != nil {
		return wrap("stop service", err)
	}
	j.tell("✓", "stopped", "%s%s", was.domain, map[bool]string{true: "; the processes run on", false: " and every process"}[j.Keep])
	if was.enabled {
		j.tell("i", "until", "kitt service start, or the next %s", j.occasion())
	}
	return nil
}

// again is the verb restart.
func (j *job) again(ctx context.Context) error {
	was, err := j.installed(ctx)
	if err != nil {
		return err
	}
	j.res.Changed = true
	if err := j.launch(ctx, was); err != nil {
		return j.silent(ctx, err)
	}
	j.tell("✓", "restarted", "%s; every process was kept", j.engine.path(j.spec))
	return nil
}

// installed is the first step of the verbs that drive a service which must be there.
func (j *job) installed(ctx context.Context) (state, error) {
	if !j.there(j.spec) {
		line := "kitt service install"
		other := j.spec
		other.System = !other.System
		switch {
		case j.there(other) && other.System:
			line = "sudo kitt service " + j.res.Verb + " --system (the one of the machine is installed)"
		case j.there(other):
			line = "kitt service " + j.res.Verb + " (the one of the user is installed)"
		}
		return state{}, hint(wrapf("%s service: no %s service is installed", j.res.Verb, scope(j.spec)), line)
	}
	return j.engine.look(ctx, j)
}

func (j *job) silent(ctx context.Context, err error) error {
	if _, refused := errors.AsType[hinted](err); refused { // it never came to the keeper's last words
		return orHint(wrap(j.res.Verb+" service", err), "")
	}
	if words := j.lastWords(ctx); len(words) > 0 {
		err = wrapf("%w\nits last words:\n  %s", err, strings.Join(words, "\n  "))
	}
	return hint(wrap(j.res.Verb+" service", err), "kitt service install puts the service right; kitt doctor looks deeper")
}

func (j *job) occasion() string {
	if ok, _ := j.engine.persist(context.Background(), j, false); ok {
		return "boot"
	}
	return "login"
}

func (j *job) status(ctx context.Context) (Status, error) {
	s := Status{Manager: j.engine.kind(), Scope: scope(j.spec), Path: j.Path(j.spec), Drifted: []string{}}
	file, err := readInstalled(s.Path)
	if err != nil {
		return s, err
	}
	now, err := j.engine.look(ctx, j)
	s.Installed = file.there
	s.Name, s.Enabled, s.Running, s.PID = now.domain, now.enabled, now.running, now.pid
	s.State, s.LastExit = now.words, now.lastExit
	if !s.Installed && !now.loaded {
		s.Why = "not installed"
		return s, err
	}

	s.Drifted = append(s.Drifted, file.faults(j.Text(j.spec), j.fileUID(), true)...)
	if now.stale {
		s.Drifted = append(s.Drifted, "its file changed and "+s.Manager+" has not read it again")
	}
	if err != nil {
		s.Why = "not known: " + err.Error()
		return s, err
	}
	if !now.enabled {
		s.Drifted = append(s.Drifted, "it is not enabled: it will not come back by itself")
	}
	if s.BootPersistent, s.Why = j.engine.persist(ctx, j, false); !now.enabled || !s.Installed {
		s.BootPersistent, s.Why = false, s.Drifted[0]
	}
	return s, nil
}

// boot sees to it that the service comes back after a boot, as far as that is ours to do, and says how it stands.
func (j *job) boot(ctx context.Context, mend bool) {
	ok, why := j.engine.persist(ctx, j, mend)
	if ok {
		j.tell("✓", "boot", "%s", why)
		return
	}
	j.tell("!", "boot", "%s", why)
}

// announce tells a running kitt what the SIGTERM means that it is about to get. One that cannot hear it
// decides by itself (see Reason), so a failure here is only told.
func (j *job) announce(ctx context.Context, stay bool) {
	if j.Announce == nil {
		return
	}
	if err := j.Announce(ctx, stay); err != nil {
		j.tell("!", "unheard", "kitt did not hear what is about to happen: %v", err)
	}
}

// fileUID is who must own the service file; -1 where only root could see to that.
func (j *job) fileUID() int {
	uid, _ := j.owner()
	return uid
}

// folders makes those that must be there before the service starts.
func (j *job) folders() error {
	uid, gid := j.owner()
	if err := makeDir(j.dir(), 0o755, uid, gid); err != nil {
		return wrap("write service file", err)
	}
	if j.spec.LogDir == "" || j.engine.kind() != "launchd" {
		return nil
	}
	return wrap2("make log folder", makeDir(j.Root+j.spec.LogDir, 0o700, j.spec.UID, j.spec.GID))
}

// lastWords are the last lines of whatever kitt or its manager wrote.
func (j *job) lastWords(ctx context.Context) []string {
	const lines = 10
	words := j.engine.lastWords(ctx, j, lines)
	if j.Tail != nil {
		words = append(words, j.Tail(ctx, lines)...)
	}
	return words[max(0, len(words)-2*lines):]
}

// tail returns the last lines of a small file.
func tail(path string, lines int) []string {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil
	}
	text = text[max(0, len(text)-16<<10):]
	return lastLines(string(text), lines)
}

func lastLines(text string, n int) []string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	list := strings.Split(text, "\n")
	return list[max(0, len(list)-n):]
}
