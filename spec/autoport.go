package spec

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// autoPort is what a file says for a port that kitt is to choose.
const autoPort = "auto"

// PortKey names instance n of a process in Request.Ports.
func PortKey(process string, n int) string { return process + "." + strconv.Itoa(n) }

// PortsOf are the ports that kitt has given the processes of s, as Request.Ports has them.
func PortsOf(s *Spec) map[string]int {
	var out map[string]int
	for i := range s.Processes {
		for n, port := range s.Processes[i].Ports {
			if out == nil {
				out = map[string]int{}
			}
			out[PortKey(s.Processes[i].Name, n+1)] = port
		}
	}
	return out
}

// Port is the TCP port that the spec names for instance n: its PORT, by port or by a Procfile's count, or else where kitt
// listens for it. 0: none, or one that only its environment says.
func (p *Process) Port(n int) int {
	_, said := p.Origins["port"]
	switch base, steps := p.Step["PORT"]; {
	case n >= 1 && n <= len(p.Ports):
		return p.Ports[n-1]
	case steps:
		return base + n - 1
	case said:
		port, _ := strconv.Atoi(p.Env["PORT"])
		return port
	}
	for _, s := range p.Listen {
		if port := s.Port(); port > 0 {
			return port
		}
	}
	return 0
}

// ReadyByPort tells whether p counts as ready once it takes connections at its port because nothing else is said. Then it is
// to be the program itself that takes them.
func (p *Process) ReadyByPort() bool {
	at, ok := p.Origins["ready.tcp"]
	return ok && p.Ready.TCP == byPort && (at == p.Origins["port"] || at == p.Origins["expose"])
}

// Port is the TCP port that a socket listens at; 0 of one that is a file.
func (s Socket) Port() int {
	text, _ := strings.CutPrefix(s.Address, "tcp://")
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		return 0
	}
	return int(at.Port())
}

// readAuto gives those with port = "auto" the port of their first instance, for others to name, once all that the file
// itself says are known.
func (h *hclReader) readAuto(names []string, vars map[string]cty.Value) {
	h.given = map[int]string{}
	for _, name := range names {
		if said := h.ports[name]; said.n > 0 {
			h.given[said.n] = name
		}
	}
	for key, port := range h.req.Ports {
		h.given[port] = key
	}
	for _, name := range names {
		said := h.ports[name]
		if !said.auto {
			continue
		}
		said.n = h.givenPort(name, 1)
		h.ports[name] = said
		vars[name] = cty.ObjectVal(map[string]cty.Value{"port": cty.NumberIntVal(int64(said.n))})
	}
}

// givenPort is the port that kitt has given an instance. One that has none yet gets a guess, the one that it will have unless
// somebody else listens there: a file is read without looking at the machine. 0 after a complaint.
func (h *hclReader) givenPort(process string, n int) int {
	key := PortKey(process, n)
	if port := h.req.Ports[key]; port > 0 && port <= lastPort {
		return port
	}
	port := FreePort(h.spec.Project+"/"+key, func(p int) bool { return h.given[p] != "" && h.given[p] != key })
	if h.given[port] = key; port == 0 {
		h.complain(h.ports[process].at, "write which: port = 3000", "process %q: port: all %d that kitt gives are taken", process, endGiven-firstGiven)
	}
	return port
}

// auto gives each instance of p a port of its own, a cluster one for all, and returns the largest; 0 after a complaint.
func (h *hclReader) auto(p *Process) (largest int) {
	if len(p.Listen) > 0 {
		h.complain(h.ports[p.Name].at, "take out one of the two", "process %q: port = \"auto\" is for it to listen at, and with listen kitt listens for it", p.Name)
		return 0
	}
	count := min(max(p.Instances, h.req.Scale[p.Name], 1), maxInstances)
	if p.Mode == ModeCluster {
		count = 1
	}
	p.Step = nil
	for n := 1; n <= count; n++ {
		port := h.givenPort(p.Name, n)
		if port == 0 {
			return 0
		}
		p.Ports, largest = append(p.Ports, port), max(largest, port)
	}
	return largest
}

// validatePorts complains of what a spec that came from elsewhere may say.
func (r *reading) validatePorts(p *Process) {
	for _, port := range p.Ports {
		if port < 1 || port > lastPort {
			r.complain(p.at("port"), "", "process %q: ports: %d is not a port", p.Name, port)
			return
		}
	}
}

// sameGiven warns where a port that kitt gave is now also what the file says for another.
func (h *hclReader) sameGiven(p *Process, said saidPort, taken map[int]string) {
	for n, port := range p.Ports {
		if other := taken[port]; other != "" && other != p.Name {
			h.warn(said.at, "", "process %q: port %d, which kitt gave to %s, is that of process %q too", p.Name, port, PortKey(p.Name, n+1), other)
		}
		taken[port] = p.Name
	}
}

// ports compares those that both know. That one more has one replaces nothing.
func (d *differ) ports(old, new []int) {
	same := (len(old) == 0) == (len(new) == 0)
	for i := range min(len(old), len(new)) {
		same = same && old[i] == new[i]
	}
	for _, c := range d.changes {
		same = same || c.Field == "env.PORT"
	}
	if !same {
		d.changes = append(d.changes, Change{Field: "env.PORT"})
	}
}

// airPlay warns where macOS itself listens.
func (h *hclReader) airPlay(goos string, p *Process, said saidPort, last int) {
	for _, port := range []int{firstPort, airPlay} {
		if goos == "darwin" && !said.auto && said.n <= port && port <= last {
			h.warn(said.at, "choose another, or switch it off: System Settings, General, AirDrop & Handoff, AirPlay Receiver",
				"process %q: AirPlay Receiver (ControlCenter) of macOS listens at port %d", p.Name, port)
		}
	}
}
