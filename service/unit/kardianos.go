package unit

import (
	"context"
	"errors"
	"strings"

	kardianos "github.com/kardianos/service"
)

// This file alone knows kardianos/service. It says which service manager this machine has, and takes our finished
// texts and our verbs in place of its own: its templates would end every process with the keeper, and its
// install can neither be repeated nor undone halfway.

// New returns the Manager of this machine. Where there is neither launchd nor systemd, the error's hint is the
// command that the machine's own init would have to run.
func New(h Host, s Spec) (*Manager, error) {
	if dir := Simulation(); dir != "" {
		h.Run = simulate(dir, h.Run)
		return Launchd(h), nil
	}
	return choose(kardianos.Platform(), h, s)
}

func choose(platform string, h Host, s Spec) (*Manager, error) {
	switch {
	case strings.Contains(platform, "launchd"):
		return Launchd(h), nil
	case strings.Contains(platform, "systemd"):
		return Systemd(h), nil
	}
	var words []string
	for _, w := range s.Command() {
		words = append(words, shell(w))
	}
	if platform == "" {
		platform = "no service manager"
	}
	if strings.Contains(platform, "openrc") { // it knows no services of users
		return nil, hint(wrapf("find service manager: neither launchd nor systemd here, but %s", platform),
			"kitt service print --system --for openrc | sudo tee /etc/init.d/kitt && sudo chmod +x /etc/init.d/kitt && sudo rc-update add kitt default && sudo rc-service kitt start")
	}
	return nil, hint(wrapf("find service manager: neither launchd nor systemd here, but %s", platform),
		"let it run, and start again whenever it ends: "+strings.Join(words, " "))
}

// Config is s in kardianos' words: its Install, too, would write our text.
func Config(s Spec) *kardianos.Config {
	return &kardianos.Config{
		Name:        strings.TrimSuffix(s.UnitName(), ".service"),
		DisplayName: "kitt",
		Description: "kitt process manager",
		UserName:    s.UserName,
		Executable:  s.Exe,
		Arguments:   s.Command()[1:],
		Option: kardianos.KeyValue{
			"UserService":   !s.System,
			"LaunchdConfig": Plist(s),
			"SystemdScript": Unit(s),
		},
	}
}

// Kardianos is m and s as a kardianos service, chosen through ChooseSystem: for whatever speaks its interface.
func Kardianos(ctx context.Context, m *Manager, s Spec) (kardianos.Service, error) {
	kardianos.ChooseSystem(adapter{ctx: ctx, m: m, s: s})
	return kardianos.New(nobody{}, Config(s))
}

type adapter struct {
	ctx context.Context // one command's life: kardianos' interface has no place for it
	m   *Manager
	s   Spec
}

// nobody is the program that kardianos would run. The keeper is its own program: Run is never called.
type nobody struct{}

func (nobody) Start(kardianos.Service) error { return nil }
func (nobody) Stop(kardianos.Service) error  { return nil }

func (a adapter) Detect() bool      { return true }
func (a adapter) Interactive() bool { return true }
func (a adapter) String() string    { return a.m.engine.kind() }
func (a adapter) Platform() string  { return a.m.engine.kind() }

func (a adapter) New(kardianos.Interface, *kardianos.Config) (kardianos.Service, error) {
	return a, nil
}

func (a adapter) Install() error   { _, err := a.m.Install(a.ctx, a.s); return err }
func (a adapter) Uninstall() error { _, err := a.m.Uninstall(a.ctx, a.s); return err }
func (a adapter) Start() error     { _, err := a.m.Start(a.ctx, a.s); return err }
func (a adapter) Stop() error      { _, err := a.m.Stop(a.ctx, a.s); return err }
func (a adapter) Restart() error   { _, err := a.m.Restart(a.ctx, a.s); return err }

func (a adapter) Run() error { return errors.New("run service: kitt keeper runs itself") }

func (a adapter) Logger(chan<- error) (kardianos.Logger, error) { return kardianos.ConsoleLogger, nil }
func (a adapter) SystemLogger(chan<- error) (kardianos.Logger, error) {
	return kardianos.ConsoleLogger, nil
}

func (a adapter) Status() (kardianos.Status, error) {
	s, err := a.m.Status(a.ctx, a.s)
	switch {
	case err != nil:
		return kardianos.StatusUnknown, err
	case s.Running:
		return kardianos.StatusRunning, nil
	case s.Installed:
		return kardianos.StatusStopped, nil
	}
	return kardianos.StatusUnknown, kardianos.ErrNotInstalled
}
