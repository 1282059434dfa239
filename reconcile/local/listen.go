package local

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// Sockets are those that the keeper is to hold for a process.
func Sockets(project string, p *spec.Process) []keeper.Socket {
	var out []keeper.Socket
	for _, s := range p.Listen {
		out = append(out, keeper.Socket{Owner: project + "/" + p.Name, Addr: s.Address, Mode: uint32(s.Mode)})
	}
	return out
}

// listening gives a spawn its sockets, and tells the program of them as sd_listen_fds(3) has it. LISTEN_PID comes from
// where the pid is known: see bind.
func (r *Runtime) listening(s *keeper.Spawn, in reconcile.Instance) {
	s.Listen = Sockets(in.ID.Project, in.Process)
	if len(s.Listen) == 0 {
		return
	}
	var names []string
	for _, l := range in.Process.Listen {
		names = append(names, l.Name)
	}
	s.Env = append(s.Env, "LISTEN_FDS="+strconv.Itoa(len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
}

// listen has the keeper open what a spawn names: a keeper of before there were sockets would start it without.
func (r *Runtime) listen(ctx context.Context, s keeper.Spawn) error {
	if len(s.Listen) == 0 {
		return nil
	}
	return r.Listen(ctx, s.Listen)
}

// Listen has the keeper hold these sockets too, all or none. An address that cannot be had is a Refusal.
func (r *Runtime) Listen(ctx context.Context, list []keeper.Socket) error {
	err := r.Keeper.Listen(ctx, list, true)
	var e *keeper.Error
	if errors.As(err, &e) && e.Stage == "serve" {
		no := refusal{text: "listen: the keeper that runs is of a kitt that holds no sockets", hint: "kitt upgrade"}
		return Refusal{no.text, no.hint, no}
	}
	return r.unheard(err)
}

// unheard makes a Refusal of an address that cannot be had, and leaves other errors as they are.
func (r *Runtime) unheard(err error) error {
	var e *keeper.Error
	if !errors.As(err, &e) || e.Stage != "listen on" {
		return err
	}
	no := refusal{text: e.Text, hint: listenHint(e), retry: e.Errno == syscall.EADDRINUSE || e.Errno == syscall.EMFILE || e.Errno == syscall.ENFILE}
	if pid, name, own := r.holder(e); pid > 0 {
		no.text += fmt.Sprintf(" by process %d (%s)", pid, name)
		if own.Process != "" {
			no.text += ", which is " + own.String()
			no.hint = "kitt restart " + own.Process + " ends all that have it" // a keeper died, and left it to them
		}
	}
	return Refusal{no.text, no.hint, no}
}

// holder is who has the TCP port that a refusal is about, where that can be seen, and which instance that is.
func (r *Runtime) holder(e *keeper.Error) (pid int, name string, own reconcile.ID) {
	addr, found := strings.CutPrefix(e.Text, "listen on tcp://")
	addr, _, _ = strings.Cut(addr, ": ")
	if !found || e.Errno != syscall.EADDRINUSE {
		return 0, "", own
	}
	pid, name = portHolder(addr)
	if id, lives := r.owner(pid); lives {
		own = id
	}
	return pid, name, own
}

// A Refusal is why something cannot be, in a line, and the way out if there is one.
type Refusal struct {
	Text, Hint string
	cause      error
}

func (r Refusal) Error() string { return r.Text }

func (r Refusal) Unwrap() error { return r.cause }

// listenHint is the way out of an address that cannot be had.
func listenHint(e *keeper.Error) string {
	switch e.Errno {
	case syscall.EADDRINUSE:
		return "end what listens there, or choose another address"
	case syscall.EACCES, syscall.EPERM:
		if strings.Contains(e.Text, " tcp:") {
			return "only root may listen below port 1024 (Linux: net.ipv4.ip_unprivileged_port_start): choose a higher one"
		}
		return "let kitt's user write to its folder"
	case syscall.ENOENT, syscall.ENOTDIR:
		return "make its folder"
	case syscall.EADDRNOTAVAIL:
		return "no interface of this machine has that address; 0.0.0.0 and [::] are all of them"
	}
	return ""
}
