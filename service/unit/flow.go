package unit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"
)

func (j *job) install(ctx context.Context) error {
	if err := j.spec.Check(); err != nil {
		return wrap("install service", err)
	}
	if j.engine.kind() == "systemd" && strings.ContainsAny(j.spec.Exe, "\"'\\") { // however it is quoted
		return hint(wrapf("install service: systemd starts no program with quotes in its path: %s", j.spec.Exe), "move kitt elsewhere")
	}
	if err := j.alone(); err != nil {
		return err
	}
	was, err := j.engine.look(ctx, j)
	if err != nil {
		return err
	}
	old, err := readInstalled(j.Path(j.spec))
	if err != nil {
		return err
	}
	faults := old.faults(j.Text(j.spec), j.fileUID(), false)
	switch well := len(faults) == 0 && was.running && !was.stale; {
	case well && was.enabled:
		return j.already(ctx)
	case well:
		return j.enable(ctx)
	}

	j.res.Changed = true
	if err := j.write(faults); err != nil { // nothing was changed
		return orHint(wrap("install service", err), j.dir()+" must be yours and writable: "+shell(j.spec.Exe)+" doctor looks deeper")
	}
	if err := j.put(ctx, was); err != nil {
		return j.rollBack(ctx, old, was, err)
	}
	j.boot(ctx, true)
	j.engine.note(j)
	return nil
}

// already is an install that finds all done. What is still missing for a boot is tried again.
func (j *job) already(ctx context.Context) error {
	j.tell("✓", "already", "installed: %s", j.engine.path(j.spec))
	if j.Ready != nil {
		if _, err := j.Ready(ctx); err != nil {
			j.tell("!", "silent", "the service runs, but kitt does not answer (%v): kitt service restart", err)
		}
	}
	j.boot(ctx, true)
	return nil
}

// enable is an install that finds a service that runs as it should, and will not come back by itself. Nothing is restarted.
func (j *job) enable(ctx context.Context) error {
	j.res.Changed = true
	if err := j.engine.register(ctx, j); err != nil {
		return orHint(wrap("install service", err), "kitt doctor looks deeper")
	}
	now, err := j.engine.look(ctx, j)
	if err != nil {
		return err
	}
	if !now.enabled && !j.Dry {
		return stillOff(j, now.domain)
	}
	if j.engine.kind() == "launchd" && !j.Dry {
		j.tell("✓", "enabled", "%s", now.domain)
	}
	j.boot(ctx, true)
	return nil
}

// stillOff is told of a service that its manager keeps switched off.
func stillOff(j *job, name string) error {
	way := "systemctl status " + j.spec.UnitName() + " tells more"
	if j.engine.kind() == "launchd" {
		way = "switch kitt on in System Settings, General, Login Items & Extensions"
	}
	return hint(wrapf("switch service on: %s is switched off, and stays so", name), way)
}

// put makes the manager and the running keeper what the file says.
func (j *job) put(ctx context.Context, was state) error {
	if err := j.engine.register(ctx, j); err != nil {
		return err
	}
	if j.NoStart && !was.running {
		j.tell("i", "not begun", "kitt service start, or the next %s", j.occasion())
		return nil
	}
	return j.launch(ctx, was)
}

// write puts the file in its place, where it is not there as it should be.
func (j *job) write(faults []string) error {
	switch {
	case j.Dry && len(faults) > 0:
		j.tell("i", "would", "write %s (%s)", j.engine.path(j.spec), strings.Join(faults, "; "))
		return nil
	case j.Dry:
		return nil
	}
	if err := j.folders(); err != nil || len(faults) == 0 {
		return err
	}
	if err := replaceFile(j.Path(j.spec), j.Text(j.spec)); err != nil {
		return err
	}
	j.tell("✓", "wrote", "%s", j.engine.path(j.spec))
	return nil
}

// launch starts what the file says, in place of whatever runs now, and waits until kitt answers.
func (j *job) launch(ctx context.Context, was state) error {
	if was.running {
		j.announce(ctx, true)
	}
	lives := 0
	if !was.running && j.HandOver != nil {
		var err error
		if lives, err = j.HandOver(ctx); err != nil {
			return wrap("take over from the kitt that runs", err)
		}
	}
	if err := j.engine.start(ctx, j, was); err != nil {
		return err
	}
	if err := j.await(ctx); err != nil {
		return err
	}
	if lives > 0 {
		j.tell("i", "adopted", "%s on; %s began before the service did, so %s: kitt restart --all brings that to an end, and so does the next boot",
			count(lives, "process runs", "processes run"), pick(lives, "it", "they"), j.engine.adopted(lives))
	}
	return nil
}

func count(n int, one, many string) string { return fmt.Sprintf("%d %s", n, pick(n, one, many)) }

func pick(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// await waits until it is the service's own keeper that answers, not one that someone else started.
func (j *job) await(ctx context.Context) error {
	if j.Ready == nil {
		return nil
	}
	const step = 100 * time.Millisecond
	var last error
	for range j.patience() / step {
		pid, err := j.Ready(ctx)
		if last = err; err == nil {
			now, err := j.engine.look(ctx, j)
			if err == nil && now.running && (pid == 0 || now.pid == 0 || pid == now.pid) {
				j.tell("✓", "answers", "%s pid %d", now.domain, now.pid)
				return nil
			}
			last = wrapf("pid %d answers instead of the service's own (%d, %s)", pid, now.pid, now.words)
		}
		if err := j.sleep(ctx, step); err != nil {
			return wrap("wait for kitt", err)
		}
	}
	return wrapf("wait for kitt: no answer in %s: %w", j.patience(), last)
}

// rollBack puts back what was there before and returns cause with kitt's last words.
func (j *job) rollBack(ctx context.Context, old installed, was state, cause error) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer done()
	words := j.lastWords(ctx)

	var errs *multierror.Error
	now, err := j.engine.look(ctx, j)
	errs = multierror.Append(errs, err)
	if old.there && old.mode.IsRegular() && old.text != "" {
		errs = multierror.Append(errs, j.putBack(ctx, old, was, now))
	} else {
		errs = multierror.Append(errs, j.takeAway(ctx, now, err == nil))
		j.tell("!", "undone", "removed %s again", j.engine.path(j.spec))
	}
	text := "install service: %w"
	if len(words) > 0 {
		text += "\nits last words:\n  " + strings.ReplaceAll(strings.Join(words, "\n  "), "%", "%%")
	}
	way := "nothing was left behind; " + shell(j.spec.Exe) + " keeper --service shows by hand what is wrong"
	if err := joined(errs); err != nil {
		way = "putting things back went wrong too: " + firstLine(err.Error()) + "; kitt service uninstall clears it up"
	}
	return hint(wrapf(text, cause), way)
}

func (j *job) putBack(ctx context.Context, old installed, was, now state) error {
	if err := replaceFile(j.Path(j.spec), old.text); err != nil {
		return err
	}
	j.tell("!", "undone", "put back %s as it was", j.engine.path(j.spec))
	if !was.running {
		return j.engine.stop(ctx, j, now)
	}
	if err := j.engine.register(ctx, j); err != nil {
		return err
	}
	return j.engine.start(ctx, j, now)
}

func (j *job) uninstall(ctx context.Context) error {
	was, unreachable := j.engine.look(ctx, j)
	if !was.loaded && !j.there(j.spec) && len(j.engine.leftovers(j)) == 0 {
		j.tell("✓", "already", "not installed: nothing to do")
		return nil
	}
	j.res.Changed = true
	if unreachable != nil {
		j.tell("!", "manager", "%v: only its files are removed", unreachable)
	}
	if was.running {
		j.announce(ctx, !j.StopAll)
	}
	if err := j.takeAway(ctx, was, unreachable == nil); err != nil {
		return wrap("uninstall service", err)
	}
	if j.StopAll && was.running {
		j.tell("i", "kept", "data; every process was stopped")
		return nil
	}
	j.tell("i", "kept", "processes and data; kitt shutdown ends the processes")
	return nil
}

// takeAway stops the service and removes its files, as far as it gets: one failing step hides no other.
func (j *job) takeAway(ctx context.Context, was state, reachable bool) error {
	var errs *multierror.Error
	if reachable && was.loaded {
		if err := j.engine.stop(ctx, j, was); err != nil {
			errs = multierror.Append(errs, err)
		} else {
			j.tell("✓", "stopped", "%s", was.domain)
		}
	}
	if reachable {
		errs = multierror.Append(errs, j.engine.unregister(ctx, j))
	}
	gone, err := removeFile(j.Path(j.spec))
	errs = multierror.Append(errs, err)
	if gone {
		j.tell("✓", "removed", "%s", j.engine.path(j.spec))
	}
	for _, path := range j.engine.leftovers(j) {
		_, err := removeFile(path)
		errs = multierror.Append(errs, err)
	}
	if reachable {
		errs = multierror.Append(errs, j.engine.forget(ctx, j))
	}
	return joined(errs)
}
