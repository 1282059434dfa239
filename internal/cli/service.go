package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"kitt.sh/service/api"
	"kitt.sh/service/unit"
)

// services is kitt's own service, as launchd or systemd has it. A *unit.Manager is one.
type services interface {
	Install(context.Context, unit.Spec) (unit.Result, error)
	Uninstall(context.Context, unit.Spec) (unit.Result, error)
	Start(context.Context, unit.Spec) (unit.Result, error)
	Stop(context.Context, unit.Spec) (unit.Result, error)
	Restart(context.Context, unit.Spec) (unit.Result, error)
	Status(context.Context, unit.Spec) (unit.Status, error)
	Text(unit.Spec) string
	Path(unit.Spec) string
	Scope(unit.Spec) unit.Spec
}

// openServices finds this machine's service manager and what kitt's service must be there.
var openServices = realServices

// Service is one verb on kitt's own service.
type Service struct {
	System bool
	User   bool // that of the user, whichever is there
}

// The verbs of kitt service.
type (
	ServiceStart   Service
	ServiceRestart Service
	ServiceStatus  Service
)

// ServiceUninstall takes the service away; the processes run on, unless they are to be stopped with it.
type ServiceUninstall struct {
	System, User bool
	StopApps     bool
}

// ServiceStop stops the service; the processes too, unless they are to be kept.
type ServiceStop struct {
	System, User bool
	Keep         bool
}

// ServiceInstall lets kitt start at boot or login.
type ServiceInstall struct {
	System  bool
	User    bool
	RunAs   string // the user whose processes a system service runs
	NoStart bool
	DryRun  bool
}

// ServicePrint prints the file that install would write, or one for another service manager.
type ServicePrint struct {
	System bool
	User   bool
	For    string
}

// Run also says what comes back by it.
func (s ServiceInstall) Run(ctx context.Context, k *Kitt) error {
	if s.RunAs != "" && !s.System {
		return usage("--run-as is for --system alone", "kitt service install is for you")
	}
	k.service = installing{rehearse: s.DryRun, noStart: s.NoStart, runAs: s.RunAs}
	if err := (Service{System: s.System}).do(ctx, k, true, services.Install); err != nil || s.DryRun || k.Quiet || k.Output != "table" {
		return err
	}
	if names := k.comesBack(ctx); names != "" {
		k.note("what comes back: %s", names)
	}
	k.hint("kitt service uninstall undoes it")
	return nil
}

// comesBack names the processes that are wanted up; "" where kitt cannot be asked.
func (k *Kitt) comesBack(ctx context.Context) string {
	var st api.Status
	if k.API == nil || k.service.as != nil || k.API.Read(ctx, "/v1/status", nil, &st) != nil {
		return ""
	}
	var names []string
	for _, in := range st.Instances {
		if in.Phase != "held" && !slices.Contains(names, in.Process) {
			names = append(names, in.Process)
		}
	}
	if len(names) > 10 {
		return listed(append(names[:9:9], fmt.Sprintf("%d more", len(names)-9)))
	}
	return listed(names)
}

func (s ServiceUninstall) Run(ctx context.Context, k *Kitt) error {
	k.service.stopAll = s.StopApps
	return Service{s.System, s.User}.do(ctx, k, false, services.Uninstall)
}

func (s ServiceStart) Run(ctx context.Context, k *Kitt) error {
	return Service(s).do(ctx, k, false, services.Start)
}

func (s ServiceStop) Run(ctx context.Context, k *Kitt) error {
	k.service.keep = s.Keep
	return Service{s.System, s.User}.do(ctx, k, false, services.Stop)
}

func (s ServiceRestart) Run(ctx context.Context, k *Kitt) error {
	return Service(s).do(ctx, k, false, services.Restart)
}

// open says which service is meant: the user's, or the machine's with --system or where only that one is there.
func (s Service) open(ctx context.Context, k *Kitt, exact bool) (services, unit.Spec, error) {
	if err := k.may("json", "yaml"); err != nil {
		return nil, unit.Spec{}, err
	}
	if k.homeless != nil {
		return nil, unit.Spec{}, k.homeless
	}
	m, sp, err := openServices(ctx, k)
	if err != nil {
		return nil, sp, err
	}
	sp.System = s.System
	if !exact && !s.System && !s.User {
		sp = m.Scope(sp)
	}
	return m, sp, nil
}

func (s Service) do(ctx context.Context, k *Kitt, exact bool, verb func(services, context.Context, unit.Spec) (unit.Result, error)) error {
	m, sp, err := s.open(ctx, k, exact)
	if err != nil {
		return err
	}
	res, err := verb(m, ctx, sp)
	if k.Output != "table" {
		return errors.Join(k.emitValue(res), err)
	}
	for _, step := range res.Steps {
		if !k.Quiet || step.Mark == "!" {
			fmt.Fprintln(k.Out, clean(step.String()))
		}
	}
	return err
}

// Run exits 0 where the service runs, 3 where it is stopped, 4 where it is not installed.
func (s ServiceStatus) Run(ctx context.Context, k *Kitt) error {
	m, sp, err := Service(s).open(ctx, k, false)
	if err != nil {
		return err
	}
	st, err := m.Status(ctx, sp)
	if err != nil {
		return err
	}
	if k.Output != "table" {
		if err := k.emitValue(st); err != nil {
			return err
		}
		return told(st.ExitCode())
	}
	k.serviceStatus(st)
	return told(st.ExitCode())
}

func (k *Kitt) serviceStatus(st unit.Status) {
	state, colour := "not installed", dim
	switch {
	case st.Running:
		state, colour = fmt.Sprintf("running, pid %d", st.PID), green
	case st.Installed:
		state, colour = "stopped", yellow
	}
	fmt.Fprintf(k.Out, "%s  %s\n", clean(st.Name), k.Paint.in(colour, state))
	list := &fieldList{}
	list.add("manager", st.Manager+", "+st.Scope)
	list.add("file", st.Path)
	list.add("state", st.State)
	list.add("last exit", st.LastExit)
	list.add("at boot", map[bool]string{true: "yes: ", false: "no: "}[st.BootPersistent]+st.Why)
	for _, drift := range st.Drifted {
		list.add("drifted", drift)
	}
	k.fields(list.all)
	switch {
	case !st.Installed:
		k.hint("kitt service install")
	case len(st.Drifted) > 0:
		k.hint("kitt service install mends it")
	}
}

// Run prints the file that install would write, or what another service manager needs.
func (s ServicePrint) Run(ctx context.Context, k *Kitt) error {
	if s.For != "" {
		return s.other(k)
	}
	m, sp, err := Service{System: s.System}.open(ctx, k, true)
	if err != nil {
		return err
	}
	k.note("this would be %s", m.Path(sp))
	_, err = fmt.Fprint(k.Out, m.Text(sp))
	return err
}

// other prints the file of a service manager that need not be here.
func (s ServicePrint) other(k *Kitt) error {
	sp, _, err := serviceSpec(k, false)
	if err != nil {
		return err
	}
	sp.System = s.System
	text, path, ok := unit.TextFor(s.For, sp)
	if !ok {
		return usage(fmt.Sprintf("kitt knows no file for %q", s.For), "one of "+listed(unit.Forms)+"; any other is to start, and start again: "+strings.Join(sp.Command(), " "))
	}
	if k.Output != "table" {
		return k.emitValue(map[string]string{"path": path, "text": text})
	}
	k.note("this belongs at %s", path)
	_, err = fmt.Fprint(k.Out, text)
	return err
}

// ServiceLogs prints what the keeper and the daemon wrote of themselves.
type ServiceLogs struct {
	Lines  int
	System bool
}

func (s ServiceLogs) Run(_ context.Context, k *Kitt) error {
	if err := k.may(); err != nil {
		return err
	}
	if k.homeless != nil {
		return k.homeless
	}
	found := false
	for _, name := range []string{"keeper", "daemon"} {
		file := filepath.Join(k.Dirs.Own(), name+".log")
		words := lastLines(file, s.Lines)
		if words == "" {
			continue
		}
		found = true
		fmt.Fprintln(k.Out, k.Paint.in(bold, file))
		fmt.Fprintln(k.Out, cleanLines(words))
	}
	if !found {
		return &trouble{text: "read logs: nothing is in " + k.Dirs.Own(), hint: "kitt has not run with this home", code: codeFailed}
	}
	if sp, _, err := serviceSpec(k, false); err == nil && !k.Quiet {
		sp.System = s.System
		k.hint(managersLog(sp))
	}
	return nil
}

// managersLog is where the service manager keeps what came before kitt's own log: a panic, a program that cannot start.
func managersLog(sp unit.Spec) string {
	switch {
	case sp.LogDir != "":
		return "what came before that is in " + filepath.Join(sp.LogDir, "service.log")
	case sp.System:
		return "journalctl -u " + sp.UnitName() + " has what systemd says"
	}
	return "journalctl --user -u " + sp.UnitName() + " has what systemd says"
}

// cleanLines cleans lines one by one.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = clean(l)
	}
	return strings.Join(lines, "\n")
}
