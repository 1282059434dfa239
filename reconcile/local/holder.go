package local

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"kitt.sh/reconcile"
)

// A holder is a process that has a listening socket.
type holder struct {
	pid  int
	name string
}

// portHolder is who listens on the port of an address, on that address or on all; 0 where nobody can be seen.
func portHolder(addr string) (pid int, name string) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return 0, ""
	}
	for _, h := range holdersOf(at) {
		return h.pid, h.name
	}
	return 0, ""
}

// inUse tells whether somebody listens at a TCP port, on loopback or where every address is meant.
func inUse(port int) bool {
	for _, host := range everywhere {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if errors.Is(err, syscall.EADDRINUSE) {
			return true
		}
		if err == nil {
			_ = l.Close()
		}
	}
	return false
}

// noteHeld looks whether the port of an instance that is to begin is held already. It is told, and keeps nothing from beginning:
// the program may share the port, or not use it.
func (r *Runtime) noteHeld(in reconcile.Instance) {
	text, port := "", in.Process.Port(in.ID.N)
	if port > 0 && !in.Beside && len(in.Process.Listen) == 0 && inUse(port) {
		text = r.heldBy(in.ID, port, holdersOf(netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if delete(r.held, in.ID); text != "" {
		r.held[in.ID] = text
	}
}

// PortHeld says who held the port of an instance when it was last begun; "" for nobody.
func (r *Runtime) PortHeld(id reconcile.ID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[id]
}

// heldBy says who holds a port that is for an instance.
func (r *Runtime) heldBy(id reconcile.ID, port int, by []holder) string {
	if len(by) == 0 {
		return fmt.Sprintf("port %d is held by a process that cannot be seen", port)
	}
	text := fmt.Sprintf("port %d is held by process %d (%s)", port, by[0].pid, by[0].name)
	switch own, lives := r.owner(by[0].pid); {
	case lives:
		text += ", which is " + own.String()
	case own == id:
		text += ", which its life before left behind"
	}
	return text
}

// owner is the instance that a process belongs to, and whether a life of that lives; no ID for a stranger.
func (r *Runtime) owner(pid int) (id reconcile.ID, lives bool) {
	cookie := cookieOf(pid)
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, all := range r.lives {
		for _, l := range all {
			if alive(l) && (l.PID == pid || l.Life == cookie) {
				return id, true
			}
		}
	}
	id, _, _ = reconcile.ParseLife(cookie)
	return id, false
}

// cookieOf is the KITT_LIFE that a process was started with; "" of one that has none, or cannot be read.
func cookieOf(pid int) string {
	for _, e := range environOf(pid) {
		if life, ok := strings.CutPrefix(e, "KITT_LIFE="); ok {
			return life
		}
	}
	return ""
}

// onBehalf are programs that listen for others, which started them elsewhere: containers.
var onBehalf = []string{"docker-proxy", "rootlesskit", "com.docker.backend"}

// Strange says who listens at a TCP port of loopback in place of a life; "" where the life does, or that cannot be told.
func (r *Runtime) Strange(life string, port int) string {
	o, known := r.known(life)
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	if !known || o.PID == 0 || holds(family(o.PID), at) {
		return ""
	}
	all := holdersOf(at)
	if len(all) == 0 || slices.ContainsFunc(all, func(h holder) bool { return slices.Contains(onBehalf, h.name) || r.belongs(h.pid, o) }) {
		return ""
	}
	return r.heldBy(o.ID, port, all) + ", not by this"
}

// belongs tells whether a process is one of a life, or may be: one that has left its parents behind is the keeper's child.
func (r *Runtime) belongs(pid int, o reconcile.Observed) bool {
	if cookieOf(pid) == o.Life {
		return true
	}
	keeper := parentOf(o.PID)
	for up, n := pid, 0; up > 1 && n < 64; up, n = parentOf(up), n+1 {
		if up == o.PID {
			return true
		}
	}
	_, lives := r.owner(pid)
	return !o.Adopted && !lives && parentOf(pid) == keeper
}
