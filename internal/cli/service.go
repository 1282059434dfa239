package cli

import (
	"context"
	"errors"
	"fmt"

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
type Service struct{ System bool }

// The verbs of kitt service.
type (
	ServiceInstall   Service
	ServiceUninstall Service
	ServiceStart     Service
	ServiceStop      Service
	ServiceRestart   Service
	ServiceStatus    Service
	ServicePrint     Service
)

func (s ServiceInstall) Run(ctx context.Context, k *Kitt) error {
	return Service(s).do(ctx, k, true, services.Install)
}

func (s ServiceUninstall) Run(ctx context.Context, k *Kitt) error {
	return Service(s).do(ctx, k, false, services.Uninstall)
}

func (s ServiceStart) Run(ctx context.Context, k *Kitt) error {
	return Service(s).do(ctx, k, false, services.Start)
}

func (s ServiceStop) Run(ctx context.Context, k *Kitt) error {
	return Service(s).do(ctx, k, false, services.Stop)
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
	if !exact && !s.System {
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

// Run prints the file that install would write.
func (s ServicePrint) Run(ctx context.Context, k *Kitt) error {
	m, sp, err := Service(s).open(ctx, k, true)
	if err != nil {
		return err
	}
	k.note("this would be %s", m.Path(sp))
	_, err = fmt.Fprint(k.Out, m.Text(sp))
	return err
}
