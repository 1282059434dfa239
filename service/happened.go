package service

import (
	"errors"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
)

// did notes an action in the event log and tells those who wait. It is called from several goroutines.
func (d *Daemon) did(a reconcile.Action, err error) {
	ev := api.Event{Kind: string(a.Verb), ID: a.ID.String(), Reason: a.Reason}
	if err != nil {
		ev.Kind, ev.Reason = "error", string(a.Verb)+": "+err.Error()
		d.Log.Warn(string(a.Verb), "id", a.ID.String(), "why", a.Reason, "err", err)
	} else {
		d.Log.Info(string(a.Verb), "id", a.ID.String(), "why", a.Reason)
	}
	if a.Verb == reconcile.Start {
		ev.At = api.Time{Time: a.Begun} // before the first words of the life
		d.gaveups.look(a.ID)
	}
	d.events.add(ev)
	if err == nil {
		d.began(a)
	}
	if errors.Is(err, keeper.ErrFenced) { // another daemon controls; the keeper begins a new one, which takes over anew
		d.leave(errReplaced)
	}
	d.actions.send(&a)
	d.rest.worked()
}

// ended notes the end of a life. The daemon before this one may have done so already.
func (d *Daemon) ended(o reconcile.Observed) {
	d.channels.drop(o.Life)
	if d.events.told(o.Life, o.Exit.At) {
		return
	}
	reason := o.Exit.String()
	if o.Asked {
		reason += ", as asked"
	}
	if o.Trouble != "" {
		reason += "; " + o.Trouble
	}
	d.jobEnded(o)
	d.events.add(api.Event{Kind: "exit", ID: o.ID.String(), Reason: reason, PID: o.PID, Life: o.Life, Exit: apiExit(o.Exit)})
	if !o.Asked {
		d.gaveups.look(o.ID)
	}
}

// folder is where the streams of an instance lie: where its spec says, or kitt's own place.
func (d *Daemon) folder(id reconcile.ID) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := reconcile.Instance{ID: id}
	if s := d.specs[id.Project]; s != nil {
		in.Process = process(s, id.Process)
	}
	return d.rt.Folder(in)
}
