package service

import (
	"context"
	"maps"
	"reflect"
	"strconv"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/probe"
)

// probing asks the processes with ready {} or alive {} how they are, and has what they answer noted at their lives, where
// reconcile.Judge reads it. It decides nothing about them. Where nothing that runs is asked, it sleeps.
type probing struct {
	d       *Daemon
	kick    chan struct{}
	sockets *sockets
	wg      sync.WaitGroup

	mu     sync.Mutex
	asked  map[string]*inquiry           // by life
	was    map[string]reconcile.Instance // by life that runs as before: what it was, where that had to be looked up
	looked bool                          // what an earlier daemon left was seen
	unwell map[reconcile.ID]bool         // instances of which it was told that they are unhealthy
}

// An inquiry is what is asked of one life, until that ends or is asked otherwise.
type inquiry struct {
	p     *probing
	life  reconcile.Observed // as it was when the asking began
	want  reconcile.Instance
	said  chan struct{} // the life has said something
	ready chan struct{} // closed when it is ready, or was not so in time
	once  sync.Once
	stop  context.CancelFunc
}

func newProbing(d *Daemon) *probing {
	return &probing{d: d, kick: make(chan struct{}, 1), sockets: newSockets(d), asked: map[string]*inquiry{}, was: map[string]reconcile.Instance{}, unwell: map[reconcile.ID]bool{}}
}

func (p *probing) poke() {
	if p == nil { // the daemon does not run yet
		return
	}
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// run asks until ctx ends, and waits for the questions under way.
func (p *probing) run(ctx context.Context) error {
	defer p.sockets.close()
	defer p.wg.Wait()
	for {
		changed := p.d.rec.Changed() // before looking: what comes later wakes
		if !p.keep(ctx) {
			changed = nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.kick:
		case <-changed:
		}
	}
}

// keep has an inquiry for each life that is to be asked, and for no other. It tells whether any process is to be asked at all.
func (p *probing) keep(ctx context.Context) (any bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, any := p.toAsk()
	for life, q := range p.asked {
		if next := now[life]; next == nil || !q.same(next) {
			q.stop()
			delete(p.asked, life)
		}
	}
	for life, q := range now {
		if p.asked[life] == nil {
			p.asked[life] = q
			var alone context.Context
			alone, q.stop = context.WithCancel(ctx)
			p.wg.Go(func() { q.run(alone) })
		}
	}
	p.sockets.keep(now)
	return any || !p.looked
}

// toAsk are the lives that are to be asked. Where a process asks for nothing, only what ran before it did so is looked for. The
// caller holds mu.
func (p *probing) toAsk() (now map[string]*inquiry, any bool) {
	now = map[string]*inquiry{}
	lives, asked := map[string]bool{}, map[reconcile.ID]bool{}
	for _, q := range p.asked {
		asked[q.life.ID] = true
	}
	for _, in := range p.d.rec.Wanted() {
		if in.Hold != "" || p.looked && !probed(in) && !asked[in.ID] {
			continue
		}
		any = any || probed(in)
		for _, l := range p.d.rec.Lives(in.ID) {
			if l.State != reconcile.Running {
				continue
			}
			lives[l.Life] = true
			if as, ok := p.askedAs(in, &l); ok && probed(as) {
				any = true
				p.d.rt.Began(l.Life, as)
				now[l.Life] = &inquiry{p: p, life: l, want: as, said: make(chan struct{}, 1), ready: make(chan struct{})}
			}
		}
	}
	maps.DeleteFunc(p.was, func(life string, _ reconcile.Instance) bool { return !lives[life] })
	p.looked = p.looked || len(lives) > 0
	return now, any
}

// same tells whether the same is asked of the same life.
func (q *inquiry) same(o *inquiry) bool {
	a, b := q.want.Process, o.want.Process
	return a == b || reflect.DeepEqual(a.Ready, b.Ready) && reflect.DeepEqual(a.Alive, b.Alive) && a.Restart.Policy == b.Restart.Policy
}

// of is the inquiry of a life, or nil.
func (p *probing) of(life string) *inquiry {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[life]
}

// heard notes that a life has said one of the things that it must say to be ready.
func (p *probing) heard(life, what string) {
	if err := p.d.rt.Said(context.Background(), life, what); err != nil {
		p.d.Log.Warn("note ready", "life", life, "err", err)
	}
	if q := p.of(life); q != nil {
		q.wake()
	}
}

func (q *inquiry) wake() {
	select {
	case q.said <- struct{}{}:
	default:
	}
}

// run asks until ctx ends.
func (q *inquiry) run(ctx context.Context) {
	defer q.stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	a := &q.want.Process.Alive
	for _, part := range []struct {
		on bool
		do func(context.Context)
	}{{true, q.untilReady}, {true, q.untilLate}, {q.want.Process.Ready.Log != "" && !q.life.Ready, q.listen}, {a.Asks(), q.whileAlive}, {a.Watchdog > 0, q.watchdog}, {a.StalledAfter > 0, q.stall}} {
		if part.on {
			wg.Go(func() { part.do(ctx) })
		}
	}
}

// anyTarget is what the questions are put to, whichever life answers.
func (q *inquiry) anyTarget() probe.Target {
	_, _, env := q.want.Process.For(q.want.ID.N)
	if q.life.Port > 0 {
		env["PORT"] = strconv.Itoa(q.life.Port)
	}
	return probe.Target{Env: func(name string) string { return env[name] }, Began: q.life.Started, Now: time.Now,
		Run: func(ctx context.Context, argv []string) (string, error) {
			return q.p.d.rt.Beside(ctx, q.life.Life, argv)
		}}
}

// event tells everybody.
func (q *inquiry) event(kind, reason string) {
	q.p.d.events.add(api.Event{Kind: kind, ID: q.life.ID.String(), Life: q.life.Life, Reason: reason})
}

// becomes closes ready, once.
func (q *inquiry) becomes() { q.once.Do(func() { close(q.ready) }) }

// rests waits; false means that ctx is over.
func rests(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
