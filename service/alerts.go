package service

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/notify"
	"kitt.sh/spec"
)

// alerts follows the event log for the notify blocks of all projects, and sends what they ask for. Where there is no block
// it only waits for one. What each block knows lies in state/notify.json, so that the next daemon goes on from there.
type alerts struct {
	d      *Daemon
	kick   chan struct{}
	done   chan delivery
	flying map[string]bool   // blocks with a message under way
	blocks map[string]*block // of run alone
	off    atomic.Bool       // another daemon has the state now

	mu     sync.Mutex               // guards what follows
	states map[string]*notify.State // by project/name
}

// A block is one notify block, and what its secrets are looked up in.
type block struct {
	spec.Notify
	project string
	env     map[string]string
}

// A delivery is how the sending of a block's message went.
type delivery struct {
	key string
	err error
}

func newAlerts(d *Daemon) *alerts {
	return &alerts{d: d, kick: make(chan struct{}, 1), done: make(chan delivery), flying: map[string]bool{}}
}

// poke has the blocks read anew.
func (a *alerts) poke() {
	if a == nil {
		return
	}
	select {
	case a.kick <- struct{}{}:
	default:
	}
}

// end leaves the state to the next daemon: nothing is kept or sent any more.
func (a *alerts) end() {
	if a != nil {
		a.off.Store(true)
	}
}

// run follows until ctx ends. It waits for what it sends.
func (a *alerts) run(ctx context.Context) error {
	var sending sync.WaitGroup
	defer sending.Wait()
	for {
		if a.find(); len(a.blocks) > 0 {
			a.follow(ctx, &sending)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.kick:
		}
	}
}

// follow takes events in as long as there are blocks.
func (a *alerts) follow(ctx context.Context, sending *sync.WaitGroup) {
	live, stop := a.d.events.live.listen()
	defer stop()
	a.load()
	last := a.catchUp()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for len(a.blocks) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-a.kick:
			a.changed()
		case ev := <-live:
			last = a.next(ev, last)
		case r := <-a.done:
			a.delivered(r)
		case <-timer.C:
		}
		if wake := a.advance(ctx, sending); wake.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(max(time.Until(wake), 0))
		}
	}
	for range a.flying { // nobody wants to know any more, but they are waited for
		select {
		case r := <-a.done:
			delete(a.flying, r.key)
		case <-ctx.Done():
			return
		}
	}
}

// find lists the blocks of all projects but those that are held as a whole.
func (a *alerts) find() {
	a.d.mu.Lock()
	defer a.d.mu.Unlock()
	a.blocks = map[string]*block{}
	for name, s := range a.d.specs {
		if p := a.d.intents.Projects[name]; p != nil && p.Down == nil && !a.d.fenced {
			for _, n := range s.Notify {
				a.blocks[name+"/"+n.Name] = &block{n, name, p.Request.Env}
			}
		}
	}
}

// changed takes up an edit of the blocks: one that is new begins now, and what could not be sent is tried anew.
func (a *alerts) changed() {
	before := a.blocks
	a.find()
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, b := range a.blocks {
		switch was := before[key]; {
		case was == nil:
			a.begin(key)
		case len(spec.DiffNotify([]spec.Notify{was.Notify}, []spec.Notify{b.Notify})) > 0 || !maps.Equal(was.env, b.env):
			a.states[key].Retry()
		}
	}
	maps.DeleteFunc(a.states, func(key string, _ *notify.State) bool { return a.blocks[key] == nil })
	a.save()
}

// begin makes the state of a block that is new: the past is none of its business. The caller holds mu.
func (a *alerts) begin(key string) {
	if a.states[key] == nil {
		a.states[key] = &notify.State{Cursor: a.d.events.last()}
	}
}

// load reads what the daemon before this one knew.
func (a *alerts) load() {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := map[string]*notify.State{}
	if b, err := os.ReadFile(a.d.statePath("notify.json")); err == nil {
		if err := json.Unmarshal(b, &kept); err != nil {
			a.d.Log.Warn("read alerts", "err", err)
		}
	}
	a.states = map[string]*notify.State{}
	for key := range a.blocks {
		if s := kept[key]; s != nil {
			a.states[key] = s
		}
		a.begin(key)
		if s := a.states[key]; s.Cursor > a.d.events.last() { // the log began anew
			s.Cursor = a.d.events.last()
		}
	}
	a.save()
}

// save keeps the states. The caller holds mu.
func (a *alerts) save() {
	if a.off.Load() {
		return
	}
	b, err := json.Marshal(a.states)
	if err == nil {
		err = reconcile.Replace(a.d.statePath("notify.json"), b, false)
	}
	if err != nil {
		a.d.Log.Warn("save alerts", "err", err)
	}
}

// catchUp takes in what happened since the oldest cursor, and returns the number of the last event.
func (a *alerts) catchUp() uint64 {
	last := a.d.events.last()
	oldest := last
	for _, s := range a.states {
		oldest = min(oldest, s.Cursor)
	}
	if oldest < last {
		a.take(a.d.events.between(oldest, last))
	}
	return last
}

// next takes in an event, after those before it that were missed.
func (a *alerts) next(ev *api.Event, last uint64) uint64 {
	if ev.Seq <= last {
		return last
	}
	if ev.Seq > last+1 {
		a.take(a.d.events.between(last, ev.Seq-1))
	}
	a.take([]api.Event{*ev})
	return ev.Seq
}

// take takes in events. What a block makes of them is on the disk before anything is sent.
func (a *alerts) take(events []api.Event) {
	some := false
	for _, ev := range events {
		id, err := reconcile.ParseID(ev.ID)
		f, ok := factOf(ev, a.d.processOf(id))
		some = a.tell(ev.Seq, id, f, ok && err == nil) || some
	}
	if some {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.save()
	}
}

// tell gives a fact to the blocks that it is news to, and returns whether it was to any.
func (a *alerts) tell(seq uint64, id reconcile.ID, f notify.Fact, ok bool) (some bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, b := range a.blocks {
		s := a.states[key]
		if s == nil || seq <= s.Cursor {
			continue
		}
		s.Cursor = seq
		if ok && b.means(id) {
			s.Hold(time.Now(), s.Take(&b.Notify, f))
			some = true
		}
	}
	return some
}

// advance sends what is due, and returns when more will be.
func (a *alerts) advance(ctx context.Context, sending *sync.WaitGroup) (wake time.Time) {
	if a.d.goingDown() || a.off.Load() {
		return wake
	}
	due, fresh, wake := a.due(time.Now())
	if len(fresh) > 0 {
		for key, m := range fresh { // that may take a while, and others look at the states
			a.d.lastWords(m.Alerts, a.blocks[key].Lines)
		}
		a.mu.Lock()
		a.save()
		a.mu.Unlock()
	}
	for _, key := range due {
		a.flying[key] = true
		b, m := a.blocks[key], *a.states[key].Out
		sending.Go(func() { // ended by ctx, or by the timeout of its block
			err := b.send(ctx, m)
			select {
			case a.done <- delivery{key, err}:
			case <-ctx.Done():
			}
		})
	}
	return wake
}

// due lists the blocks whose message is to be sent now, those of which it is new, and when to look again.
func (a *alerts) due(now time.Time) (due []string, fresh map[string]*notify.Message, wake time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fresh = map[string]*notify.Message{}
	for _, key := range slices.Sorted(maps.Keys(a.blocks)) {
		b, s := a.blocks[key], a.states[key]
		had := s.Out != nil
		send, at := s.Due(&b.Notify, now)
		if !at.IsZero() && (wake.IsZero() || at.Before(wake)) {
			wake = at
		}
		if send && !a.flying[key] {
			due = append(due, key)
		}
		if !had && s.Out != nil {
			fresh[key] = s.Out
		}
	}
	return due, fresh, wake
}

// send takes a message to a block's target.
func (b *block) send(ctx context.Context, m notify.Message) error {
	t, err := notify.Resolve(ctx, b.Notify, b.env)
	if err != nil {
		return err
	}
	_, err = t.Send(ctx, m.Written(hostname()))
	return err
}

// delivered notes how a sending went. People are told once where a target cannot be reached.
func (a *alerts) delivered(r delivery) {
	delete(a.flying, r.key)
	a.mu.Lock()
	b, s := a.blocks[r.key], a.states[r.key]
	if b == nil || s == nil {
		a.mu.Unlock()
		return
	}
	news := s.Tried(time.Now(), r.err)
	a.save()
	a.mu.Unlock()
	if news != "" {
		a.d.events.add(api.Event{Kind: "notify", ID: b.project, Reason: "notify " + b.Name + ": " + news})
	}
}

// means tells whether an instance is one that a block is about.
func (b *block) means(id reconcile.ID) bool { return matches(b.Processes, b.project, id) }

// hostname is what this machine calls itself.
func hostname() string {
	name, _ := os.Hostname()
	return name
}
