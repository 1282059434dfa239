package cli

import (
	"context"
	"os"

	"kitt.sh/service/home"
	"kitt.sh/service/unit"
)

// realStopper is how the daemon of a service stops that service, and why it cannot.
func realStopper(d home.Dirs) (stop func(context.Context) error, comeback string) {
	k := &Kitt{Env: os.Getenv, Dirs: d}
	sp, _, err := serviceSpec(k, false) // this program runs as the service: how long its file will last is no matter
	if err != nil {
		return nil, ""
	}
	m, err := unit.New(unit.Host{UID: os.Geteuid(), Run: unit.Exec}, sp)
	if err != nil { // another init runs it
		return nil, ""
	}
	return stopper(m, sp)
}

// stopper stops the service that is installed, the user's or the machine's. Where this user may not, its manager
// starts kitt again.
func stopper(m *unit.Manager, sp unit.Spec) (stop func(context.Context) error, comeback string) {
	sp = m.Scope(sp)
	if sp.System && m.UID != 0 {
		return nil, "only root can stop the system service: it starts kitt again"
	}
	return func(ctx context.Context) error {
		_, err := m.Stop(ctx, sp)
		return err
	}, ""
}
