package spec

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Socket is an address that kitt listens on for a process, all lives of which get it.
type Socket struct {
	Name    string `json:"name"`           // in LISTEN_FDNAMES: the key of a map, or its place in a list, from 1
	Address string `json:"address"`        // "tcp://127.0.0.1:3000", "tcp://[::1]:3000" or "unix:/path/x.sock"
	Mode    int    `json:"mode,omitempty"` // permissions of a unix socket; 0 is 0600
}

// String is the socket as it is written in a spec.
func (s Socket) String() string {
	if s.Mode == 0 {
		return s.Address
	}
	return fmt.Sprintf("%s?mode=%04o", s.Address, s.Mode)
}

func sockets(list []Socket) string {
	var out []string
	for _, s := range list {
		out = append(out, s.Name+"="+s.String())
	}
	return strings.Join(out, " ")
}

// maxSocketPath is what every system takes as the path of a unix socket, in bytes.
const maxSocketPath = 103

// sockets reads a list of addresses, one address, or a map of names to addresses.
func (v *hclValue) sockets() (out []Socket) {
	if t := v.v.Type(); t.IsObjectType() || t.IsMapType() {
		for name, one := range v.v.AsValueMap() {
			if !one.IsNull() {
				out = (&hclValue{v.h, v.field + "." + name, one, v.at}).socket(out, name)
			}
		}
		slices.SortFunc(out, func(a, b Socket) int { return strings.Compare(a.Name, b.Name) })
		return out
	}
	for i, one := range v.each() {
		out = one.socket(out, strconv.Itoa(i+1))
	}
	return out
}

// socket adds one that can be read to a list.
func (v *hclValue) socket(list []Socket, name string) []Socket {
	text := v.text()
	if text == "" && !v.v.Type().IsPrimitiveType() {
		return list // it was complained of
	}
	s, hint, err := parseSocket(text, v.h.expand)
	if err != nil {
		v.complain(hint, "%s", err)
		return list
	}
	s.Name = name
	return append(list, s)
}

const addressHint = `write "tcp://127.0.0.1:3000", "tcp://[::1]:3000" or "unix:run/web.sock"`

// parseSocket reads an address. resolve makes a path absolute.
func parseSocket(text string, resolve func(string) string) (s Socket, hint string, err error) {
	if at, tcp := strings.CutPrefix(text, "tcp://"); tcp {
		return parseTCP(text, at)
	}
	path, unix := strings.CutPrefix(text, "unix:")
	if !unix {
		return s, addressHint, fmt.Errorf("%q is not an address", text)
	}
	path, query, asked := strings.Cut(path, "?")
	if asked {
		octal, known := strings.CutPrefix(query, "mode=")
		mode, err := strconv.ParseUint(octal, 8, 32)
		if !known || err != nil || mode > 0o777 || mode == 0 {
			return s, `write "unix:run/web.sock?mode=0660"`, fmt.Errorf("%q: %q is not a mode", text, query)
		}
		if s.Mode = int(mode); s.Mode == 0o600 {
			s.Mode = 0
		}
	}
	path = strings.TrimPrefix(path, "//")
	if path == "" || strings.HasPrefix(path, "@") || strings.ContainsRune(path, 0) {
		return s, addressHint, fmt.Errorf("%q names no file", text)
	}
	path = resolve(path)
	s.Address = "unix:" + path
	if len(path) > maxSocketPath {
		return s, "choose a shorter folder", fmt.Errorf("the path of a socket has at most %d bytes, %s has %d", maxSocketPath, path, len(path))
	}
	return s, "", nil
}

func parseTCP(text, at string) (s Socket, hint string, err error) {
	if port, ok := strings.CutPrefix(at, "localhost:"); ok {
		at = "127.0.0.1:" + port
	}
	host, port, ok := cutPort(at)
	n, err := strconv.Atoi(port)
	switch {
	case !strings.ContainsRune(at, ':'):
		return s, addressHint, fmt.Errorf("%q names no port", text)
	case !ok || host == "":
		return s, `write "tcp://127.0.0.1:3000"; "tcp://[::]:3000" is for everybody who reaches this machine`, fmt.Errorf("%q names no address to listen on", text)
	case err != nil || n < 1 || n > 65535:
		return s, "", fmt.Errorf("%q: a port is a number from 1 to 65535", text)
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.Zone() != "" {
		return s, addressHint, fmt.Errorf("%q: %q is not the number of an address; names are not looked up", text, host)
	}
	s.Address = "tcp://" + netip.AddrPortFrom(addr.Unmap(), uint16(n)).String()
	return s, "", nil
}

// cutPort parts 127.0.0.1:80 and [::1]:80.
func cutPort(at string) (host, port string, ok bool) {
	i := strings.LastIndexByte(at, ':')
	if i < 0 {
		return "", at, false
	}
	host, port = at[:i], at[i+1:]
	if inner, bracket := strings.CutPrefix(host, "["); bracket {
		host, ok = strings.CutSuffix(inner, "]")
		return host, port, ok
	}
	return host, port, !strings.Contains(host, ":")
}

// mostSockets keeps a process below what systems allow to be passed at once.
const mostSockets = 32

// validateListen complains of sockets that no program could be given.
func (r *reading) validateListen(p *Process) {
	if len(p.Listen) == 0 {
		return
	}
	if p.Mode == ModeCluster {
		r.complain(p.at("listen"), "leave listen out, or mode", "process %q: listen: the workers of a cluster share what they open themselves", p.Name)
	}
	if p.Ready.FD > 0 {
		r.complain(p.at("ready.fd"), "say it by ready.notify or a probe", "process %q: ready.fd: the descriptors from 3 on are the sockets of listen", p.Name)
	}
	if len(p.Listen) > mostSockets {
		r.complain(p.at("listen"), "", "process %q: listen: at most %d sockets, not %d", p.Name, mostSockets, len(p.Listen))
	}
	for _, s := range p.Listen {
		if s.Name == "" || len(s.Name) > 64 || strings.ContainsFunc(s.Name, oddInName) {
			r.complain(p.at("listen"), "", "process %q: listen: a name is of letters, digits, _ - and ., not %q", p.Name, s.Name)
		}
		again, _, err := parseSocket(s.String(), filepath.Clean)
		if again.Name = s.Name; err != nil || again != s {
			r.complain(p.at("listen"), addressHint, "process %q: listen: %q is not an address", p.Name, s.Address)
		}
	}
	r.warnShared(p)
}

func oddInName(c rune) bool {
	return c > 127 || !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_-.", c))
}

// validateAddresses complains of an address that is listened on twice.
func (r *reading) validateAddresses() {
	first := map[string]*Process{}
	for i := range r.spec.Processes {
		p := &r.spec.Processes[i]
		for _, s := range p.taken() {
			if other := first[s.Address]; other != nil {
				r.complain(p.listenAt(), "", "process %q: listen: %s is listened on for %q already, on line %d", p.Name, s.Address, other.Name, other.listenAt().Line)
				continue
			}
			first[s.Address] = p
		}
	}
}

// taken are the addresses that p takes: those of a forwarder are those of its process.
func (p *Process) taken() []Socket {
	switch {
	case p.Kind == KindForwarder:
		return nil
	case p.Expose != "":
		return append([]Socket{exposedSocket(p.Expose)}, p.Listen...)
	}
	return p.Listen
}

// listenAt is where it says what it listens on.
func (p *Process) listenAt() Pos {
	if p.Expose != "" {
		return p.at("expose")
	}
	return p.at("listen")
}
