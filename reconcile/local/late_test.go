package local

import (
	"context"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
)

// listKeeper has one life in its list, and takes every order.
type listKeeper struct{ life keeper.Life }

func (k listKeeper) List(context.Context) ([]keeper.Life, error) { return []keeper.Life{k.life}, nil }
func (listKeeper) Spawn(context.Context, keeper.Spawn) (keeper.Life, error) {
	return keeper.Life{}, nil
}
func (listKeeper) Stop(context.Context, keeper.StopOrder) error        { return nil }
func (listKeeper) Tune(context.Context, string, keeper.Log) error      { return nil }
func (listKeeper) SetMeta(context.Context, string, []byte) error       { return nil }
func (listKeeper) Forget(context.Context, string) error                { return nil }
func (listKeeper) Listen(context.Context, []keeper.Socket, bool) error { return nil }

// An exit that happens while the list is being read is in the list and in an event, and the event may come when the life
// has been forgotten already: it is told once, and does not come back.
func TestAnEndIsToldOnceThoughItsEventIsLate(t *testing.T) {
	l := keeper.Life{Name: "shop/web.1#1.a", State: keeper.Exited, Exit: keeper.Exit{How: "exit", Code: 3, At: time.Now()}}
	r := New(listKeeper{l}, "", "", "")
	told := 0
	r.Ended = func(reconcile.Observed) { told++ }
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Forget(t.Context(), l.Name); err != nil {
		t.Fatal(err)
	}
	r.Happened(keeper.Event{Kind: "exit", Life: l})
	if have, _ := r.Observe(t.Context()); told != 1 || len(have) != 0 {
		t.Errorf("told %d times, and there is %v", told, have)
	}
	next := l
	next.Name = "shop/web.1#1.b"
	r.Happened(keeper.Event{Kind: "exit", Life: next}) // overtakes the answer to its spawn
	if told != 2 {
		t.Errorf("the end of the next life was told %d times", told-1)
	}
}
