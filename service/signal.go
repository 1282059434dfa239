package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
)

// postSignal sends a signal to what lives of the named: {"signal":"SIGHUP","tree":false}. It changes nothing that is
// wanted.
func (d *Daemon) postSignal(w http.ResponseWriter, r *http.Request) {
	var o api.Signal
	if !sent(w, r, &o) {
		return
	}
	sig := unix.SignalNum(o.Signal)
	if sig == 0 {
		refuse(w, failure{2, fmt.Sprintf("signal %q: no such signal", o.Signal), "for instance SIGHUP, SIGUSR2 or SIGTERM"})
		return
	}
	c := who(r)
	near := d.near(r, o.Project)
	d.mu.Lock()
	targets, err := d.targets("signal", api.Order{Project: near, Targets: o.Targets, All: o.All})
	ids := map[reconcile.ID]bool{}
	for _, t := range targets {
		for _, id := range d.ids(t) {
			ids[id] = true
		}
	}
	d.mu.Unlock()
	if err != nil {
		refuse(w, err)
		return
	}
	s := newLines(w, r)
	n := d.signal(r.Context(), ids, sig, o, s.say)
	if n == 0 {
		s.fail(failure{1, "signal: nothing of it runs", "kitt status"})
		return
	}
	d.events.add(api.Event{Kind: "signal", ID: describe(targets), Reason: o.Signal, By: c.String()})
	s.say(api.Line{Type: "done", Text: o.Signal + " sent to " + plural(n, "process", "processes")})
}

// signal sends sig to each living life of ids, and returns how many there were.
func (d *Daemon) signal(ctx context.Context, ids map[reconcile.ID]bool, sig syscall.Signal, o api.Signal, say func(api.Line)) (n int) {
	scope := "main"
	if o.Tree {
		scope = "tree"
	}
	views, _, _ := d.rec.Look(time.Now())
	for _, v := range views {
		for _, l := range v.Lives {
			if !ids[v.ID] || l.State != reconcile.Running && l.State != reconcile.Stopping {
				continue
			}
			switch err := d.Keeper.Signal(ctx, l.Life, sig, scope); {
			case err == nil:
				n++
				say(api.Line{Type: "action", Verb: "signal", ID: v.ID.Short(), Reason: o.Signal})
			case !errors.Is(err, syscall.ESRCH) && !errors.Is(err, keeper.ErrUnknown):
				say(api.Line{Type: "note", Text: err.Error()})
			}
		}
	}
	return n
}
