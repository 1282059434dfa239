package local

import (
	"context"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

func TestAProgramMayAskForMoreTime(t *testing.T) {
	k := &scripted{}
	r := with(t, k)
	ctx := context.Background()
	in := instance("/", "true")
	in.Process.Stop = spec.Stop{Signal: "SIGTERM", Timeout: 5 * time.Second, SecondSignal: "SIGINT", SecondAfter: 3 * time.Second}
	l := up(t, r, in)
	ask := func(d time.Duration) reconcile.Observed {
		t.Helper()
		if err := r.Extend(ctx, l.Life, time.Now().Add(d)); err != nil {
			t.Fatal(err)
		}
		return one(t, r, in.ID)
	}
	near := func(at time.Time, d time.Duration) bool { return time.Until(at) > d-time.Second && time.Until(at) <= d }
	if o := ask(time.Minute); !near(o.More, time.Minute) || len(k.orders) != 0 {
		t.Fatalf("it begins, and has until %s, %d orders", time.Until(o.More), len(k.orders))
	}
	if o := ask(100 * time.Hour); time.Until(o.More) > moreMost {
		t.Errorf("it has %s", time.Until(o.More))
	}
	if err := r.Stop(ctx, l.Life, in.Process.Stop, 0); err != nil {
		t.Fatal(err)
	}
	if o := one(t, r, in.ID); !near(o.Deadline, 5*time.Second) {
		t.Errorf("what it asked for to begin is counted for its end: %s", time.Until(o.Deadline))
	}
	if ask(time.Second); len(k.orders) != 1 {
		t.Errorf("less than it has was ordered: %+v", k.orders)
	}
	o := ask(time.Minute)
	if !near(o.Deadline, time.Minute) || len(k.orders) != 2 {
		t.Fatalf("it has %s, %d orders", time.Until(o.Deadline), len(k.orders))
	}
	again := k.orders[1]
	if again.Signal != keeper.NoSignal || again.Second == 0 || again.SecondAfter > 3*time.Second || !near(time.Now().Add(again.Grace), time.Minute) {
		t.Errorf("ordered %+v", again)
	}
	if o := ask(100 * time.Hour); time.Until(o.Deadline) > moreMost {
		t.Errorf("it has %s", time.Until(o.Deadline))
	}
}
