package local

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
)

// A scripted keeper answers as it is told.
type scripted struct {
	lives  []keeper.Life
	list   func() // called while the list is read
	spawn  func(ctx context.Context, s keeper.Spawn) (keeper.Life, error)
	err    error // of every other call
	orders []keeper.StopOrder
	meta   []byte
	forgot []string
}

func (s *scripted) Spawn(ctx context.Context, o keeper.Spawn) (keeper.Life, error) {
	if s.spawn != nil {
		return s.spawn(ctx, o)
	}
	return keeper.Life{Name: o.Life, State: keeper.Running, PID: 7, Started: time.Now(), Meta: o.Meta}, s.err
}

func (s *scripted) Stop(_ context.Context, o keeper.StopOrder) error {
	s.orders = append(s.orders, o)
	return s.err
}
func (s *scripted) Tune(context.Context, string, keeper.Log) error { return s.err }
func (s *scripted) SetMeta(_ context.Context, _ string, meta []byte) error {
	s.meta = meta
	return s.err
}
func (s *scripted) Listen(context.Context, []keeper.Socket, bool) error { return s.err }
func (s *scripted) Forget(_ context.Context, life string) error {
	s.forgot = append(s.forgot, life)
	return s.err
}
func (s *scripted) List(context.Context) ([]keeper.Life, error) {
	lives := append([]keeper.Life(nil), s.lives...)
	if s.list != nil {
		s.list()
	}
	return lives, s.err
}

// with is a Runtime on k that has read its list.
func with(t *testing.T, k *scripted) *Runtime {
	r := New(k, "/home", "/kitt", "/logs")
	if err := r.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStopIsOrderedOnceAndAgainOnlyAfterAnError(t *testing.T) {
	k := &scripted{}
	r := with(t, k)
	in := instance("/", "true")
	l := up(t, r, in)
	k.err = keeper.ErrClosed
	if err := r.Stop(context.Background(), l.Life, in.Process.Stop, 0); err == nil {
		t.Fatal("the keeper was not there, and Stop said nothing")
	}
	if o := one(t, r, in.ID); o.State != reconcile.Running || o.Asked {
		t.Fatalf("it was not stopped, and shows %+v", o)
	}
	k.err = nil
	for range 3 {
		if err := r.Stop(context.Background(), l.Life, in.Process.Stop, 0); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.orders) != 2 {
		t.Errorf("%d orders, want the one that failed and one more", len(k.orders))
	}
}

func TestWhatTheKeeperNoLongerHasIsNoError(t *testing.T) {
	k := &scripted{}
	r := with(t, k)
	in := instance("/", "true")
	life := up(t, r, in).Life
	k.err = keeper.ErrUnknown
	ctx := context.Background()
	if err := r.Tune(ctx, life, in); err != nil {
		t.Errorf("tune: %v", err)
	}
	if err := r.Stop(ctx, life, in.Process.Stop, 0); err != nil {
		t.Errorf("stop: %v", err)
	}
	r.Happened(keeper.Event{Kind: "exit", Life: keeper.Life{Name: life, State: keeper.Exited}})
	if err := r.Forget(ctx, life); err != nil {
		t.Errorf("forget: %v", err)
	}
	if lives, _ := r.Observe(ctx); len(lives) != 0 || len(r.worlds) != 0 {
		t.Errorf("%d lives and %d worlds are left", len(lives), len(r.worlds))
	}
}

func TestForgetAsksNobodyAboutWhatLives(t *testing.T) {
	k := &scripted{}
	r := with(t, k)
	life := up(t, r, instance("/", "true")).Life
	if err := r.Forget(context.Background(), life); err != nil || len(k.forgot) > 0 {
		t.Errorf("%v, forgot %v; its end would never be judged", err, k.forgot)
	}
}

func TestTuneCarriesTheStopAndAnOlderEventDoesNotTakeItBack(t *testing.T) {
	k := &scripted{}
	r := with(t, k)
	in := instance("/", "true")
	h := reconcile.History{Restarts: 3}
	if err := r.Start(context.Background(), in, h); err != nil {
		t.Fatal(err)
	}
	l := one(t, r, in.ID)
	before := keeper.Life{Name: l.Life, State: keeper.Running, Meta: newMeta(in, h).bytes()}
	p := *in.Process
	p.Log.Keep, p.Stop.Signal, p.Stop.Command = 77, "SIGINT", []string{"true"}
	in.Process, in.Run = &p, "another"
	if err := r.Tune(context.Background(), l.Life, in); err != nil {
		t.Fatal(err)
	}
	r.Happened(keeper.Event{Kind: "stalled", Life: before})
	again := with(t, &scripted{lives: []keeper.Life{{Name: l.Life, State: keeper.Running, Meta: k.meta}}})
	for who, r := range map[string]*Runtime{"this daemon": r, "the next": again} {
		o := one(t, r, in.ID)
		if o.Stop.Signal != "SIGINT" || o.Limits != reconcile.Limits(p.Log) || o.Run != l.Run || o.History.Restarts != 3 {
			t.Errorf("%s sees %+v", who, o)
		}
		if w := r.world(o); w.Cwd != "/" || w.Env["HOME"] != "/" && who == "this daemon" { // the next asks the process, which this one has not
			t.Errorf("%s would run the stop command in %+v", who, w)
		}
	}
}

func TestRefreshLosesNothingThatHappensMeanwhile(t *testing.T) {
	k := &scripted{}
	r := with(t, k)
	gone, ends, begins, never := instance("/", "true"), instance("/", "true"), instance("/", "true"), instance("/nosuch", "true")
	gone.ID.N, ends.ID.N, begins.ID.N, never.ID.N = 1, 2, 3, 4
	up(t, r, gone)
	end := up(t, r, ends)
	up(t, r, never)
	k.lives = []keeper.Life{{Name: end.Life, State: keeper.Running}}
	k.list = func() {
		r.Happened(keeper.Event{Kind: "exit", Life: keeper.Life{Name: end.Life, State: keeper.Exited}})
		up(t, r, begins)
	}
	if err := r.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if lives, _ := r.Observe(context.Background(), gone.ID); len(lives) != 0 {
		t.Errorf("the keeper has it no more: %+v", lives)
	}
	for want, id := range map[reconcile.State]reconcile.ID{reconcile.Exited: ends.ID, reconcile.Running: begins.ID, reconcile.NoStart: never.ID} {
		if o := one(t, r, id); o.State != want {
			t.Errorf("%s is in state %d, want %d", id, o.State, want)
		}
	}
}

func TestPokesThatNobodyReadsBecomeOneAboutAll(t *testing.T) {
	r := with(t, &scripted{})
	life := up(t, r, instance("/", "true")).Life
	for range 10_000 {
		r.Happened(keeper.Event{Kind: "resumed", Life: keeper.Life{Name: life, State: keeper.Running}})
	}
	all := false
	for n := len(r.Pokes()); n > 0; n-- {
		all = <-r.Pokes() == reconcile.ID{} || all
	}
	if !all {
		t.Error("pokes were lost, and none is about all")
	}
}

func TestAStartIsWaitedForThoughItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := with(t, &scripted{spawn: func(ctx context.Context, s keeper.Spawn) (keeper.Life, error) {
		cancel() // what was sent is carried out
		return keeper.Life{Name: s.Life, State: keeper.Running}, ctx.Err()
	}})
	in := instance("/", "true")
	if err := r.Start(ctx, in, reconcile.History{}); err != nil {
		t.Fatal(err)
	}
	one(t, r, in.ID)
}

func TestWhatPassesByItselfIsTriedAgain(t *testing.T) {
	for _, row := range []struct {
		name  string
		err   error
		retry bool
		lost  bool // no life in NoStart: Start fails
	}{
		{"too many processes", &keeper.Error{Stage: "fork", Errno: syscall.EAGAIN, Text: "fork: try again"}, true, false},
		{"no room for the record", &keeper.Error{Stage: "record", Errno: syscall.ENOSPC, Text: "record: no space"}, true, false},
		{"a program that is being written", &keeper.Error{Stage: "exec", Errno: syscall.ETXTBSY, Text: "exec: text file busy"}, true, false},
		{"a folder that was taken away", &keeper.Error{Stage: "chdir", Errno: syscall.ENOENT, Text: "chdir: no such file"}, false, false},
		{"a record that is too large", &keeper.Error{Stage: "spawn", Text: "spawn: meta is larger than 32 KiB"}, false, false},
		{"a keeper that is gone", keeper.ErrClosed, false, true},
		{"a newer daemon", keeper.ErrFenced, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := with(t, &scripted{spawn: func(context.Context, keeper.Spawn) (keeper.Life, error) { return keeper.Life{}, row.err }})
			in := instance("/", "true")
			err := r.Start(context.Background(), in, reconcile.History{})
			if row.lost {
				if lives, _ := r.Observe(context.Background()); err == nil || len(lives) > 0 {
					t.Errorf("%v, lives %+v", err, lives)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if e := one(t, r, in.ID).Exit; e.Text != row.err.Error() || e.Retry != row.retry {
				t.Errorf("%+v, want retry %t", e, row.retry)
			}
			if strings.Contains(one(t, r, in.ID).Exit.Hint, "interpreter") {
				t.Error("the hint is about another cause")
			}
		})
	}
}
