package cli

import (
	"context"
	"errors"
	"testing"

	"kitt.sh/service/unit"
	"kitt.sh/spec"
)

// installedStand is a service manager of which files are there.
type installedStand struct {
	stand
	user, system bool
	program      string
	faults       map[string][]string // by the program that is wanted
}

func (s *installedStand) There(sp unit.Spec) bool {
	return sp.System && s.system || !sp.System && s.user
}
func (s *installedStand) Faults(sp unit.Spec) []string { return s.faults[sp.Exe] }
func (s *installedStand) Program(unit.Spec) string     { return s.program }
func (s *installedStand) Scope(sp unit.Spec) unit.Spec {
	sp.System = sp.System || s.system && !s.user
	return sp
}

func TestTheServiceIsDesiredState(t *testing.T) {
	wanted := &spec.Service{Origin: spec.Pos{File: "/a/kitt.hcl", Line: 3}}
	odd := map[string][]string{"/opt/kitt": {"no `KillMode=process`", "mode 0600"}}
	for _, tt := range []struct {
		name        string
		want        *spec.Service
		at          installedStand
		says, asked string
	}{
		{"nobody wants one and none is there", nil, installedStand{}, "", ""},
		{"one is wanted and none is there", wanted, installedStand{}, "it is not installed, and kitt.hcl wants it", "install"},
		{"the machine's is wanted, the user's is there", &spec.Service{System: true, Origin: wanted.Origin}, installedStand{system: false},
			"it is not installed, and kitt.hcl wants it", "install system"},
		{"it is there as it should be", wanted, installedStand{user: true}, "", ""},
		{"it drifted", nil, installedStand{user: true, faults: odd}, "no `KillMode=process`; mode 0600", "install"},
		{"the machine's drifted", nil, installedStand{system: true, faults: odd}, "no `KillMode=process`; mode 0600", "install system"},
		{"another build is installed and there", nil, installedStand{user: true, program: "/usr/bin/kitt", faults: odd}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sp := unit.Spec{Exe: "/opt/kitt"}
			if got, _ := drift(&tt.at, sp, tt.want); got != tt.says {
				t.Errorf("says %q, want %q", got, tt.says)
			}
			was := openServices
			defer func() { openServices = was }()
			openServices = func(context.Context, *Kitt) (services, unit.Spec, error) { return &tt.at, sp, nil }
			k := try(t, nil)
			if err := k.mendService(t.Context(), tt.want); err != nil || tt.at.asked != tt.asked {
				t.Errorf("%v, asked %q, want %q\n%s", err, tt.at.asked, tt.asked, k.out.String())
			}
			if tt.asked != "" {
				same(t, "stdout", k.out.String(), "~ service kitt.service   "+tt.says+"\n✓ wrote     /u/kitt.service\n! linger    is off\n")
			}
		})
	}
}

// refusing is a service manager that lets nobody mend anything.
type refusing struct{ installedStand }

func (refusing) Install(context.Context, unit.Spec) (unit.Result, error) {
	return unit.Result{}, &trouble{text: "install service: it needs root", hint: "sudo kitt service install --system"}
}

func TestADriftThatCannotBeMendedFailsNoApplyThatDidNotAskForIt(t *testing.T) {
	was := openServices
	defer func() { openServices = was }()
	s := &refusing{installedStand{system: true, faults: map[string][]string{"/opt/kitt": {"mode 0600"}}}}
	openServices = func(context.Context, *Kitt) (services, unit.Spec, error) { return s, unit.Spec{Exe: "/opt/kitt"}, nil }
	k := try(t, nil)
	if err := k.mendService(t.Context(), nil); err != nil {
		t.Error(err)
	}
	same(t, "stderr", k.err.String(), "kitt: install service: it needs root\nhint: sudo kitt service install --system\n")
	if err := k.mendService(t.Context(), &spec.Service{System: true}); err == nil {
		t.Error("a spec wants it, and apply says that all is well")
	}
}

func TestAMachineWithoutAServiceManager(t *testing.T) {
	was := openServices
	defer func() { openServices = was }()
	openServices = func(context.Context, *Kitt) (services, unit.Spec, error) {
		return nil, unit.Spec{}, errors.New("no systemd here")
	}
	k := try(t, nil)
	if err := k.mendService(t.Context(), nil); err != nil {
		t.Error("nobody asked for one:", err)
	}
	if err := k.mendService(t.Context(), &spec.Service{}); err == nil || err.Error() != "install service: no systemd here" {
		t.Error(err)
	}
	k.Env = func(name string) string { return map[string]string{"KITT_LIFE": "web.1"}[name] }
	if err := k.mendService(t.Context(), &spec.Service{}); err != nil {
		t.Error("from inside a process:", err)
	}
}
