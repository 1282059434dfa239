package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"kitt.sh/service/home"
	"kitt.sh/service/unit"
	"kitt.sh/spec"
)

// driftOf looks, for the daemon, whether kitt's service is what it should be: the one that is installed, or the one that a spec
// wants. It reads files alone. "" is nothing to tell.
func driftOf(d home.Dirs) func(want *spec.Service) string {
	k := &Kitt{Env: os.Getenv, Dirs: d}
	return func(want *spec.Service) string {
		sp, _, err := serviceSpec(k, false)
		if err != nil {
			return ""
		}
		m, err := unit.New(unit.Host{UID: os.Geteuid(), Run: unit.Exec}, sp)
		if err != nil {
			return "" // another init runs it
		}
		text, _ := drift(m, sp, want)
		return text
	}
}

// A looker looks at the installed files and asks nobody.
type looker interface {
	Scope(unit.Spec) unit.Spec
	Faults(unit.Spec) []string
	There(unit.Spec) bool
	Program(unit.Spec) string
}

// drift is what is not as it should be, and of which service.
func drift(m looker, sp unit.Spec, want *spec.Service) (string, unit.Spec) {
	if want != nil {
		sp.System = want.System
	}
	if want == nil || !m.There(sp) {
		sp = m.Scope(sp) // the one that is there, if any
	}
	if exe := m.Program(sp); exe != "" {
		sp.Exe = exe // which build it starts is for kitt service install and kitt upgrade to say
	}
	switch {
	case m.There(sp):
		return strings.Join(m.Faults(sp), "; "), sp
	case want != nil:
		return "it is not installed, and " + filepath.Base(want.Origin.File) + " wants it", sp
	}
	return "", sp
}

// mendService makes the service what a spec that was applied wants, or mends the one that is installed and drifted.
func (k *Kitt) mendService(ctx context.Context, want *spec.Service) error {
	if k.Env("KITT_LIFE") != "" { // from inside a process: that is nobody's session
		return nil
	}
	m, sp, err := openServices(ctx, k)
	if err != nil {
		if want == nil {
			return nil
		}
		return fmt.Errorf("install service: %w", err)
	}
	l, ok := m.(looker)
	if !ok {
		return nil
	}
	text, sp := drift(l, sp, want)
	if text == "" {
		if k.woke && !l.There(sp) && !k.Quiet && k.Output == "table" {
			k.note("this does not come back after a reboot yet: kitt service install")
		}
		return nil
	}
	if !k.Quiet && k.Output == "table" {
		fmt.Fprintln(k.Out, k.Paint.in(yellow, "~ service "+sp.UnitName())+"   "+clean(text))
	}
	res, err := m.Install(ctx, sp)
	for _, step := range res.Steps {
		if !k.Quiet && k.Output == "table" {
			fmt.Fprintln(k.Out, clean(step.String()))
		}
	}
	if err == nil || want != nil {
		return err
	}
	k.note("%v", err) // nobody asked for that: what was applied stands
	var way interface{ Hint() string }
	if errors.As(err, &way) && way.Hint() != "" {
		k.hint(way.Hint())
	}
	return nil
}
