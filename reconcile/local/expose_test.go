package local

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// exposed is an instance with expose.
func exposed(n int) reconcile.Instance {
	in := instance("/", "true")
	in.Process.Expose = "tcp://127.0.0.1:8080"
	in.ID.N = n
	return in
}

// portOf is the PORT that a spawn was given.
func portOf(s keeper.Spawn) (port int) {
	for _, kv := range s.Env {
		if v, ok := strings.CutPrefix(kv, "PORT="); ok {
			port, _ = strconv.Atoi(v)
		}
	}
	return port
}

// Each life has a port of its own: another than those that live or are about to, the same one once it is free again; and none
// that somebody else has, or is to have.
func TestEachLifeHasItsOwnPort(t *testing.T) {
	var got []int
	k := &scripted{}
	k.spawn = func(_ context.Context, s keeper.Spawn) (keeper.Life, error) {
		got = append(got, portOf(s))
		return keeper.Life{Name: s.Life, State: keeper.Running, PID: 7, Started: time.Now(), Meta: s.Meta}, nil
	}
	r := with(t, k)
	first := up(t, r, exposed(1))
	if first.Port == 0 || first.Port != got[0] {
		t.Fatalf("PORT=%d, and the life has %d", got[0], first.Port)
	}
	next := exposed(1)
	next.Beside, next.Generation = true, 2
	if err := r.Start(context.Background(), next, reconcile.History{}); err != nil {
		t.Fatal(err)
	}
	up(t, r, exposed(2))
	if got[1] == got[0] || got[2] == got[1] || got[2] == got[0] {
		t.Errorf("three that live have %v", got)
	}
	l := k.lives
	k.lives = append(l, keeper.Life{Name: first.Life, State: keeper.Exited, Meta: metaOf(&first).bytes(), Exit: keeper.Exit{How: "exit", At: time.Now()}})
	if err := r.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(context.Background(), exposed(1), reconcile.History{}); err != nil || got[3] != got[0] {
		t.Errorf("%v: the first is over, and its port %d is not had again: %d", err, got[0], got[3])
	}
}

func TestAPortThatIsTakenIsPassedOver(t *testing.T) {
	r := with(t, &scripted{})
	free, err := r.given(exposed(1), "shop/web.1#1.a")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.given(exposed(1), "shop/web.1#1.b"); again == free {
		t.Errorf("two that are about to begin have %d", free)
	}
	r.ungive("shop/web.1#1.a")
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(free))
	if err != nil {
		t.Skip("somebody else took it: ", err)
	}
	defer l.Close()
	if other, _ := r.given(exposed(1), "shop/web.1#1.c"); other == free {
		t.Errorf("%d is given though somebody listens there", free)
	}
	r.Reserved = func(int) bool { return true }
	if _, err := r.given(exposed(1), "shop/web.1#1.d"); err == nil || !strings.Contains(err.Error(), "all that kitt gives are taken") {
		t.Errorf("got %v", err)
	}
}

// The first signal waits until the connections of a life are over, at most for its time; without a time for nobody.
func TestAStopWaitsForItsConnections(t *testing.T) {
	for _, row := range []struct {
		name         string
		drain, takes time.Duration
		want         time.Duration
	}{
		{"they end", 5 * time.Second, time.Second, time.Second},
		{"they do not", 5 * time.Second, time.Hour, 5 * time.Second},
		{"nothing to drain", 0, time.Hour, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &scripted{}
				r := with(t, k)
				r.Drain = func(ctx context.Context, life string) {
					select {
					case <-ctx.Done():
					case <-time.After(row.takes):
					}
				}
				in := exposed(1)
				in.Process.Stop = spec.Stop{Signal: "SIGTERM", Timeout: 10 * time.Second, Drain: row.drain}
				l := up(t, r, in)
				began := time.Now()
				if err := r.Stop(t.Context(), l.Life, in.Process.Stop, 0); err != nil {
					t.Fatal(err)
				}
				if o := one(t, r, in.ID); row.drain > 0 && o.Deadline.Sub(began) != 15*time.Second {
					t.Errorf("it says that it is killed after %s", o.Deadline.Sub(began))
				}
				r.Close()
				if len(k.orders) != 1 || time.Since(began) != row.want {
					t.Errorf("%d orders after %s, want one after %s", len(k.orders), time.Since(began), row.want)
				}
			})
		})
	}
}
