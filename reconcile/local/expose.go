package local

import (
	"context"
	"net"
	"strconv"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// given gives a life of a process with expose its own port; 0 for others. Two that begin at once get two.
func (r *Runtime) given(in reconcile.Instance, life string) (int, error) {
	if in.Process.Expose == "" {
		return 0, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := map[int]bool{}
	for _, lives := range r.lives {
		for _, l := range lives {
			taken[l.Port] = taken[l.Port] || alive(l)
		}
	}
	for name, port := range r.ports {
		if id, _, err := reconcile.ParseLife(name); err != nil || r.lives[id][name].Life != "" {
			delete(r.ports, name) // it is known by its life now
			continue
		}
		taken[port] = true
	}
	port := spec.FreePort(in.ID.String(), func(p int) bool { return taken[p] || r.Reserved != nil && r.Reserved(p) || !Bindable(p) })
	if port == 0 {
		return 0, refusal{text: "find a port: all that kitt gives are taken", hint: "ss -ltn shows by whom", retry: true}
	}
	r.ports[life] = port
	return port, nil
}

// ungive takes back the port of a life that did not begin.
func (r *Runtime) ungive(life string) {
	r.mu.Lock()
	delete(r.ports, life)
	r.mu.Unlock()
}

// forwards makes a spawn that of a forwarder: kitt itself, which needs nothing of anybody's environment.
func (r *Runtime) forwards(in reconcile.Instance) (s keeper.Spawn, err error) {
	argv := []string{"kitt", "internal", "forward"}
	s = keeper.Spawn{Argv: argv, Path: keeper.Image(r.Exe), Cwd: "/", Umask: 0o077, KillMode: in.Process.Stop.KillMode, Log: r.log(in), Env: list(r.Identity(in.ID))}
	s.Listen = Sockets(in.ID.Project, in.Process)
	return s, r.channelled(&s, in)
}

// Address is where the program of a life is to take connections.
func Address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// drained waits until a life that is being stopped has no connections left, at most for a time.
func (r *Runtime) drained(ctx context.Context, life string, most time.Duration) {
	if most <= 0 || r.Drain == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	r.Drain(ctx, life)
}
