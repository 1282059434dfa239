package service

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/local"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// The ports that kitt has given to processes with port = "auto" are kept where all else of them is: in the last good spec of
// their project. So they last for as long as the process stands there, and a rollback brings back those of its revision.

// otherPorts is the error of a spec that was read with other ports than its processes have, or get: it is to be read anew.
type otherPorts struct{ ports map[string]int }

func (otherPorts) Error() string {
	return "give ports: the spec was read with others than its processes have"
}

// readsMost is how often a file is read for its ports: once, once more, and where somebody takes one of them meanwhile.
const readsMost = 4

// read has a file read, with the ports that its processes have, or get.
func (d *Daemon) read(ctx context.Context, req spec.Request) (l Loaded, err error) {
	for range readsMost {
		l, err = d.Load(ctx, req)
		if err != nil || l.Spec == nil || len(l.Complaints) > 0 || l.Error != "" {
			return l, err
		}
		d.mu.Lock()
		_, err = d.givePorts(l.Spec)
		d.mu.Unlock()
		other, differs := err.(otherPorts)
		if !differs {
			return l, nil // what else is wrong is told where it is adopted
		}
		req.Ports = other.ports
	}
	return l, err
}

// portsOf are those that the processes of a project have. The caller holds mu.
func (d *Daemon) portsOf(project string) map[string]int {
	s := d.specs[project]
	if s == nil {
		return nil
	}
	return spec.PortsOf(s)
}

// givePorts fills in the ports of s: those that its processes have, and for others free ones, the keys of which it returns. It
// changes nothing else; they are given once s is adopted. The caller holds mu.
func (d *Daemon) givePorts(s *spec.Spec) (anew []string, err error) {
	if spec.PortsOf(s) == nil {
		return nil, nil
	}
	names := append([]string{s.Project}, formerly(d.intents, s)...)
	g := giving{has: map[string]int{}, scale: map[string]reconcile.Scaled{}, taken: d.takenPorts(names), bindable: local.Bindable}
	for _, name := range slices.Backward(names) {
		maps.Copy(g.has, d.portsOf(name))
		if p := d.intents.Projects[name]; p != nil {
			maps.Copy(g.scale, p.Scale)
		}
	}
	return g.give(s)
}

// takenPorts are those that all projects but these name or were given, and those of the lives there are. The caller holds mu.
func (d *Daemon) takenPorts(but []string) map[int]bool {
	taken := map[int]bool{}
	for name, s := range d.specs {
		if !slices.Contains(but, name) {
			d.takes(taken, s)
		}
	}
	if d.rt == nil { // the daemon does not run yet
		return taken
	}
	lives, _ := d.rt.Observe(context.Background()) // from memory; where nothing is known yet, it is asked for at the start
	for _, l := range lives {
		taken[l.Port] = taken[l.Port] || l.Port > 0
	}
	return taken
}

// takes adds the ports that a spec names, or its processes were given. The caller holds mu.
func (d *Daemon) takes(taken map[int]bool, s *spec.Spec) {
	for i := range s.Processes {
		p := &s.Processes[i]
		count := p.Instances
		if in := d.intents.Projects[s.Project]; in != nil {
			count = max(count, in.Scale[p.Name].N)
		}
		for _, port := range namedPorts(p, count) {
			taken[port] = true
		}
	}
}

// reservePorts keeps what no life with expose is to be given, though nobody listens there now. The caller holds mu.
func (d *Daemon) reservePorts() {
	taken := map[int]bool{}
	for _, s := range d.specs {
		if slices.ContainsFunc(s.Processes, func(p spec.Process) bool { return p.Expose != "" }) {
			taken = d.takenPorts(nil)
			break
		}
	}
	d.portsKept.Store(&taken)
}

// reserved tells whether a port is one of those. It is asked where mu may not be held.
func (d *Daemon) reserved(port int) bool {
	taken := d.portsKept.Load()
	return taken != nil && (*taken)[port]
}

// namedPorts are the ports of so many instances of a process: their PORT, wherever that is said, and where kitt listens for them.
func namedPorts(p *spec.Process, instances int) (out []int) {
	for _, s := range p.Listen {
		out = append(out, s.Port())
	}
	for n := 1; n <= max(instances, len(p.Ports)); n++ {
		_, _, env := p.For(n)
		port, _ := strconv.Atoi(env["PORT"])
		out = append(out, p.Port(n), port)
	}
	return slices.DeleteFunc(out, func(port int) bool { return port <= 0 })
}

// giving is what ports are chosen by.
type giving struct {
	has      map[string]int // by spec.PortKey: what stays
	scale    map[string]reconcile.Scaled
	taken    map[int]bool        // by other projects
	bindable func(port int) bool // whether somebody could listen there now
}

// give fills in the ports of s. One that has none yet keeps the one that it was read with, if that is free. Where others may
// have been told another one of its first instance, the error is otherPorts.
func (g giving) give(s *spec.Spec) (anew []string, err error) {
	all, again := map[string]int{}, false
	taken := g.mine(s)
	for i := range s.Processes {
		p := &s.Processes[i]
		if len(p.Ports) == 0 {
			continue
		}
		read := p.Ports
		p.Ports = nil
		for n := 1; n <= g.count(p, len(read)); n++ {
			key, guess := spec.PortKey(p.Name, n), 0
			if n <= len(read) {
				guess = read[n-1]
			}
			port, had := g.has[key]
			if !had {
				if port = g.choose(s.Project+"/"+key, guess, taken); port == 0 {
					at := p.Origins["port"]
					return nil, failure{1, fmt.Sprintf("%s: process %q: port: none that kitt gives is free for %s", at, p.Name, key), "write which: port = 3000; ss -ltn shows who listens"}
				}
				anew = append(anew, key)
			}
			taken[port], all[key] = true, port
			p.Ports = append(p.Ports, port)
			again = again || n == 1 && port != guess
		}
	}
	if again {
		return anew, otherPorts{all}
	}
	return anew, nil
}

// count is how many instances of a process need a port, where it was read with so many.
func (g giving) count(p *spec.Process, read int) int {
	if p.Mode == spec.ModeCluster {
		return 1
	}
	if scale, ok := g.scale[p.Name]; ok && scale.File == p.Instances {
		read = max(read, scale.N)
	}
	return max(read, p.Instances)
}

// mine are the ports that nothing new of s may get: those of others, those that s names, and those that its processes had.
func (g giving) mine(s *spec.Spec) map[int]bool {
	taken := maps.Clone(g.taken)
	for _, port := range g.has {
		taken[port] = true
	}
	for i := range s.Processes {
		p := s.Processes[i]
		p.Ports = nil
		for _, port := range namedPorts(&p, p.Instances) {
			taken[port] = true
		}
	}
	return taken
}

// choose is a port for what has none.
func (g giving) choose(key string, guess int, taken map[int]bool) int {
	free := func(port int) bool { return !taken[port] && g.bindable(port) }
	if guess > 0 && free(guess) {
		return guess
	}
	return spec.FreePort(key, func(port int) bool { return !free(port) })
}

// portsFor gives ports to the instances that a scale adds. The caller holds mu.
func (d *Daemon) portsFor(want map[string]int, targets []target) error {
	names := sorted(want)
	for i, t := range targets {
		s, p, n := d.specs[t.project], t.process, want[names[i]]
		if s == nil || t.n > 0 || len(p.Ports) == 0 || n <= len(p.Ports) || n > 1000 {
			continue
		}
		more := *s
		more.Processes = slices.Clone(s.Processes)
		g := giving{has: spec.PortsOf(s), scale: map[string]reconcile.Scaled{p.Name: {N: n, File: p.Instances}},
			taken: d.takenPorts([]string{s.Project}), bindable: local.Bindable}
		if _, err := g.give(&more); err != nil {
			return err
		}
		if _, err := d.adopt(&more, cause{why: reasonScaled}); err != nil {
			return err
		}
	}
	return nil
}

// sayPorts tells which ports were given just now.
func sayPorts(s *spec.Spec, anew []string, say func(api.Line)) {
	for _, text := range portsGiven(s, anew, "is") {
		say(api.Line{Type: "note", Text: text})
	}
}

// portsGiven words them: port 21000 is for db.1, or in a plan, would be.
func portsGiven(s *spec.Spec, anew []string, verb string) (out []string) {
	ports := spec.PortsOf(s)
	for _, key := range anew {
		out = append(out, fmt.Sprintf("port %d %s for %s", ports[key], verb, key))
	}
	return out
}
