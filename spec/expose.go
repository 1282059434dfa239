package spec

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// KindForwarder is the kind of a process that no file writes: what kitt runs in front of a process with expose. It holds the
// public address and passes each connection on to an instance that is ready.
const KindForwarder = "forwarder"

// forwarderEnd parts the name of the process that a forwarder stands for from its word; no file can write such a name.
const forwarderEnd = "@expose"

// drainTime is how long the connections of an instance that gives way are waited for, where nothing is said.
const drainTime = 5 * time.Second

// Forwarder is the name of the forwarder of a process with expose.
func (p *Process) Forwarder() string { return p.Name + forwarderEnd }

// Fronts is the process that a forwarder stands for; "" where it is none.
func (p *Process) Fronts() string {
	of, named := strings.CutSuffix(p.Name, forwarderEnd)
	if p.Kind != KindForwarder || !named {
		return ""
	}
	return of
}

// Fronted is the process that the name of a forwarder speaks of; any other name as it is.
func Fronted(name string) string { return strings.TrimSuffix(name, forwarderEnd) }

// exposed reads expose = 8080, "0.0.0.0:8080" or "unix:run/web.sock"; "" after a complaint.
func (v *hclValue) exposed() string {
	const hint = `write expose = 8080, expose = "0.0.0.0:8080" for everybody who reaches this machine, or "unix:run/web.sock"`
	if !v.v.Type().IsPrimitiveType() {
		v.complain(hint, "expected a port or an address, got %s", v.shown())
		return ""
	}
	text := v.text()
	if _, err := strconv.Atoi(text); err == nil {
		text = "tcp://127.0.0.1:" + text
	} else if !strings.HasPrefix(text, "unix:") && !strings.HasPrefix(text, "tcp://") {
		text = "tcp://" + text
	}
	s, _, err := parseSocket(text, v.h.expand)
	if err != nil {
		v.complain(hint, "%s", err)
		return ""
	}
	return s.String()
}

// expose gives p what its expose means: a port of its own for each life, which is ready once it takes connections there, and
// that it is replaced without a gap. at is where it stands.
func (h *hclReader) expose(p *Process) {
	if p.Expose == "" {
		return
	}
	at := p.at("expose")
	if where, set := h.portSet(p); set {
		h.complain(where, "take it out: PORT is what kitt chooses, and the program is to listen there", "process %q: PORT is set here, and by expose", p.Name)
	}
	if said, both := h.ports[p.Name]; both {
		h.complain(said.at, "take out one of the two", "process %q: its port is set here, and is kitt's choice by expose", p.Name)
	}
	p.Step = nil
	if _, said := p.Origins["stop.drain"]; !said {
		p.Stop.Drain = drainTime
	}
	p.readyByPort(at)
}

// validateExpose complains of what cannot stand behind a forwarder.
func (r *reading) validateExpose(p *Process) {
	if p.Stop.Drain < 0 {
		r.complain(p.at("stop.drain"), "", "process %q: stop.drain: %s is less than nothing", p.Name, p.Stop.Drain)
	}
	if _, said := p.Origins["stop.drain"]; said && p.Expose == "" && p.Kind != KindForwarder {
		r.complain(p.at("stop.drain"), "stop { pre = \"./drain.sh\" } is for what drains by itself", "process %q: stop.drain: it has no expose, whose connections could be waited for", p.Name)
	}
	if p.Expose == "" {
		return
	}
	at := p.at("expose")
	switch {
	case len(p.Listen) > 0:
		r.complain(at, "take out one of the two", "process %q: expose passes connections on, and listen gives it the socket itself", p.Name)
	case p.Mode == ModeCluster:
		r.complain(at, "take mode out, and set instances: they are balanced", "process %q: expose: the workers of a cluster share a port by themselves", p.Name)
	case p.Kind == KindTask || p.Schedule.Job():
		r.complain(at, "take it out", "process %q: expose: what ends by itself takes no connections", p.Name)
	}
	if again, _, err := parseSocket(p.Expose, filepath.Clean); err != nil || again.String() != p.Expose {
		r.complain(at, addressHint, "process %q: expose: %q is not an address", p.Name, p.Expose)
	}
	if len(p.Forwarder()) > maxName {
		r.complain(p.Origin, "", "process %q: a name with expose has at most %d bytes", p.Name, maxName-len(forwarderEnd))
	}
}

// forwarders puts a forwarder behind each process that has expose.
func (s *Spec) forwarders() {
	var all []Process
	for _, p := range s.Processes {
		all = append(all, p)
		if p.Expose != "" {
			all = append(all, p.forwarder())
		}
	}
	s.Processes = all
}

// forwarder is the process that stands in front of p. Its command says what it is; what runs is kitt itself.
func (p *Process) forwarder() Process {
	f := Defaults()
	at := p.at("expose")
	f.Name, f.Kind, f.Mode, f.Origin = p.Forwarder(), KindForwarder, ModeNode, at
	f.Description, f.Namespace = "takes the connections of "+p.Name, p.Namespace
	f.Command, f.Cwd = []string{"kitt", "internal", "forward"}, "/"
	f.Listen = []Socket{exposedSocket(p.Expose)}
	f.Ready.Message, f.Reload.Strategy = true, Overlap
	f.Held, f.Origins = p.Held, map[string]Pos{"listen": at, "expose": at}
	return f
}

// exposedSocket is an address that was read before.
func exposedSocket(text string) Socket {
	s, _, _ := parseSocket(text, func(path string) string { return path }) // it was checked
	s.Name = "1"
	return s
}

// exposedPort is the public port of a process with expose, for process.NAME.port; 0 where it has none, or not as a number.
func (h *hclReader) exposedPort(name string) int {
	attr := top(h.layers(name), "expose")
	if attr == nil {
		return 0
	}
	v, diags := attr.Expr.Value(h.eval)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || !v.Type().IsPrimitiveType() {
		return 0 // it is complained of where the field is read
	}
	text := (&hclValue{h, "expose", v, attr.NameRange}).text()
	n, _ := strconv.Atoi(text[strings.LastIndexByte(text, ':')+1:])
	return n
}

func (d *differ) expose(old, new Process) {
	if (old.Expose == "") != (new.Expose == "") {
		d.run("expose", old.Expose, new.Expose)
		return
	}
	d.live("expose", old.Expose, new.Expose)
}
