package unit

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// launchd drives launchctl: bootout and bootstrap, never load and unload (they report nothing), never kickstart -k
// (launchd remembers the old program's code hash and kills the new one).
type launchd struct{}

func (launchd) kind() string       { return "launchd" }
func (launchd) text(s Spec) string { return Plist(s) }

func (launchd) path(s Spec) string {
	if s.System {
		return "/Library/LaunchDaemons/" + s.Name() + ".plist"
	}
	return path.Join(s.UserHome, "Library/LaunchAgents", s.Name()+".plist")
}

// What launchctl exits with.
const (
	notLoaded    = 3   // bootout: no such process
	ioError      = 5   // loaded already, still draining, disabled, or a file that it does not like: it does not say which
	inProgress   = 36  // a bootout is under way
	alreadyDoing = 37  // so is a bootstrap
	notFound     = 113 // no such service in this domain
	isDisabled   = 119
	noDomain     = 125 // gui/UID without a login at the screen
)

// domains are where the service may live, best first. Over ssh, nobody may be logged in at the screen.
func (launchd) domains(j *job) []string {
	if j.spec.System {
		return []string{"system"}
	}
	return []string{fmt.Sprintf("gui/%d", j.spec.UID), fmt.Sprintf("user/%d", j.spec.UID)}
}

func (launchd) try(ctx context.Context, j *job, args ...string) (string, int, error) {
	out, err := j.must(ctx, "launchctl", args...)
	return out, code(err), err
}

// look finds the domain that has the service, else the best one that is there.
func (l launchd) look(ctx context.Context, j *job) (state, error) {
	var best string
	for _, domain := range l.domains(j) {
		out, c, err := l.try(ctx, j, "print", domain+"/"+j.spec.Name())
		if c == 0 {
			return l.read(ctx, j, domain, out), nil
		}
		if c < 0 {
			return state{}, wrap("reach launchd", err)
		}
		if _, c, _ := l.try(ctx, j, "print", domain); c == 0 && best == "" {
			best = domain
		}
	}
	if best == "" {
		return state{domain: j.spec.Name()}, noSession(j)
	}
	now := state{domain: best + "/" + j.spec.Name(), words: "not loaded"}
	now.enabled = j.there(j.spec) && !l.disabled(ctx, j, best)
	return now, nil
}

// read takes only lines of the outermost level: the same words appear deeper with other meanings.
func (l launchd) read(ctx context.Context, j *job, domain, out string) state {
	is := map[string]string{}
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "\t\t") {
			continue
		}
		if key, value, ok := strings.Cut(strings.TrimSpace(line), " = "); ok {
			is[key] = value
		}
	}
	now := state{loaded: true, domain: domain + "/" + j.spec.Name(), words: is["state"], lastExit: is["last exit code"]}
	now.pid, _ = strconv.Atoi(is["pid"])
	now.running = now.pid > 0
	now.enabled = !l.disabled(ctx, j, domain)
	return now
}

func (l launchd) disabled(ctx context.Context, j *job, domain string) bool {
	out, _, _ := l.try(ctx, j, "print-disabled", domain)
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " => ")
		if name == `"`+j.spec.Name()+`"` {
			return value == "disabled" || value == "true" // newer and older macOS
		}
	}
	return false
}

// register switches on what somebody switched off. Else there is nothing to do: launchd reads the folder at login or boot.
func (l launchd) register(ctx context.Context, j *job) error {
	for _, domain := range l.there(ctx, j) {
		if l.disabled(ctx, j, domain) {
			l.try(ctx, j, "enable", domain+"/"+j.spec.Name())
		}
	}
	return nil
}

func (launchd) unregister(context.Context, *job) error { return nil }
func (launchd) forget(context.Context, *job) error     { return nil }
func (launchd) leftovers(*job) []string                { return nil }

func noSession(j *job) error {
	return hint(wrapf("reach launchd: no session of uid %d to put an agent in", j.spec.UID), "sudo "+shell(j.spec.Exe)+" service install --system")
}

// there are those of the domains that exist.
func (l launchd) there(ctx context.Context, j *job) (list []string) {
	for _, domain := range l.domains(j) {
		if _, c, _ := l.try(ctx, j, "print", domain); c == 0 || j.spec.System {
			list = append(list, domain)
		}
	}
	return list
}

// start loads the file anew, in the best domain that takes it. Where none does, what runs is left.
func (l launchd) start(ctx context.Context, j *job, was state) error {
	domains := l.there(ctx, j)
	if len(domains) == 0 {
		return noSession(j)
	}
	if l.register(ctx, j); !j.Dry && l.disabled(ctx, j, domains[0]) {
		return stillOff(j, domains[0]+"/"+j.spec.Name())
	}
	if err := l.stop(ctx, j, was); err != nil {
		return err
	}
	var err error
	for _, domain := range domains {
		if err = l.bootstrap(ctx, j, domain); code(err) == noDomain {
			continue
		}
		if err == nil {
			j.tell("✓", "loaded", "%s/%s", domain, j.spec.Name())
		}
		return err
	}
	return hint(err, "sudo "+shell(j.spec.Exe)+" service install --system")
}

// bootstrap tries again for 10 s: after a bootout, launchd says 5 for a while.
func (l launchd) bootstrap(ctx context.Context, j *job, domain string) error {
	name := domain + "/" + j.spec.Name()
	var err error
	for range 20 {
		l.try(ctx, j, "enable", name) // switched off in Login Items, or by hand
		var c int
		switch _, c, err = l.try(ctx, j, "bootstrap", domain, j.Path(j.spec)); c {
		case 0:
			return nil
		case ioError, inProgress, alreadyDoing, isDisabled:
			if l.loaded(ctx, j, domain) {
				return nil
			}
		default:
			return err
		}
		if err := j.sleep(ctx, 500*time.Millisecond); err != nil {
			return wrap("load service", err)
		}
	}
	return hint(err, "launchd does not say why: is kitt switched off in System Settings, Login Items?")
}

func (l launchd) loaded(ctx context.Context, j *job, domain string) bool {
	_, c, _ := l.try(ctx, j, "print", domain+"/"+j.spec.Name())
	return c == 0
}

// stop boots the service out of every domain that has it, and waits until it is gone: bootout returns before that.
func (l launchd) stop(ctx context.Context, j *job, _ state) error {
	for _, domain := range l.domains(j) {
		if !l.loaded(ctx, j, domain) {
			continue
		}
		_, c, err := l.try(ctx, j, "bootout", domain+"/"+j.spec.Name())
		switch c {
		case 0, notLoaded, inProgress, notFound:
		default:
			return err
		}
		if err := l.gone(ctx, j, domain); err != nil {
			return err
		}
	}
	return nil
}

// gone waits a little longer than ExitTimeOut, after which launchd kills.
func (l launchd) gone(ctx context.Context, j *job, domain string) error {
	const step, most = 200 * time.Millisecond, 75 * time.Second
	for range most / step {
		if !l.loaded(ctx, j, domain) {
			return nil
		}
		if err := j.sleep(ctx, step); err != nil {
			return wrap("unload service", err)
		}
	}
	return wrapf("unload service: %s/%s is still there after %s", domain, j.spec.Name(), most)
}

func (launchd) persist(_ context.Context, j *job, _ bool) (bool, string) {
	if j.spec.System {
		return true, "starts at boot (with FileVault: once the disk is unlocked)"
	}
	return false, "starts at login, not before, and ends at logout. For boot without login: kitt service uninstall && sudo " +
		shell(j.spec.Exe) + " service install --system"
}

func (launchd) note(j *job) {
	j.tell("i", "macOS", `may show "Background Items Added: kitt". Switched off in Login Items, kitt stops at the next login`)
}

func (launchd) lastWords(_ context.Context, j *job, lines int) []string {
	if j.spec.LogDir == "" {
		return nil
	}
	return tail(filepath.Join(j.Root, logFile(j.spec)), lines)
}

// adopted: they are no children of the job's keeper.
func (launchd) adopted(lives int) string {
	return "how " + pick(lives, "it ends", "they end") + " is seen, and their exit code is not known"
}
