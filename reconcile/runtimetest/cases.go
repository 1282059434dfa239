package runtimetest

import (
	"context"
	"os"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

func startShows(s *suite) {
	in := s.instance(s.p.Sleep())
	in.Generation = 7
	before := time.Now()
	s.start(in)
	l := s.one()
	id, gen, err := reconcile.ParseLife(l.Life)
	switch {
	case err != nil || id != s.id || gen != 7 || l.ID != s.id || l.Generation != 7:
		s.Errorf("the life %q (%v) is of %v, generation %d", l.Life, err, l.ID, l.Generation)
	case l.State != reconcile.Running || l.PID <= 0 || l.Asked || l.Adopted:
		s.Errorf("it does not run as its own: %+v", l)
	case l.Run != in.Run || l.Limits != reconcile.Limits(in.Process.Log) || l.Stop.Signal != "SIGTERM" || l.Stop.Timeout != patience:
		s.Errorf("it does not say what it was started with: %+v", l)
	case l.Started.Before(before.Add(-time.Second)) || l.Started.After(time.Now().Add(time.Second)):
		s.Errorf("it started at %s, now is %s", l.Started, time.Now())
	}
}

func startTwice(s *suite) {
	in := s.instance(s.p.Sleep())
	s.start(in)
	was := s.one()
	s.start(in)
	if is := s.one(); is.Life != was.Life || is.PID != was.PID {
		s.Errorf("%s became %s", was.Life, is.Life)
	}
}

func startBeside(s *suite) {
	in := s.instance(s.p.Sleep())
	s.start(in)
	was := s.one()
	in.Generation, in.Beside = in.Generation+1, true
	s.start(in)
	s.start(in)
	lives := s.observe(s.id)
	if len(lives) != 2 {
		s.Fatalf("%d lives, want 2: %+v", len(lives), lives)
	}
	for _, l := range lives {
		if l.State != reconcile.Running || l.Life == was.Life && l.PID != was.PID || l.Life != was.Life && l.Generation != in.Generation {
			s.Errorf("beside %s there is %+v", was.Life, l)
		}
	}
}

func observeOne(s *suite) {
	s.start(s.instance(s.p.Sleep()))
	other := s.instance(s.p.Sleep())
	other.ID.N = 2
	s.start(other)
	s.one()
	if n := len(s.observe()); n != 2 {
		s.Errorf("observe of all shows %d lives, want 2", n)
	}
	if n := len(s.observe(s.id, other.ID)); n != 2 {
		s.Errorf("observe of both shows %d lives, want 2", n)
	}
	if n := len(s.observe(reconcile.ID{Project: "shop", Process: "web", N: 3})); n != 0 {
		s.Errorf("observe of another shows %d lives, want 0", n)
	}
}

func exitSeen(s *suite) {
	s.start(s.instance(s.p.ExitWith(3)))
	s.awaitPoke()
	l := s.await(reconcile.Exited)
	if e := l.Exit; e.How != "exit" || e.Code != 3 || l.Asked || e.At.IsZero() || time.Since(e.At) > patience {
		s.Errorf("it ended %+v, asked %t; want exit 3, unasked, just now", e, l.Asked)
	}
}

func missing(s *suite) {
	in := s.instance(s.p.Missing())
	s.start(in)
	l := s.one()
	if l.State != reconcile.NoStart || l.Exit.How != "nostart" || l.Exit.Text == "" || l.Exit.At.IsZero() || l.PID != 0 {
		s.Errorf("got %+v, want NoStart with its reason", l)
	}
	if l.Run != in.Run || l.Generation != in.Generation {
		s.Errorf("it does not say what it was to be: %+v", l)
	}
	if !has(l.Exit.Text, "missing") && !has(l.Exit.Text, in.Process.Command[0]) {
		s.Errorf("%q does not name the program", l.Exit.Text)
	}
	s.forget(l.Life)
}

func (s *suite) forget(life string) {
	s.Helper()
	if err := s.rt.Forget(s.Context(), life); err != nil {
		s.Fatalf("forget: %v", err)
	}
	for _, l := range s.observe() {
		if l.Life == life {
			s.Fatalf("%s is still shown after it was forgotten", life)
		}
	}
}

func stopEnds(s *suite) {
	in := s.instance(s.p.Sleep())
	s.start(in)
	s.stop(in.Process.Stop, 0)
	if l := s.one(); !l.Asked || l.State == reconcile.Running {
		s.Errorf("the stop does not show: %+v", l)
	}
	s.awaitPoke()
	if l := s.await(reconcile.Exited); !l.Asked {
		s.Errorf("its end counts as a death: %+v", l)
	}
}

// stopKills tries again with more time, since a real program needs a while before it ignores anything.
func stopKills(s *suite) {
	how := spec.Stop{Signal: "SIGTERM", Timeout: 300 * time.Millisecond, KillMode: "tree"}
	for _, warm := range []time.Duration{50, 500, 3000} {
		s.start(s.instance(s.p.IgnoreTERM()))
		time.Sleep(warm * time.Millisecond)
		s.stop(how, 0)
		stopping := s.one()
		l := s.await(reconcile.Exited)
		if l.Exit.How == "signal" && l.Exit.Signal == "SIGKILL" {
			if stopping.Deadline.IsZero() || l.Exit.At.Before(stopping.Deadline.Add(-50*time.Millisecond)) || !l.Asked {
				s.Errorf("killed at %s, asked %t, the deadline was %s", l.Exit.At, l.Asked, stopping.Deadline)
			}
			return
		}
		s.forget(l.Life)
	}
	s.Error("it was never killed")
}

func stopTwice(s *suite) {
	in := s.instance(s.p.Sleep())
	s.start(in)
	life := s.one().Life
	for range 2 {
		if err := s.rt.Stop(s.Context(), life, in.Process.Stop, 0); err != nil {
			s.Errorf("stop: %v", err)
		}
	}
	s.await(reconcile.Exited)
	if err := s.rt.Stop(s.Context(), life, in.Process.Stop, 0); err != nil {
		s.Errorf("stop of what is over: %v", err)
	}
	if l := s.one(); l.State != reconcile.Exited {
		s.Errorf("it is in state %d after a stop of what was over", l.State)
	}
}

func stopAsked(s *suite) {
	in := s.instance(s.p.Sleep())
	s.start(in)
	began := time.Now()
	s.stop(in.Process.Stop, os.Getpid())
	if l := s.one(); l.State != reconcile.Stopping || !l.Asked {
		s.Errorf("it does not wait: %+v", l)
	}
	s.await(reconcile.Exited)
	if took := time.Since(began); took < 1500*time.Millisecond || took > 5*time.Second {
		s.Errorf("it ended after %s, want 2s", took)
	}
}

func gone(s *suite) {
	name := reconcile.LifeName(s.id, 1, "none")
	if err := s.rt.Stop(s.Context(), name, spec.Defaults().Stop, 0); err != nil {
		s.Errorf("stop: %v", err)
	}
	if err := s.rt.Forget(s.Context(), name); err != nil {
		s.Errorf("forget: %v", err)
	}
}

func forgetAlive(s *suite) {
	s.start(s.instance(s.p.Sleep()))
	was := s.one()
	_ = s.rt.Forget(s.Context(), was.Life) // it may say no
	if is := s.one(); is.Life != was.Life || is.State != reconcile.Running {
		s.Errorf("a living life was forgotten: %+v", is)
	}
}

func keeps(s *suite) {
	s.start(s.instance(s.p.ExitWith(0)))
	old := s.await(reconcile.Exited)
	s.start(s.instance(s.p.Sleep()))
	if n := len(s.observe(s.id)); n != 2 {
		s.Fatalf("%d lives, want the one that is over and the one that runs", n)
	}
	s.forget(old.Life)
	if l := s.one(); l.State != reconcile.Running || l.Life == old.Life {
		s.Errorf("the wrong one was forgotten: %+v", l)
	}
}

func carried(s *suite) {
	at := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
	h := reconcile.History{Before: 7, Restarts: 5, Last: reconcile.Exit{How: "signal", Signal: "SIGSEGV", At: at}}
	for i := range 100 {
		h.Deaths = append(h.Deaths, reconcile.Death{At: at.Add(time.Duration(i) * time.Second), Ran: time.Duration(i) * time.Millisecond})
	}
	if err := s.rt.Start(s.Context(), s.instance(s.p.Sleep()), h); err != nil {
		s.Fatal(err)
	}
	got := s.one().History
	last := got.Last
	if got.Before != 7 || got.Restarts != 5 || last.How != "signal" || last.Signal != "SIGSEGV" || !last.At.Equal(at) || len(got.Deaths) != 100 {
		s.Fatalf("got %+v", got)
	}
	for i, d := range got.Deaths {
		if !d.At.Equal(h.Deaths[i].At) || d.Ran != h.Deaths[i].Ran {
			s.Fatalf("death %d became %+v, was %+v", i, d, h.Deaths[i])
		}
	}
}

func tuned(s *suite) {
	in := s.instance(s.p.Sleep())
	s.start(in)
	was := s.one()
	p := *in.Process
	p.Log.MaxSize, p.Log.Keep = 1<<20, 2
	in.Process = &p
	if err := s.rt.Tune(s.Context(), was.Life, in); err != nil {
		s.Fatalf("tune: %v", err)
	}
	is := s.one()
	if is.Limits != reconcile.Limits(p.Log) {
		s.Errorf("limits are %q, want %q", is.Limits, reconcile.Limits(p.Log))
	}
	if is.Life != was.Life || is.PID != was.PID || is.Run != was.Run || is.State != reconcile.Running {
		s.Errorf("it became %+v, was %+v", is, was)
	}
}

func cancelled(s *suite) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_ = s.rt.Start(ctx, s.instance(s.p.Sleep()), reconcile.History{})
	for _, l := range s.observe(s.id) {
		if l.State == reconcile.Running {
			s.Errorf("it runs: %+v", l)
		}
	}
}
