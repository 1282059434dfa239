// Package service is the second floor: kitt as a service. The daemon loads specs, reconciles, serves the API and
// copies logs; it holds no state that it cannot rebuild from the disk and the keeper's list.
package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/failpoint"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/reconcile/local"
	"kitt.sh/service/api"
	"kitt.sh/service/home"
	"kitt.sh/spec"
)

// A Daemon is one running kitt. Fill the exported fields, then call Run once.
type Daemon struct {
	Dirs    home.Dirs
	Version string
	Exe     string // how instances and the daemon itself call kitt again
	Image   string // the file that this process runs; Exe may be another by now. "" does not look
	Service bool   // a service manager brings a dead keeper back
	Up      bool   // of `kitt up`: spec files are not followed, what was applied is what runs
	Log     *slog.Logger
	Keeper  *keeper.Client
	API     net.Listener
	Load    Loader // reads a spec file apart from this process

	Screen func(s *api.Status, width int, colour bool) []byte // the text of `kitt status`; nil: there is none

	StartKeeper func() error                    // brings a dead keeper back
	StopService func(ctx context.Context) error // stops kitt's unit through its manager; nil without one, or where that may not be
	Drift       func(want *spec.Service) string // what of kitt's own service is not as it should be; nil: there is none to look at
	Comeback    string                          // why a service manager will bring this kitt back after a shutdown; "" where it will not

	rec      *reconcile.Reconciler
	rt       *local.Runtime
	events   *Events
	actions  fanout[*reconcile.Action]
	sample   sampler
	rest     rest
	watch    *watcher
	copies   *copies
	taps     *taps
	memory   *memory
	watching *watching
	history  *runs
	alarm    *alarm
	gaveups  *gaveups
	alerts   *alerts
	remarks  remarks
	witness  *keeper.Witness
	leave    context.CancelCauseFunc
	stopping chan struct{} // closed when kitt goes down: nothing is reconciled any more
	rested   chan struct{} // closed when reconciling has ended
	stopOnce sync.Once

	signalled  chan struct{} // closed when the keeper was told to end
	signalOnce sync.Once

	moving  moving
	calls   calls
	program program

	channels *channels

	probing    *probing
	drifts     drifts
	gate       *gate
	sampling   *sampling
	listening  *listening
	forwarding *forwarding
	ui         *uiServer
	uiPokes    chan struct{}  // the page was opened
	background sync.WaitGroup // what answers the keeper; waited for at the end

	mu        sync.Mutex // guards what follows; held over a commit, so that verbs come one after the other
	intents   *reconcile.Intents
	specs     map[string]*spec.Spec // the last good one of each project
	troubles  map[string]*api.Trouble
	digests   reconcile.Digests
	fence     *fence
	fenced    bool            // another daemon has the state now
	lost      map[string]bool // see reconcile.World
	holdEnds  time.Time
	announced announced

	portsKept atomic.Pointer[map[int]bool] // see reserved
}

// Run serves until ctx ends or one of its parts fails. All parts have ended when it returns.
func (d *Daemon) Run(ctx context.Context) error {
	ctx, d.leave = context.WithCancelCause(ctx)
	defer d.leave(nil)
	if err := d.open(); err != nil {
		return err
	}
	defer d.close()
	defer d.background.Wait()
	return serve(ctx, d.listen, d.follow, d.reconcile, d.watch.run, d.copies.run, d.copies.compressor, d.expire, d.memory.run, d.watching.run, d.alarm.run, d.gate.run, d.sampling.run, d.ui.run,
		d.gaveups.run, d.alerts.run, d.probing.run, d.listening.run, d.forwarding.run)
}

// open reads the state and prepares the parts; nothing runs yet.
func (d *Daemon) open() (err error) {
	d.stopping, d.rested, d.signalled = make(chan struct{}), make(chan struct{}), make(chan struct{})
	d.troubles, d.specs, d.digests = map[string]*api.Trouble{}, map[string]*spec.Spec{}, reconcile.Digests{}
	if d.events, err = openEvents(d.Dirs.State); err != nil {
		d.Log.Warn("open events", "err", err) // it runs on without
	}
	d.readIntents()
	d.rt = local.New(d.Keeper, d.Dirs.Home, d.Exe, d.Dirs.Logs)
	d.rt.Ended = d.ended
	d.rt.Failed = func(o reconcile.Observed, text string) {
		d.events.add(api.Event{Kind: "error", ID: o.ID.String(), Reason: text})
	}
	d.channels = newChannels(d)
	d.rt.Say = d.channels.say
	d.probing = newProbing(d)
	d.rt.Invite = d.invite
	d.forwarding = newForwarding(d)
	d.rt.Drain = d.forwarding.drain
	d.rt.Reserved = d.reserved
	d.rec = reconcile.New(d.rt, d.Log)
	d.rec.Did = d.did
	d.taps = newTaps(d.Keeper)
	if d.witness, err = d.Keeper.Hold(context.Background(), d.Dirs.Run, d.channels.open); err != nil {
		d.Log.Warn("hold lives", "err", err) // it runs on; a keeper's death may then cost an exit status
	}
	failpoint.Here("daemon.open.held")
	d.copies, d.memory, d.watching = newCopies(d), newMemory(d), newWatching(d)
	d.remarks.d, d.gate, d.sampling, d.ui = d, newGate(d), newSampling(d), newUIServer(d)
	d.listening = newListening(d)
	d.uiPokes = make(chan struct{}, 1)
	d.gaveups, d.alerts = newGaveups(d), newAlerts(d)
	d.history, d.alarm = &runs{path: d.statePath("runs.jsonl")}, newAlarm(d.woke)
	if d.watch, err = newWatcher(d); err != nil {
		return err
	}
	d.readSpecs()
	d.events.add(api.Event{Kind: "daemon", Reason: "daemon started", PID: os.Getpid()})
	return nil
}

func (d *Daemon) close() {
	d.rest.end()
	d.fenceOff() // first: stop commands may last, and the next daemon must not wait for them
	d.rt.Close()
	d.channels.close()
	d.watch.close()
	d.events.Close()
}

// readIntents takes up what is wanted. Where it cannot be read, the file is kept beside its place: as long as it lies
// there, what runs of a project that nobody has applied since is left alone, also by the daemons to come.
func (d *Daemon) readIntents() {
	var err error
	if d.fence, err = takeFence(d.statePath("lock")); err != nil {
		d.Log.Warn("lock state", "err", err) // a state that cannot be written to: it runs on
	}
	d.lost = map[string]bool{}
	file := d.statePath("desired.json")
	bad := file + ".bad"
	if d.intents, err = reconcile.LoadIntents(file); err != nil {
		if e := os.Link(file, bad); errors.Is(e, fs.ErrNotExist) {
			_ = os.Link(file+".prev", bad)
		}
		d.unreadable("", err)
		return
	}
	if _, err := os.Lstat(bad); err != nil {
		return
	}
	d.unreadable("", fmt.Errorf("read intents: %s is left from before: what no spec wants runs on until it is removed and kitt restarted", bad))
	for name := range d.intents.Projects {
		d.lost[name] = false
	}
}

// readSpecs takes up the last good spec of every project, and has their files read again.
func (d *Daemon) readSpecs() {
	for name, p := range d.intents.Projects {
		s, err := readSpec(d.specPath(name), d.intents.Values[name])
		if err == nil && s.Project != name {
			err = fmt.Errorf("read spec: %s: it is not that of project %q", d.specPath(name), name)
		}
		if err != nil {
			d.unreadable(name, err)
			s = &spec.Spec{Project: name, File: p.File, Reads: []string{p.File}}
		}
		d.specs[name] = s
		d.gate.watch(name) // the daemon before this one may have died while it waited
		d.watch.follow(name, s.Reads)
		d.watch.poke(name)
	}
	d.rewant(nil)
}

// unreadable notes that it is not known what is wanted of a project, or with "" of any: what runs of it is left alone
// until an apply, or a readable spec file, tells.
func (d *Daemon) unreadable(project string, err error) {
	d.Log.Warn("read state", "err", err)
	d.events.add(api.Event{Kind: "error", ID: project, Reason: err.Error() + "; what runs is left alone"})
	d.lost[project] = true
}

// reconcile is the loop; it pauses for good once kitt goes down.
func (d *Daemon) reconcile(ctx context.Context) error {
	defer close(d.rested)
	if err := d.rt.Refresh(ctx); err != nil { // also where kitt goes down already: whoever stops the lives has to know them
		return fmt.Errorf("look at lives: %w", err)
	}
	d.events.caughtUp()
	failpoint.Here("daemon.open.refreshed")
	if d.goingDown() {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d.background.Go(func() { // ended by ctx
		select {
		case <-d.stopping:
			stop()
		case <-ctx.Done():
		}
	})
	err := d.rec.Run(ctx)
	if d.goingDown() {
		return nil
	}
	return err
}

// expire lifts the holds whose time is over.
func (d *Daemon) expire(ctx context.Context) error {
	for {
		d.mu.Lock()
		next := time.Time{}
		changed := d.holdEnds
		for _, p := range d.intents.Projects {
			if t := p.Expire(time.Now()); !t.IsZero() && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
		d.holdEnds = next
		if !changed.IsZero() && changed != next {
			d.rewant(nil)
		}
		d.mu.Unlock()
		if err := d.restUntil(ctx, next); err != nil {
			return err
		}
	}
}

// restUntil waits for next, for a commit, or for the end.
func (d *Daemon) restUntil(ctx context.Context, next time.Time) error {
	var due <-chan time.Time
	if !next.IsZero() {
		t := time.NewTimer(time.Until(next))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-due:
	case <-d.watch.committed:
	}
	return nil
}

func (d *Daemon) goingDown() bool {
	select {
	case <-d.stopping:
		return true
	default:
		return false
	}
}

// serve runs the parts; the first to return an error ends the others, and all have ended when it returns.
func serve(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var wg sync.WaitGroup
	for _, part := range parts {
		wg.Go(func() {
			if err := part(ctx); err != nil {
				stop(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}
