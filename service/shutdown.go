package service

import (
	"context"
	"net/http"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// postShutdown stops every process and kitt itself. What is wanted stays wanted: the next start brings it back.
func (d *Daemon) postShutdown(w http.ResponseWriter, r *http.Request) {
	var o api.Order
	if !sent(w, r, &o) {
		return
	}
	d.events.add(api.Event{Kind: "shutdown", By: who(r).String()})
	s := newLines(w, r)
	n, left := d.stopAll(context.WithoutCancel(r.Context()), func(l api.Line) { s.say(l); s.flush() })
	if left > 0 {
		s.say(api.Line{Type: "note", Text: plural(left, "process", "processes") + " could not be ended"})
	}
	if d.Comeback != "" {
		s.say(api.Line{Type: "note", Text: d.Comeback, Hint: "sudo kitt service stop --system"})
	}
	s.say(api.Line{Type: "done", Text: plural(n, "process", "processes") + " stopped; kitt is down; kitt apply or the next boot brings them back"})
	d.background.Go(func() { d.end(true) }) // after the answer has left; ends with the process
}

// end asks the keeper to end as well; under a service manager the manager is told, or it would start kitt again.
func (d *Daemon) end(stopped bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	time.Sleep(20 * time.Millisecond) // the answer is on its way
	if d.Service && stopped && d.StopService != nil {
		d.background.Go(func() { // ended by ctx
			select {
			case <-d.signalled: // to wait for the manager, which waits for the keeper, which waits for this daemon, would only last
				cancel()
			case <-ctx.Done():
			}
		})
		err := d.StopService(ctx)
		if err == nil || isClosed(d.signalled) {
			return // the manager signals the keeper
		}
		d.Log.Warn("stop service", "err", err) // the keeper's exit 0 is enough for launchd
	}
	if err := d.Keeper.Shutdown(ctx, false); err != nil {
		d.Log.Warn("end keeper", "err", err)
	}
	d.leave(errReplaced)
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// told answers the keeper's question after a SIGTERM: stop all, or leave the processes running.
func (d *Daemon) told(ctx context.Context) {
	d.signalOnce.Do(func() { close(d.signalled) })
	var err error
	if !d.goingDown() && d.stops(ctx) {
		err = d.endAll(ctx)
	} else {
		err = d.Keeper.Shutdown(ctx, false)
	}
	if err != nil {
		d.Log.Warn("end keeper", "err", err)
	}
	d.leave(errReplaced)
}

// endAll has the keeper end once every life has ended, and stops them all meanwhile, each in its own way. The keeper
// is told first: it waits for an answer only for a moment.
func (d *Daemon) endAll(ctx context.Context) error {
	lives, _ := d.rt.Observe(ctx)
	longest := d.planStops(lives).whole()
	ended := make(chan error, 1)
	d.background.Go(func() { ended <- d.Keeper.ShutdownAfter(ctx, longest+time.Second) }) // ends with the lives, or with ctx
	d.orderStops(ctx, func(api.Line) {})
	return <-ended
}

// stopAll ends reconciling and stops everything that lives. It returns how many there were and how many are left.
func (d *Daemon) stopAll(ctx context.Context, say func(api.Line)) (n, left int) {
	n, longest := d.orderStops(ctx, say)
	return n, d.awaitEnds(ctx, longest+5*time.Second)
}

// orderStops ends reconciling and has the keeper stop everything that lives, each in its own way, what depends on others
// before them. It does not wait for the last ends; it returns how many there will be, and how long all may take.
func (d *Daemon) orderStops(ctx context.Context, say func(api.Line)) (n int, longest time.Duration) {
	d.stopOnce.Do(func() { close(d.stopping) })
	<-d.rested
	lives, _ := d.rt.Observe(ctx)
	s := d.planStops(lives)
	return d.stopAllOf(ctx, s, say), s.whole()
}

// howToStop is the present way to stop a life, or the one it was started with.
func (d *Daemon) howToStop(l reconcile.Observed) spec.Stop {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.specs[l.ID.Project]; s != nil {
		if p := process(s, l.ID.Process); p != nil {
			return p.Stop
		}
	}
	return l.Stop
}

// awaitEnds waits until nothing lives, and returns how many still do when limit is over.
func (d *Daemon) awaitEnds(ctx context.Context, limit time.Duration) (left int) {
	end := time.After(limit)
	for {
		left = 0
		lives, _ := d.rt.Observe(ctx)
		for _, l := range lives {
			if l.State == reconcile.Running || l.State == reconcile.Stopping {
				left++
			}
		}
		if left == 0 {
			return 0
		}
		select {
		case <-d.rt.Pokes():
		case <-end:
			return left
		case <-ctx.Done():
			return left
		}
	}
}
