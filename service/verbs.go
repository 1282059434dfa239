package service

import (
	"context"
	"fmt"
	"maps"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/failpoint"
	"kitt.sh/service/api"
)

// caller is who asks: the peer of the socket, and the life it runs in, if it runs in one of ours.
type caller struct {
	uid, pid int
	life     string
	dir      string
	up       map[int]bool // the processes above it, and itself; for verbs alone
}

func (c caller) String() string { return fmt.Sprintf("uid %d pid %d", c.uid, c.pid) }

// order carries out a verb on processes: one commit for the whole intent, then the wait.
func (d *Daemon) order(ctx context.Context, verb string, o api.Order, c caller, out *lines) error {
	c.up = ancestors(c.pid)
	if verb == "run" {
		return d.runJob(ctx, o, c, out)
	}
	if verb == "send" {
		return d.send(o, out)
	}
	acts, stop := d.actions.listen()
	defer stop()
	since := time.Now()
	failpoint.Here("daemon.order.before")
	if verb == "scale" {
		d.coverOrder(ctx, o)
	}
	ids, raised, text, err := d.intend(ctx, verb, o, c)
	var rounds map[reconcile.ID]uint64
	if verb == "reload" && err == nil {
		d.mu.Lock()
		rounds = d.rounds(ids)
		d.mu.Unlock()
	}
	failpoint.Here("daemon.order.intended")
	if err != nil {
		return err
	}
	if self, inside := d.inside(c, ids); inside && verb != "scale" {
		out.say(api.Line{Type: "action", Verb: verb, ID: self.Short(), Reason: "asked for from inside itself"})
		out.say(api.Line{Type: "done", Text: verb + " is on disk; kitt does the rest"})
		return nil
	}
	w := wait{d: d, acts: acts, out: out, since: since, timeout: o.Timeout, skip: !o.Wait, raised: raised,
		rounds: rounds, ending: verb == "stop" || verb == "delete" || verb == "down", mine: func(id reconcile.ID) bool { return ids[id] }}
	if w.ending && w.timeout <= 0 {
		w.timeout = max(time.Minute, d.stopTime(ctx, w.mine))
	}
	code, end, hint := w.run(ctx)
	if code == 0 && text != "" {
		end = text
	}
	failpoint.Here("daemon.reply.before")
	w.finish(code, end, hint)
	failpoint.Here("daemon.reply.said")
	return nil
}

// intend puts a verb's intent on the disk and tells the reconciler. It returns the instances concerned, the
// generations that they are raised to, and the last words if all goes well ("" for the usual ones).
func (d *Daemon) intend(ctx context.Context, verb string, o api.Order, c caller) (ids map[reconcile.ID]bool, raised map[reconcile.ID]uint64, text string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.goingDown() {
		return nil, nil, "", failure{1, verb + ": kitt is shutting down", "kitt apply starts it again"}
	}
	targets, err := d.targets(verb, o)
	if err != nil {
		if ids = d.endUnread(ctx, verb, o); len(ids) > 0 {
			return ids, nil, plural(len(ids), "instance", "instances") + " stopped, of a project whose spec cannot be read", nil
		}
		return nil, nil, "", err
	}
	if verb == "restart" || verb == "reload" {
		targets = lessFollowers(targets, o.Targets)
	}
	ids = map[reconcile.ID]bool{}
	for _, id := range d.giveUp(verb, o) {
		ids[id] = true
	}
	for _, t := range targets {
		for _, id := range d.ids(t) {
			ids[id] = true
		}
	}
	if err := d.scaledAway(verb, targets, ids); err != nil {
		return nil, nil, "", err
	}
	d.asked(verb, ids, c)
	if text, err = d.intention(verb, o, targets, ids); err != nil {
		return nil, nil, "", err
	}
	d.events.add(api.Event{Kind: verb, ID: describe(targets), Reason: o.Message, By: c.String()})
	d.rewant(nil)
	if verb == "start" {
		err = d.rec.Retry(ctx, d.down(ids))
	}
	if verb == "restart" || verb == "reload" || verb == "run" {
		raised = d.generations(ids)
	}
	return ids, raised, text, err
}

// targets resolves what an order is about. The caller holds mu.
func (d *Daemon) targets(verb string, o api.Order) ([]target, error) {
	switch {
	case verb == "scale":
		return d.toScale(o)
	case verb == "down":
		if o.All {
			return d.everything(""), nil
		}
		if d.specs[o.Project] == nil {
			return nil, failure{4, fmt.Sprintf("find project %q: not applied", o.Project), d.projectsHint()}
		}
		return d.everything(o.Project), nil
	case o.All:
		return d.undeleted(time.Now()), nil
	case len(o.Targets) == 0:
		return nil, failure{2, verb + ": no process named", "name one, or say --all"}
	}
	return d.resolve(o.Project, o.Targets)
}

// toScale are the processes to scale, one for each name, in the order of the names. The caller holds mu.
func (d *Daemon) toScale(o api.Order) (out []target, err error) {
	for _, name := range sorted(o.Scale) {
		t, err := d.resolveOne(o.Project, name)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (d *Daemon) projectsHint() string {
	if len(d.specs) == 0 {
		return "kitt apply"
	}
	return fmt.Sprintf("there are %v", sorted(d.specs))
}

// intention changes the intents as the verb says. The caller holds mu.
func (d *Daemon) intention(verb string, o api.Order, targets []target, ids map[reconcile.ID]bool) (text string, err error) {
	switch verb {
	case "restart", "reload", "start":
		d.watching.resume(ids)
		return "", d.commit(func(in *reconcile.Intents) error {
			d.spread(in, targets)
			d.spreadOver(in, targets)
			d.catchUp(in, ids)
			raise(in, targets, d.notReloaded(verb, ids), verb != "start")
			d.reload(in, verb, ids)
			return nil
		})
	case "run":
		if err := d.mayRun(targets, ids); err != nil {
			return "", err
		}
		return "", d.commit(func(in *reconcile.Intents) error {
			d.catchUp(in, ids)
			for id := range ids {
				in.Projects[id.Project].RaiseFor(id, reconcile.ReasonRun)
			}
			return nil
		})
	case "stop", "delete":
		h := holdOf(verb, o, time.Now())
		return said(verb, targets, h), d.commit(func(in *reconcile.Intents) error { hold(in, targets, h); return nil })
	case "down":
		h := &reconcile.Hold{Since: time.Now(), Message: o.Message}
		return "down; kitt apply brings it up again", d.commit(func(in *reconcile.Intents) error {
			for _, t := range targets {
				in.Projects[t.project].Down = h
			}
			return nil
		})
	case "reset":
		return plural(len(ids), "instance counts", "instances count") + " restarts from 0 again", d.commit(func(in *reconcile.Intents) error {
			for id := range ids {
				in.Projects[id.Project].Forgive(id, d.restarts(id))
			}
			return nil
		})
	case "scale":
		if err := d.portsFor(o.Scale, targets); err != nil {
			return "", err
		}
		return "", d.commit(func(in *reconcile.Intents) error { return scale(in, o.Scale, targets, ids) })
	}
	return "", failure{2, "no such verb: " + verb, ""}
}

// restarts counts the restarts of an instance that there were.
func (d *Daemon) restarts(id reconcile.ID) (n int) {
	for _, l := range d.rec.Lives(id) {
		n = max(n, l.History.Restarts)
	}
	return n
}

// scaledAway is the error where a process that is to run was named, and none of the named has an instance.
func (d *Daemon) scaledAway(verb string, targets []target, ids map[reconcile.ID]bool) error {
	if len(ids) > 0 || len(targets) == 0 || verb != "restart" && verb != "reload" && verb != "start" && verb != "run" {
		return nil
	}
	name := targets[0].key()
	return failure{1, fmt.Sprintf("%s %s: it is scaled to 0", verb, name), fmt.Sprintf("kitt scale %s=1", name)}
}

// generations are those that are wanted now. The caller holds mu.
func (d *Daemon) generations(ids map[reconcile.ID]bool) map[reconcile.ID]uint64 {
	wanted := make(map[reconcile.ID]uint64, len(ids))
	for id := range ids {
		if p := d.intents.Projects[id.Project]; p != nil {
			wanted[id] = p.Generations[id.Short()]
		}
	}
	return wanted
}

// raise lifts the holds on the targets and, for a restart, asks for one more life of each instance.
func raise(in *reconcile.Intents, targets []target, ids map[reconcile.ID]bool, again bool) {
	for _, t := range targets {
		p := in.Projects[t.project]
		delete(p.Holds, t.process.Name)
		delete(p.Holds, t.process.Forwarder()) // it comes with what it stands for
		for id := range ids {
			if id.Project == t.project && id.Process == t.process.Name {
				delete(p.Holds, id.Short())
			}
		}
	}
	for id := range ids {
		p := in.Projects[id.Project]
		if again || p.Generations[id.Short()] == 0 {
			start(p, id, again)
		}
	}
}

// catchUp brings the generations up to those of the lives there are: intents that were lost must not make the next
// restart one that has been done already.
func (d *Daemon) catchUp(in *reconcile.Intents, ids map[reconcile.ID]bool) {
	for id := range ids {
		p := in.Projects[id.Project]
		for _, l := range d.rec.Lives(id) {
			if p.Generations == nil {
				p.Generations = map[string]uint64{}
			}
			if l.Generation > max(p.Generations[id.Short()], 1) {
				p.Generations[id.Short()] = l.Generation
			}
		}
	}
}

// spread turns the hold on a whole project into holds on its processes, so that one of them can be lifted alone.
func (d *Daemon) spread(in *reconcile.Intents, targets []target) {
	for _, t := range targets {
		p := in.Projects[t.project]
		if p.Down == nil {
			continue
		}
		h := *p.Down
		maps.DeleteFunc(p.Holds, func(_ string, h reconcile.Hold) bool { return !h.Deleted })
		if p.Down = nil; p.Holds == nil {
			p.Holds = map[string]reconcile.Hold{}
		}
		for _, proc := range d.specs[t.project].Processes {
			if !p.Holds[proc.Name].Deleted && proc.Fronts() == "" {
				p.Holds[proc.Name] = h
			}
		}
	}
}

// spreadOver turns the hold on a process into holds on its instances, where only one of them is to be lifted.
func (d *Daemon) spreadOver(in *reconcile.Intents, targets []target) {
	for _, t := range targets {
		p := in.Projects[t.project]
		h, held := p.Holds[t.process.Name]
		if !held || t.n == 0 {
			continue
		}
		delete(p.Holds, t.process.Name)
		for _, id := range d.ids(target{project: t.project, process: t.process}) {
			if !p.Holds[id.Short()].Deleted { // what was deleted stays so
				p.Holds[id.Short()] = h
			}
		}
	}
}

// start gives an instance its first generation, or the next one.
func start(p *reconcile.Project, id reconcile.ID, again bool) {
	if again {
		p.Raise(id)
		return
	}
	if p.Generations == nil {
		p.Generations = map[string]uint64{}
	}
	p.Generations[id.Short()] = 1
}

// holdOf is the hold that a stop or a delete asks for. Its end is by the clock: a sleep of the machine is part of it. Pure.
func holdOf(verb string, o api.Order, now time.Time) reconcile.Hold {
	h := reconcile.Hold{Since: now, Message: o.Message, Deleted: verb == "delete"}
	if o.For > 0 {
		h.Until = now.Add(o.For).Round(0)
	}
	return h
}

func hold(in *reconcile.Intents, targets []target, h reconcile.Hold) {
	for _, t := range targets {
		p := in.Projects[t.project]
		if p.Holds == nil {
			p.Holds = map[string]reconcile.Hold{}
		}
		if !t.goesWith(targets) {
			p.Holds[t.key()] = h
		}
	}
}

// scale notes the wanted numbers; ids is filled up to the larger of the old and the new.
func scale(in *reconcile.Intents, want map[string]int, targets []target, ids map[reconcile.ID]bool) error {
	names := sorted(want)
	for i, t := range targets {
		n := want[names[i]]
		if of := t.process.Fronts(); of != "" {
			return failure{2, fmt.Sprintf("scale %s: there is one for all instances of %s", names[i], of), fmt.Sprintf("kitt scale %s=%d", of, n)}
		}
		if t.n > 0 || n < 0 || n > 1000 {
			return failure{2, fmt.Sprintf("scale %s=%d: want a process and a number from 0 to 1000", names[i], n), "kitt scale web=3"}
		}
		p := in.Projects[t.project]
		if p.Scale == nil {
			p.Scale = map[string]reconcile.Scaled{}
		}
		p.Scale[t.process.Name] = reconcile.Scaled{N: n, File: t.process.Instances}
		for k := 1; k <= n; k++ {
			ids[reconcile.ID{Project: t.project, Process: t.process.Name, N: k}] = true
		}
	}
	return nil
}

// said words what a hold does.
func said(verb string, targets []target, h reconcile.Hold) string {
	if h.Deleted {
		return plural(len(targets), "process", "processes") + " deleted; kitt apply brings back what the file still names"
	}
	text := plural(len(targets), "process", "processes") + " stopped"
	if h.Until.IsZero() {
		return text + ", also over reboots, until kitt start"
	}
	return text + " until " + h.Until.Local().Format("Mon 15:04")
}

// down lists the instances that are down for good though they should run.
func (d *Daemon) down(ids map[reconcile.ID]bool) (out []reconcile.ID) {
	for id := range ids {
		for _, l := range d.rec.Lives(id) {
			if l.State == reconcile.Exited || l.State == reconcile.NoStart {
				out = append(out, id)
				break
			}
		}
	}
	return out
}

// describe names what a verb was about, for the event log.
func describe(targets []target) string {
	if len(targets) == 1 {
		return targets[0].project + "/" + targets[0].key()
	}
	return plural(len(targets), "process", "processes")
}
