package service

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/runtimetest"
	"kitt.sh/service/api"
)

// A daemon may die between the end of a life and its event, or between the event and the keeper's word that the life is
// forgotten: either way the next one finds the life in the list, and each end is told once.
func TestEachEndIsToldOnce(t *testing.T) {
	dir := t.TempDir()
	end := func(life string, at time.Time) reconcile.Observed {
		id, gen, err := reconcile.ParseLife(life)
		if err != nil {
			t.Fatal(err)
		}
		return reconcile.Observed{ID: id, Life: life, Generation: gen, State: reconcile.Exited, PID: 7, Exit: reconcile.Exit{How: "exit", Code: 3, At: at}}
	}
	daemon := func() *Daemon {
		e, err := openEvents(dir)
		if err != nil {
			t.Fatal(err)
		}
		return &Daemon{events: e, rec: reconcile.New(runtimetest.NewFake(), slog.New(slog.DiscardHandler)), Log: slog.New(slog.DiscardHandler)}
	}
	d := daemon()
	d.events.add(api.Event{Kind: "daemon"})
	f, err := os.OpenFile(dir+"/events.jsonl", os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"life":"torn` + "\n") // as a full disk leaves it
	f.Close()
	at := time.Now()
	d.ended(end("shop/web.1#1.a", time.Now()))
	d.events.Close()

	d = daemon()
	for _, o := range []reconcile.Observed{
		end("shop/web.1#1.a", at),                 // told by the one before
		end("shop/web.1#1.b", time.Now()),         // ended while there was none
		end("shop/old.1#1.c", at.Add(-time.Hour)), // long ago: what told it was dropped since
	} {
		d.ended(o)
	}
	d.events.caughtUp()
	d.ended(end("shop/web.1#1.d", time.Now())) // ends under its eyes
	got := map[string]int{}
	for _, ev := range d.events.tail(100) {
		if ev.Kind == "exit" {
			got[ev.Life]++
		}
	}
	d.events.Close()
	for life, n := range map[string]int{"shop/web.1#1.a": 1, "shop/web.1#1.b": 1, "shop/old.1#1.c": 0, "shop/web.1#1.d": 1} {
		if got[life] != n {
			t.Errorf("the end of %s was told %d times, want %d", life, got[life], n)
		}
	}
	if _, err := os.Stat(dir + "/events.jsonl"); err != nil {
		t.Fatal(err)
	}
}
