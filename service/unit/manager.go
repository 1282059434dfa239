package unit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Manager installs and drives kitt's service. Make one with New, Launchd or Systemd.
// Its verbs do only what is needed: asked twice, the second time they say that all is as it should be.
type Manager struct {
	Host
	engine engine
}

// An engine is what differs between launchd and systemd.
type engine interface {
	kind() string
	path(s Spec) string // of the service file, without Root
	text(s Spec) string
	look(ctx context.Context, j *job) (state, error)               // an error: the manager cannot be asked
	register(ctx context.Context, j *job) error                    // read the new file, start it at boot or login
	start(ctx context.Context, j *job, was state) error            // run what the file says now, in place of what runs
	stop(ctx context.Context, j *job, was state) error             // run it no more
	unregister(ctx context.Context, j *job) error                  // do not start it at boot or login any more
	forget(ctx context.Context, j *job) error                      // the file is gone
	leftovers(j *job) []string                                     // files of ours beside the service file
	persist(ctx context.Context, j *job, mend bool) (bool, string) // does it come back after a boot, and why
	adopted(lives int) string                                      // what it means that processes began before the service did
	note(j *job)                                                   // what a user should know after an install
	lastWords(ctx context.Context, j *job, lines int) []string
}

// state is the service manager's own idea of the service.
type state struct {
	loaded, enabled, running bool
	stale                    bool // it has not read the file since it changed
	pid                      int
	words, lastExit, domain  string
}

// job is one verb at work.
type job struct {
	*Manager
	spec Spec
	res  Result
}

// Launchd is the Manager of macOS.
func Launchd(h Host) *Manager { return &Manager{h, launchd{}} }

// Systemd is the Manager of most Linuxes.
func Systemd(h Host) *Manager { return &Manager{h, systemd{}} }

// Text is the whole service file that Install would write, and Path is where.
func (m *Manager) Text(s Spec) string { return m.engine.text(s) }
func (m *Manager) Path(s Spec) string { return m.Root + m.engine.path(s) }

// Scope returns s as a system service if only that one is installed: for verbs that were not told which.
func (m *Manager) Scope(s Spec) Spec {
	user, system := s, s
	user.System, system.System = false, true
	if !m.there(user) && m.there(system) {
		return system
	}
	return s
}

// There tells whether a service is installed, by its file alone, and Faults what is wrong with that file.
func (m *Manager) There(s Spec) bool { return m.there(s) }

// Faults reads the file and asks nobody.
func (m *Manager) Faults(s Spec) []string {
	f, err := readInstalled(m.Path(s))
	if err != nil || !f.there {
		return nil
	}
	j := &job{Manager: m, spec: s}
	return f.faults(m.Text(s), j.fileUID(), true)
}

// Program is the one that the installed file starts, as long as it is there: who asks may be another build of kitt.
func (m *Manager) Program(s Spec) string {
	f, _ := readInstalled(m.Path(s))
	exe := programIn(f.text)
	if info, err := os.Stat(exe); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return ""
	}
	return exe
}

func (m *Manager) there(s Spec) bool {
	f, _ := readInstalled(m.Path(s))
	return f.there
}

// Install makes the service what s says and waits until kitt answers; if it does not, all is put back as it was.
func (m *Manager) Install(ctx context.Context, s Spec) (Result, error) {
	return m.do(ctx, "install", s, (*job).install)
}

// Uninstall takes the service away, whatever is left of it. Processes and data stay.
func (m *Manager) Uninstall(ctx context.Context, s Spec) (Result, error) {
	return m.do(ctx, "uninstall", s, (*job).uninstall)
}

// Start starts an installed service.
func (m *Manager) Start(ctx context.Context, s Spec) (Result, error) {
	return m.do(ctx, "start", s, (*job).begin)
}

// Stop stops the service and every process, until Start, the next boot or the next login.
func (m *Manager) Stop(ctx context.Context, s Spec) (Result, error) {
	return m.do(ctx, "stop", s, (*job).end)
}

// Restart replaces the running keeper. The processes stay.
func (m *Manager) Restart(ctx context.Context, s Spec) (Result, error) {
	return m.do(ctx, "restart", s, (*job).again)
}

// Status tells how the service stands. It changes nothing; an error says why the manager could not be asked,
// beside what could be seen without it.
func (m *Manager) Status(ctx context.Context, s Spec) (Status, error) {
	j := &job{Manager: m, spec: s}
	return j.status(ctx)
}

func (m *Manager) do(ctx context.Context, verb string, s Spec, what func(*job, context.Context) error) (Result, error) {
	j := &job{Manager: m, spec: s, res: Result{Verb: verb, Steps: []Step{}}}
	err := j.allowed()
	if m.Dry {
		j.rehearse()
	}
	if err == nil {
		err = what(j, ctx)
	}
	j.res.Status, _ = j.status(context.WithoutCancel(ctx))
	return j.res, err
}

// rehearse makes j one that changes nothing: what a command would have answered is taken for granted.
func (j *job) rehearse() {
	dry := *j.Manager
	run := dry.Run
	dry.Ready, dry.HandOver, dry.Announce, dry.Tail = nil, nil, nil, nil
	dry.Run = func(ctx context.Context, name string, args ...string) (string, int, error) {
		if onlyLooks(name, args) {
			return run(ctx, name, args...)
		}
		j.tell("i", "would", "run %s", strings.Join(append([]string{name}, args...), " "))
		return "", 0, nil
	}
	j.Manager = &dry
}

func (j *job) tell(mark, what, format string, args ...any) {
	step := Step{mark, what, fmt.Sprintf(format, args...)}
	j.res.Steps = append(j.res.Steps, step)
	if j.Tell != nil {
		j.Tell(step)
	}
}

// allowed refuses what would end in a service that belongs to the wrong user.
func (j *job) allowed() error {
	line := shell(j.spec.Exe) + " service " + j.res.Verb
	switch {
	case j.spec.System && j.UID != 0:
		return hint(wrapf("%s service: a system service is root's to change", j.res.Verb), "sudo "+line+" --system")
	case !j.spec.System && j.UID == 0 && j.SudoUID != "" && j.SudoUID != "0":
		return hint(wrapf("%s service: sudo would make this root's user service, not yours", j.res.Verb),
			line+" (without sudo), or sudo "+line+" --system")
	}
	return nil
}

// alone refuses a second service beside one of the other scope: two keepers would quarrel over one home.
func (j *job) alone() error {
	other := j.spec
	other.System = !other.System
	if !j.there(other) {
		return nil
	}
	undo := shell(j.spec.Exe) + " service uninstall"
	if other.System {
		undo = "sudo " + undo + " --system"
	}
	return hint(wrapf("install service: a %s service is installed already (%s)", scope(other), j.Path(other)), undo)
}

func scope(s Spec) string {
	if s.System {
		return "system"
	}
	return "user"
}

// owner is who must own the service file.
func (j *job) owner() (uid, gid int) {
	if j.spec.System {
		return 0, 0
	}
	return j.spec.UID, j.spec.GID
}

func (j *job) dir() string { return filepath.Dir(j.Path(j.spec)) }
