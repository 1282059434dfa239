package reconcile_test

import (
	"log/slog"
	"testing"
	"time"

	. "kitt.sh/reconcile"
	"kitt.sh/spec"
)

// A daemon that takes over in the middle of an edit replaces nothing before its turn.
func TestAnEditGoesOnInItsOrderUnderAnotherDaemon(t *testing.T) {
	both := func(run string) (out []Instance) {
		for i, name := range []string{"db", "web"} {
			p := spec.Defaults()
			p.Name, p.Command, p.Ready.HTTP = name, []string{"sleep"}, "http://127.0.0.1:1/"
			p.Ready.Within = time.Hour
			if name == "web" {
				p.DependsOn = map[string]string{"db": "started"}
			}
			out = append(out, Instance{ID: ID{Project: "shop", Process: name, N: 1}, Process: &p, Generation: 1, Run: run, Place: i})
		}
		return out
	}
	inBubble(t, func(b *bench) {
		b.r.Want(both("one"), nil)
		b.expect("at first", "start shop/db.1", "start shop/web.1")
		b.r.Want(both("two"), nil)
		b.expect("db is replaced, and web waits until it is ready", "stop shop/db.1", "start shop/db.1")
		b.stop()
		b.r = New(b.f, slog.New(slog.DiscardHandler))
		b.r.Did = b.note
		b.run()
		b.r.Want(both("two"), nil)
		time.Sleep(time.Minute)
		b.expect("it waits under the next one too")
		b.r.Want(both("three"), nil)
		b.expect("a further edit", "stop shop/db.1", "start shop/db.1")
	})
}
