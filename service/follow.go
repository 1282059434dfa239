package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/failpoint"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
)

// errReplaced ends a daemon whose successor has taken over.
var errReplaced = errors.New("another daemon has taken over")

// follow takes in what the keeper tells, until ctx ends or the keeper is lost.
func (d *Daemon) follow(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-d.Keeper.Events():
			if !ok {
				return d.orphaned(ctx)
			}
			d.happened(ctx, e)
		}
	}
}

// happened takes in one event.
func (d *Daemon) happened(ctx context.Context, e keeper.Event) {
	switch e.Kind {
	case "shutdown":
		d.background.Go(func() { d.told(ctx) }) // ends with what it waits for, or with ctx
		return
	case "logged":
		d.taps.fire(e.Text)
		return
	case "upgrade", "upgraded":
		d.upgraded(e)
		return
	case "rotated":
		d.copies.rotated(e.Text)
		return
	}
	o, ok := d.rt.Happened(e)
	if !ok {
		d.Log.Warn("observe life", "life", e.Life.Name, "err", "not a name of ours")
		return
	}
	if e.Kind == "exit" && o.State == reconcile.Exited {
		d.copies.ended(d.folder(o.ID))
	}
	switch e.Kind {
	case "stalled", "dropping", "resumed", "unkillable":
		d.events.add(api.Event{Kind: e.Kind, ID: o.ID.String(), Reason: e.Text})
	}
}

// orphaned is what a daemon does whose keeper died: it brings a new one, or waits for the service manager's,
// hands over what it holds of the living, and leaves: the new keeper has a daemon of its own.
func (d *Daemon) orphaned(ctx context.Context) error {
	if d.goingDown() || ctx.Err() != nil {
		return errReplaced
	}
	d.copies.halt()
	d.fenceOff()
	failpoint.Here("daemon.orphan.seen")
	d.events.add(api.Event{Kind: "keeper", Reason: "the keeper died; the processes run on"})
	d.Log.Warn("lose keeper")
	if d.Service && d.handOver(ctx, 10*time.Second) == nil {
		return errReplaced
	}
	return d.bringKeeper(ctx)
}

// bringKeeper starts a keeper until one answers. There is nobody else to do it, and a keeper ends by itself where a child
// of the dead one still holds the lock, just before its exec.
func (d *Daemon) bringKeeper(ctx context.Context) error {
	for patience := 2 * time.Second; ; patience = min(2*patience, 20*time.Second) {
		err := d.StartKeeper()
		failpoint.Here("daemon.orphan.started")
		if err == nil {
			err = d.handOver(ctx, patience)
		}
		if err == nil {
			failpoint.Here("daemon.orphan.told")
			return errReplaced
		}
		d.Log.Warn("bring keeper back", "err", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("bring keeper back: %w", err)
		case <-time.After(patience / 10):
		}
	}
}

// handOver gives what the daemon holds of the living to the next keeper, once that is there.
func (d *Daemon) handOver(ctx context.Context, limit time.Duration) error {
	if d.witness == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return d.witness.Testify(ctx, d.Dirs.Keeper())
}
