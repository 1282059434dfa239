package reconcile_test

import (
	"context"
	"errors"
	"iter"

	. "kitt.sh/reconcile"
	"kitt.sh/spec"
)

// A port is the way of one daemon to the Fake. An action that is under way is a coroutine: at each verb it may halt
// before the verb takes effect, and again before its answer comes, while anything else happens; the verb may fail,
// or take effect and its answer be lost. A daemon that dies leaves its verbs where they are: each was on its way, and
// takes effect, or was not.
type port struct {
	s    *sim
	dead bool // another daemon has claimed the runtime: whatever this one still asks for is refused
}

// pending is an action that was decided on and is not over yet.
type pending struct {
	id     ID
	do     []Action
	resume func() (struct{}, bool) // nil: not begun
	stop   func()
	halt   func(struct{}) bool
	onWay  func() // the effect of the verb that was sent and not carried out
	had    bool   // the last life was known when it began
}

var (
	errFails = errors.New("the simulation has it fail")
	errLost  = errors.New("the simulation loses the answer")
	errDead  = errors.New("fenced: another daemon is in charge")
)

// begin makes an action a coroutine.
func (s *sim) begin(a *pending) {
	r := s.r
	a.had = s.known(a.id)
	a.resume, a.stop = iter.Pull(func(yield func(struct{}) bool) {
		a.halt = yield
		r.Act(s.ctx, a.id, a.do)
	})
}

// verb carries out one verb, with what may befall it.
func (p *port) verb(effect func() error) error {
	s, a := p.s, p.s.acting
	if p.dead {
		return errDead
	}
	if !p.halts(a, func() { _ = effect() }) {
		return errDead
	}
	if s.chance(s.fails) {
		return errFails
	}
	err := effect()
	if !p.halts(a, nil) {
		return errDead
	}
	if s.chance(s.loses) {
		return errLost
	}
	return err
}

// halts lets an action wait a few steps, or none. It is false if the daemon died meanwhile.
func (p *port) halts(a *pending, onWay func()) bool {
	if a == nil || p.s.calm {
		return true
	}
	a.onWay = onWay
	for range max(p.s.rand.IntN(4)-1, 0) {
		if !a.halt(struct{}{}) || p.dead {
			return false
		}
	}
	a.onWay = nil
	return true
}

func (p *port) Observe(ctx context.Context, ids ...ID) ([]Observed, error) {
	if p.dead {
		return nil, errDead
	}
	if p.s.chance(p.s.fails) {
		return nil, errFails
	}
	lives, err := p.s.f.Observe(ctx, ids...)
	if p.s.chance(p.s.loses) { // it takes its time, in which the world moves on
		p.s.clock.run(p.s.random(50))
	}
	p.s.sees(ids, lives)
	return lives, err
}

func (p *port) Start(ctx context.Context, in Instance, h History) error {
	return p.verb(func() error { return p.s.f.Start(ctx, in, h) })
}

func (p *port) Stop(ctx context.Context, life string, how spec.Stop, asker int) error {
	p.s.asksFor(p, life, asker)
	err := p.verb(func() error { return p.s.f.Stop(ctx, life, how, asker) })
	if err == nil {
		p.s.stopped(p, life)
	}
	return err
}

func (p *port) Tune(ctx context.Context, life string, in Instance) error {
	return p.verb(func() error { return p.s.f.Tune(ctx, life, in) })
}

func (p *port) Forget(ctx context.Context, life string) error {
	return p.verb(func() error { return p.s.f.Forget(ctx, life) })
}

func (p *port) Pokes() <-chan ID { return p.s.f.Pokes() }
