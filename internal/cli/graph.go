package cli

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// Graph draws what of a spec depends on what.
type Graph struct {
	File    string
	Profile string
	DOT     bool
	Name    string
}

// A node is one process in JSON; docs/json.md promises it.
type node struct {
	Name      string            `json:"name"`
	Kind      string            `json:"kind"` // service, task, job, forwarder
	Instances int               `json:"instances"`
	DependsOn map[string]string `json:"depends_on"`
	Phase     string            `json:"phase,omitempty"` // of its instances, where kitt runs it
}

func (g Graph) Run(ctx context.Context, k *Kitt) error {
	if err := k.may("json", "yaml"); err != nil {
		return err
	}
	req, err := Source{File: g.File, Name: g.Name, Profile: g.Profile, Look: true}.request(k)
	defer forget(req)
	if err != nil {
		return err
	}
	s, err := k.read(ctx, req)
	if err != nil {
		return err
	}
	nodes := nodesOf(s, k.phasesOf(ctx, s.Project))
	switch {
	case k.Output != "table":
		return k.emitValue(map[string]any{"project": s.Project, "processes": nodes})
	case g.DOT:
		_, err = fmt.Fprint(k.Out, dot(s.Project, nodes))
	default:
		_, err = fmt.Fprint(k.Out, tree(k.Paint, nodes))
	}
	return err
}

// phasesOf are the phases of the processes of a project; none where kitt does not run it.
func (k *Kitt) phasesOf(ctx context.Context, project string) map[string]string {
	var s api.Status
	if k.API.Read(ctx, "/v1/status", url.Values{"project": {project}}, &s) != nil {
		return nil
	}
	groups := map[string][]api.Instance{}
	for _, in := range s.Instances {
		if in.Project == project {
			groups[in.Process] = append(groups[in.Process], in)
		}
	}
	out := map[string]string{}
	for name, group := range groups {
		out[name] = phases(group)
	}
	return out
}

func nodesOf(s *spec.Spec, phases map[string]string) (out []node) {
	for _, p := range s.Processes {
		n := node{p.Name, "service", p.Instances, map[string]string{}, phases[p.Name]}
		maps.Copy(n.DependsOn, p.DependsOn)
		if of := p.Fronts(); of != "" {
			n.DependsOn[of] = "ready" // then it takes connections
		}
		switch {
		case p.Kind != "":
			n.Kind = p.Kind
		case p.Schedule.Job():
			n.Kind = "job"
		}
		out = append(out, n)
	}
	return out
}

// dot is the graph in the language of Graphviz: an arrow leads from what needs to what is needed.
func dot(project string, nodes []node) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n  rankdir = LR\n  node [shape = box]\n", strconv.Quote(project))
	for _, n := range nodes {
		style := ""
		if n.Kind != "service" {
			style = " [style = rounded]"
		}
		fmt.Fprintf(&b, "  %s%s\n", strconv.Quote(n.Name), style)
		for _, on := range slices.Sorted(maps.Keys(n.DependsOn)) {
			fmt.Fprintf(&b, "  %s -> %s [label = %s]\n", strconv.Quote(n.Name), strconv.Quote(on), strconv.Quote(n.DependsOn[on]))
		}
	}
	return b.String() + "}\n"
}

// A drawing is a tree of text: below each process those that wait for it.
type drawing struct {
	strings.Builder
	p     Paint
	nodes []node
	drawn map[string]bool
}

// tree draws what depends on nothing at the left margin. One that waits for several stands below each, with its own
// dependents below the first alone.
func tree(p Paint, nodes []node) string {
	d := &drawing{p: p, nodes: nodes, drawn: map[string]bool{}}
	for _, n := range nodes {
		if len(n.DependsOn) == 0 {
			d.branch(n, "", "", "", "")
		}
	}
	return d.String()
}

// branch draws one process and what waits for it. lead stands before it, below before its dependents.
func (d *drawing) branch(n node, condition, lead, elbow, below string) {
	users := d.users(n.Name)
	seen := d.drawn[n.Name] && len(users) > 0
	fmt.Fprintln(d, strings.TrimRight(d.p.in(dim, lead+elbow)+d.label(n, condition, seen), " "))
	if d.drawn[n.Name] = true; seen {
		return
	}
	for i, u := range users {
		elbow, next := "├─ ", "│  "
		if i == len(users)-1 {
			elbow, next = "└─ ", "   "
		}
		d.branch(u, u.DependsOn[n.Name], below, elbow, below+next)
	}
}

func (d *drawing) label(n node, condition string, seen bool) string {
	text := d.p.in(bold, clean(n.Name))
	if n.Instances != 1 {
		text += fmt.Sprintf(" ×%d", n.Instances)
	}
	if n.Kind != "service" {
		text += ", a " + n.Kind
	}
	if condition != "" {
		text += d.p.in(dim, ", once that is "+condition)
	}
	if n.Phase != "" {
		text += "  " + d.p.in(phaseColours[n.Phase], n.Phase)
	}
	if seen {
		text += d.p.in(dim, "  (see above)")
	}
	return text
}

// users are the processes that depend on one, in the order of the file.
func (d *drawing) users(name string) (out []node) {
	for _, n := range d.nodes {
		if _, ok := n.DependsOn[name]; ok {
			out = append(out, n)
		}
	}
	return out
}
