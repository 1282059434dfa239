package service

import (
	"context"
	"maps"
	"slices"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// Where the values of a file depend on instance.n, its spec has them for as many instances as it was read for. A scale beyond
// has the file read once more, for the further ones.

// reasonScaled is the cause of a spec that differs in nothing but for how many instances it was read.
const reasonScaled = "scaled"

// cover adds to s the values of the instances that scale asks for beyond those that it has, and tells whether there were such. Of
// a process that its file says otherwise by now, or where that cannot be read, nothing is added.
func (d *Daemon) cover(ctx context.Context, s *spec.Spec, req spec.Request, scale map[string]int) (added bool) {
	if !slices.ContainsFunc(s.Processes, func(p spec.Process) bool { return scale[p.Name] > max(p.Instances, len(p.Each)) }) {
		return false
	}
	req.Scale = scale
	l, err := d.read(ctx, req)
	if err != nil || l.Spec == nil || len(l.Complaints) > 0 || l.Error != "" {
		return false
	}
	for i := range s.Processes {
		p := &s.Processes[i]
		if now := process(l.Spec, p.Name); now != nil && len(now.Each) > len(p.Each) && alike(p, now) {
			p.Env, p.Each, added = now.Env, now.Each, true
		}
	}
	return added
}

// alike tells whether two readings of a process differ in nothing but the number of instances that they cover.
func alike(a, b *spec.Process) bool {
	for n := 1; n <= max(a.Instances, len(a.Each), 1); n++ {
		if a.RunDigest(n) != b.RunDigest(n) {
			return false
		}
	}
	c, d := *a, *b
	c.Env, c.Each, d.Env, d.Each = nil, nil, nil, nil
	return len(spec.Diff(c, d)) == 0
}

// coverLoad covers what the project that l is about is scaled to: who sent it may not know.
func (d *Daemon) coverLoad(ctx context.Context, l *api.Load) {
	d.mu.Lock()
	scale := map[string]int{}
	for _, name := range append(formerly(d.intents, &l.Spec), l.Spec.Project) {
		if p := d.intents.Projects[name]; p != nil {
			maps.Copy(scale, scaled(p))
		}
	}
	d.mu.Unlock()
	d.cover(ctx, &l.Spec, l.Request, scale)
}

// coverOrder covers what an order scales processes to, as long as their projects are as their files say.
func (d *Daemon) coverOrder(ctx context.Context, o api.Order) {
	d.mu.Lock()
	defer d.mu.Unlock()
	targets, err := d.toScale(o)
	if err != nil || d.goingDown() || d.Up {
		return // it will be told
	}
	names := sorted(o.Scale)
	for i, t := range targets {
		s, p := d.specs[t.project], d.intents.Projects[t.project]
		if s == nil || p == nil || p.Pin != nil || o.Scale[names[i]] > 1000 {
			continue
		}
		req, more := p.Request, *s
		req.Path, req.Ports = p.File, d.portsOf(t.project)
		scale := scaled(p)
		scale[t.process.Name] = o.Scale[names[i]]
		more.Processes = slices.Clone(s.Processes)
		d.mu.Unlock()
		added := d.cover(ctx, &more, req, scale)
		d.mu.Lock()
		if added && d.specs[t.project] == s {
			if _, err := d.adopt(&more, cause{why: reasonScaled}); err != nil {
				d.Log.Warn("keep spec", "project", t.project, "err", err)
			}
		}
	}
}
