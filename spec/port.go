package spec

import (
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

const lastPort = 65535

// A saidPort is the port = N of a process, and where it stands.
type saidPort struct {
	n    int // that of the first instance
	auto bool
	at   Pos
}

// String is what the file says.
func (s saidPort) String() string {
	if s.auto {
		return `"` + autoPort + `"`
	}
	return strconv.Itoa(s.n)
}

// readPorts reads the port of each process before anything else of it, so that all others may name it: process.db.port.
func (h *hclReader) readPorts(names []string) {
	h.ports = map[string]saidPort{}
	vars := map[string]cty.Value{}
	for _, name := range names {
		vars[name] = cty.EmptyObjectVal
		attr := top(h.layers(name), "port")
		if attr == nil {
			if n := h.exposedPort(name); n > 0 {
				vars[name] = cty.ObjectVal(map[string]cty.Value{"port": cty.NumberIntVal(int64(n))})
			}
			continue
		}
		if v := h.value("port", attr, h.eval); v != nil {
			if n, auto := v.port(); n > 0 || auto {
				h.ports[name] = saidPort{n, auto, h.pos(attr.NameRange)}
			}
		}
		vars[name] = cty.ObjectVal(map[string]cty.Value{"port": cty.NumberIntVal(int64(h.ports[name].n))}) // what is wrong is said once
	}
	h.readAuto(names, vars)
	h.eval.Variables["process"] = cty.ObjectVal(vars)
}

// port is a number from 1 to 65535, or auto; 0 and false after a complaint.
func (v *hclValue) port() (n int, auto bool) {
	const hint = `write a number from 1 to 65535, or port = "auto" for one that kitt chooses`
	if !v.v.Type().IsPrimitiveType() {
		v.complain(hint, "expected a number, got %s", v.shown())
		return 0, false
	}
	if v.text() == autoPort {
		return 0, true
	}
	n, err := strconv.Atoi(v.text())
	if err != nil || n < 1 || n > lastPort {
		v.complain(hint, "%s is not a port", v.shown())
		return 0, false
	}
	return n, false
}

// port gives p what its port means: PORT in its environment, and a connection that is taken as its being ready.
func (h *hclReader) port(p *Process) {
	said, ok := h.ports[p.Name]
	if !ok {
		return
	}
	p.Origins["port"] = said.at
	last := said.n
	switch at, set := h.portSet(p); {
	case set:
		h.complain(at, "take out one of the two", "process %q: PORT is set here, and by port = %s", p.Name, said)
		return
	case said.auto:
		if last = h.auto(p); last == 0 {
			return
		}
	case p.Mode == ModeCluster: // its workers share one
		p.Env["PORT"] = strconv.Itoa(said.n)
	default:
		p.Step = map[string]int{"PORT": said.n}
		last += max(p.Instances, 1) - 1
	}
	p.Origins["env.PORT"] = said.at
	if last > lastPort {
		h.complain(said.at, "begin lower: each further instance has one more", "process %q: the port of its last instance would be %d", p.Name, last)
	}
	if free := firstFree(); said.n < free && os.Geteuid() > 0 {
		h.warn(said.at, "listen above that, or give the program the right: setcap cap_net_bind_service=+ep PROGRAM",
			"process %q: ports below %d are for root, %d too", p.Name, free, said.n)
	}
	h.airPlay(runtime.GOOS, p, said, last)
	p.readyByPort(said.at)
}

// portSet tells whether the environment of any instance says PORT itself, and where.
func (h *hclReader) portSet(p *Process) (Pos, bool) {
	_, set := p.Env["PORT"]
	for _, each := range p.Each {
		_, differs := each.Env["PORT"]
		set = set || differs
	}
	return p.at("env.PORT"), set
}

// byPort is where a program that is ready by its port takes connections.
const byPort = "127.0.0.1:$PORT"

// readyByPort makes taking a connection what ready means, where nothing else is said and it does not end by itself.
// Where kitt itself listens, or the one before still does, a connection says nothing of the program.
func (p *Process) readyByPort(at Pos) {
	shared := p.Reload.Strategy == Overlap && p.Expose == "" // with expose each life has its own
	if len(p.Listen) > 0 || shared || p.Kind == KindTask || p.Schedule.Job() || p.Mode == ModeCluster || !reflect.DeepEqual(p.Ready, Ready{}) {
		return
	}
	for field := range p.Origins {
		if strings.HasPrefix(field, "ready.") {
			return
		}
	}
	p.Ready.TCP, p.Origins["ready.tcp"] = byPort, at
}

// samePorts warns of two processes that are to listen at one port.
func (h *hclReader) samePorts() {
	taken := map[int]string{}
	for _, p := range h.spec.Processes {
		said, ok := h.ports[p.Name]
		if said.auto {
			h.sameGiven(&p, said, taken)
			continue
		}
		for i := range max(p.Instances, 0) {
			if other := taken[said.n+i]; ok && other != "" && other != p.Name {
				h.warn(said.at, "", "process %q: port %d is that of process %q too", p.Name, said.n+i, other)
				break
			}
			if ok {
				taken[said.n+i] = p.Name
			}
			if p.Mode == ModeCluster {
				break
			}
		}
	}
}

// firstFree is the first port that everybody may listen at.
func firstFree() int {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start") // Linux alone
	if n, bad := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && bad == nil {
		return n
	}
	return 1024
}

// noPort says what is wrong with a process.NAME.port that has no value.
func (h *hclReader) noPort(d *hcl.Diagnostic) (text, hint string) {
	name := ""
	if e, ok := d.Expression.(*hclsyntax.ScopeTraversalExpr); ok && len(e.Traversal) > 1 {
		switch step := e.Traversal[1].(type) {
		case hcl.TraverseAttr:
			name = step.Name
		case hcl.TraverseIndex:
			if step.Key.Type() == cty.String {
				name = step.Key.AsString()
			}
		}
	}
	all := h.eval.Variables["process"]
	switch {
	case all == cty.NilVal:
		return "process.NAME.port is not known here", "it is in command, cwd, env and the other words of a process, but for port"
	case !all.Type().HasAttribute(name):
		names := make([]string, 0, len(all.Type().AttributeTypes()))
		for n := range all.Type().AttributeTypes() {
			names = append(names, n)
		}
		return "no process \"" + name + "\" in this file", didYouMean(name, names)
	case !all.GetAttr(name).Type().HasAttribute("port"):
		return "process \"" + name + "\" has no port", `say there which: port = 3000, or "auto"`
	}
	return "all that others may name of a process is its port", "write process." + name + ".port"
}
