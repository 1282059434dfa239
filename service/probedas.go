package service

import "kitt.sh/reconcile"

// askedAs is the instance by whose settings a life is asked: the wanted one, where it is that; where it runs as before, the one
// that it was itself. What an edit asks for, another port or another path, a life that began before it never promised: its
// successor would be asked, and the old one be ended for it. Those settings are the last that were followed while it was the one
// wanted; a daemon that came later finds them in the newest revision that would run the same. A life of which neither is known is
// not asked: no answer of it would mean anything. The caller holds mu.
func (p *probing) askedAs(in reconcile.Instance, l *reconcile.Observed) (as reconcile.Instance, ok bool) {
	if l.Run == in.Run {
		return in, true
	}
	if q := p.asked[l.Life]; q != nil && q.want.Run == l.Run {
		return q.want, true
	}
	was, looked := p.was[l.Life]
	if !looked {
		was = p.d.revisionOf(in, l.Run)
		p.was[l.Life] = was
	}
	return was, was.Process != nil
}

// probed tells whether there is anything to do to know how an instance is.
func probed(in reconcile.Instance) bool {
	return in.Process.Ready.Probes() || in.Process.Alive.Probes()
}

// revisionOf is an instance as the newest revision of its project has it that would run the same; the zero Instance where none
// is kept.
func (d *Daemon) revisionOf(in reconcile.Instance, run string) reconcile.Instance {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := d.chronicle(in.ID.Project)
	if err != nil {
		return reconcile.Instance{}
	}
	for i := len(c.Revisions) - 1; i >= 0; i-- {
		s, err := d.readRevision(in.ID.Project, c.Revisions[i].N)
		if err != nil {
			continue
		}
		if p := process(s, in.ID.Process); p != nil && p.RunDigest(in.ID.N) == run {
			in.Process, in.Run = p, run
			return in
		}
	}
	return reconcile.Instance{}
}
