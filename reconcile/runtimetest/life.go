package runtimetest

import (
	"strconv"
	"strings"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// A life is one run in a Fake.
type life struct {
	reconcile.Observed
	f       *Fake
	program Program
	end     func() bool // calls off its own end, or the one a stop leads to
	gone    bool        // forgotten
}

func (l *life) alive() bool { return l.State == reconcile.Running || l.State == reconcile.Stopping }

// life finds a life by its name, or nil. The caller holds mu.
func (f *Fake) life(name string) *life {
	id, _, err := reconcile.ParseLife(name)
	if err != nil {
		return nil
	}
	return f.lives[id][name]
}

// start begins a life. The caller holds mu.
func (f *Fake) start(in reconcile.Instance, h reconcile.History) {
	for _, l := range f.lives[in.ID] {
		if l.alive() && (!in.Beside || l.Generation == in.Generation && l.Run == in.Run) {
			f.count.Twins++
			return
		}
	}
	f.calls["life "+in.ID.String()]++
	nonce := strconv.Itoa(f.calls["life "+in.ID.String()])
	l := &life{f: f, Observed: reconcile.Observed{ID: in.ID, Life: reconcile.LifeName(in.ID, in.Generation, nonce),
		Generation: in.Generation, Run: in.Run, Limits: reconcile.Limits(in.Process.Log), Stop: in.Process.Stop,
		State: reconcile.Running, PID: 1000 + f.born, Started: f.Now(), History: h}}
	l.program = f.program(in, l.Life)
	if f.lives[in.ID] == nil {
		f.lives[in.ID] = map[string]*life{}
	}
	f.lives[in.ID][l.Life] = l
	f.past[l.ID] = append(f.past[l.ID], l)
	f.born++
	l.begin()
}

func (l *life) begin() {
	p := l.program
	switch {
	case p.Missing != "":
		l.State, l.PID = reconcile.NoStart, 0
		l.Exit = reconcile.Exit{How: "nostart", Text: p.Missing, Retry: p.Retry, At: l.Started}
		l.tell()
	default:
		l.found(p)
	}
	if p.Lasts > 0 && l.alive() {
		e := p.Exit
		if e.How == "" {
			e.How = "exit"
		}
		l.end = l.f.After(p.Lasts, func() { l.over(e) })
	}
}

// found notes what probes find out about it, when they do.
func (l *life) found(p Program) {
	note := func(d time.Duration, change func()) {
		if d <= 0 {
			return
		}
		l.f.After(d, func() {
			l.f.mu.Lock()
			n := 0
			if l.State == reconcile.Running {
				change()
				n = l.f.times("found " + l.Life)
			}
			l.f.mu.Unlock()
			for range n {
				select {
				case l.f.pokes <- l.ID:
				default:
				}
			}
		})
	}
	note(p.Ready, func() { l.Ready = true })
	note(p.Sick, func() { l.Observed.Sick = reconcile.ReasonSick + "it does not answer" })
}

// stop has the life end: after its asker, who is believed to need the whole 2 s, or at the deadline.
func (l *life) stop(how spec.Stop, asker int) {
	if l.State != reconcile.Running {
		return
	}
	if l.end != nil {
		l.end()
	}
	wait := time.Duration(0)
	if asker != 0 {
		wait = 2 * time.Second
	}
	now := l.f.Now()
	l.State, l.Asked, l.Deadline = reconcile.Stopping, true, now.Add(wait+how.Timeout)
	after, e := wait+l.program.Slow, reconcile.Exit{How: "signal", Signal: how.Signal}
	if l.program.Deaf || after > wait+how.Timeout {
		after, e.Signal = wait+how.Timeout, "SIGKILL"
	}
	// At the very least it takes a moment, in which a bubble's time must move: so it can be told what came first.
	l.end = l.f.After(max(after, time.Microsecond), func() { l.over(e) })
}

// Kill ends the life of an instance now, unasked, and pokes. It tells whether there was one.
func (f *Fake) Kill(id reconcile.ID, e reconcile.Exit) bool {
	f.mu.Lock()
	var found *life
	for _, l := range f.lives[id] {
		if l.State == reconcile.Running {
			found = l
		}
	}
	f.mu.Unlock()
	if found != nil {
		found.over(e)
	}
	return found != nil
}

// Twin begins a second life of an instance, as no Runtime should.
func (f *Fake) Twin(in reconcile.Instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	held := f.lives[in.ID]
	delete(f.lives, in.ID)
	f.start(in, reconcile.History{})
	for name, l := range held {
		f.lives[in.ID][name] = l
	}
}

// over ends the life, and pokes as chance has it.
func (l *life) over(e reconcile.Exit) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	if !l.alive() {
		return
	}
	if l.end != nil {
		l.end()
	}
	e.At = l.f.Now()
	l.State, l.Exit = reconcile.Exited, e
	l.tell()
	for range l.f.times(l.Life) {
		select {
		case l.f.pokes <- l.ID:
		default: // nobody reads them: as good as lost
		}
	}
}

func (l *life) tell() {
	if l.f.Ended != nil {
		l.f.Ended(l.Observed)
	}
}

// times is how often a poke comes. The caller holds mu.
func (f *Fake) times(on string) int {
	switch {
	case f.chance("lose", on, f.Lose):
		return 0
	case f.chance("double", on, f.Double):
		return 2
	}
	return 1
}

// Poke has an instance looked at; the zero ID is all.
func (f *Fake) Poke(id reconcile.ID) { f.pokes <- id }

func (f *Fake) program(in reconcile.Instance, name string) Program {
	if f.Programs != nil {
		return f.Programs(in, name)
	}
	return parse(in.Process.Command)
}

// parse reads the argv of FakePrograms, with an optional "after DURATION" behind an exit.
func parse(argv []string) (p Program) {
	switch word := strings.Join(argv, " "); {
	case argv[0] == "exit":
		p.Exit = reconcile.Exit{How: "exit"}
		p.Exit.Code, _ = strconv.Atoi(argv[1])
		p.Lasts = time.Millisecond
		if len(argv) > 3 {
			p.Lasts, _ = time.ParseDuration(argv[3])
		}
	case word == "deaf":
		p.Deaf = true
	case word == "missing":
		p.Missing = `find "missing": not in the PATH`
	}
	return p
}

// FakePrograms is what a Fake runs for the suite.
type FakePrograms struct{}

func (FakePrograms) Sleep() []string         { return []string{"sleep"} }
func (FakePrograms) ExitWith(n int) []string { return []string{"exit", strconv.Itoa(n)} }
func (FakePrograms) IgnoreTERM() []string    { return []string{"deaf"} }
func (FakePrograms) Missing() []string       { return []string{"missing"} }
