package reconcile

import (
	"time"

	"kitt.sh/spec"
)

// Expand says which instances a project wants: the spec's, as the user's intents bend it. Pure.
func Expand(now time.Time, s *spec.Spec, p *Project, digests Digests) []Instance {
	var out []Instance
	for i := range s.Processes {
		proc := &s.Processes[i]
		for n := 1; n <= Lives(p, proc); n++ {
			id := ID{s.Project, proc.Name, n}
			in := Instance{ID: id, Process: proc, Captured: p.Request.Env, Generation: p.generation(id), Run: digests.of(proc, n), Was: p.Was, Cause: p.cause(id), Workers: 1, Place: i}
			if proc.Mode == spec.ModeCluster {
				in.Workers = Count(p, proc)
			}
			p.schedule(&in)
			if in.Hold = unneeded(out, id, proc); in.Hold != "" {
				out = append(out, in)
				continue
			}
			h, held := p.Held(now, id)
			switch {
			case held:
				in.Hold = h.Reason()
			case proc.Held && p.Generations[id.Short()] == 0:
				in.Hold = "autostart is off; kitt start " + proc.Name + " starts it"
			}
			out = append(out, in)
		}
	}
	return out
}

// Count is the number of instances wanted of a process: what the user scaled it to while the file's number is
// the one it was then, else the file's.
func Count(p *Project, proc *spec.Process) int {
	if s, ok := p.Scale[proc.Name]; ok && s.File == proc.Instances {
		return s.N
	}
	return proc.Instances
}

// Lives is how many of a process's instances are lives of their own: the workers of a cluster are those of one.
func Lives(p *Project, proc *spec.Process) int {
	n := Count(p, proc)
	if proc.Mode == spec.ModeCluster {
		return min(n, 1)
	}
	return n
}

// Digests remembers run digests, which are dear and change only with the spec.
type Digests map[*spec.Process][]string

func (d Digests) of(p *spec.Process, n int) string {
	for k := len(d[p]) + 1; k <= n; k++ {
		d[p] = append(d[p], p.RunDigest(k))
	}
	return d[p][n-1]
}

// unneeded is why a forwarder is kept down: all that it stands for is. "" else.
func unneeded(out []Instance, id ID, forwarder *spec.Process) (why string) {
	of := forwarder.Fronts()
	if of == "" {
		return ""
	}
	why = of + " has no instances"
	for _, in := range out {
		if in.ID.Project == id.Project && in.ID.Process == of {
			if why = in.Hold; why == "" {
				return ""
			}
		}
	}
	return why
}
