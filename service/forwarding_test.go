package service

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kitt.sh/internal/forward"
	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// Connections go to lives that are ready and stay; what is being stopped keeps those that it has; without hope they are refused.
func TestTableOf(t *testing.T) {
	now := time.Now()
	p := &spec.Process{Name: "web", Expose: "tcp://127.0.0.1:8080"}
	p.Ready.TCP = "127.0.0.1:$PORT"
	want := func(id reconcile.ID) *spec.Process {
		if id.N > 1 {
			return nil // scaled down
		}
		return p
	}
	life := func(n, port int, state reconcile.State, ready bool) reconcile.Observed {
		id := reconcile.ID{Project: "shop", Process: "web", N: n}
		return reconcile.Observed{ID: id, Life: reconcile.LifeName(id, 1, fmt.Sprint(port)), State: state, Port: port, Ready: ready, Started: now}
	}
	const up, ending, over = reconcile.Running, reconcile.Stopping, reconcile.Exited
	for _, row := range []struct {
		name  string
		lives []reconcile.Observed
		hope  bool
		want  string
	}{
		{"nothing yet", nil, true, ""},
		{"nothing, and nothing will be", nil, false, "refuse"},
		{"not ready", []reconcile.Observed{life(1, 20001, up, false)}, true, ""},
		{"ready", []reconcile.Observed{life(1, 20001, up, true)}, true, "20001"},
		{"its successor begins", []reconcile.Observed{life(1, 20001, up, true), life(1, 20002, up, false)}, true, "20001"},
		{"its successor is ready", []reconcile.Observed{life(1, 20001, up, true), life(1, 20002, up, true)}, true, "20001 20002"},
		{"it gives way", []reconcile.Observed{life(1, 20001, ending, true), life(1, 20002, up, true)}, true, "20001- 20002"},
		{"the last one stops for good", []reconcile.Observed{life(1, 20001, ending, true)}, false, "20001- refuse"},
		{"scaled down, ready once", []reconcile.Observed{life(2, 20003, up, true)}, true, "20003"},
		{"scaled down, not ready", []reconcile.Observed{life(2, 20003, up, false)}, true, ""},
		{"over", []reconcile.Observed{life(1, 20001, over, true)}, true, ""},
		{"begun before it was exposed", []reconcile.Observed{life(1, 0, up, true)}, true, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			table := tableOf(now, row.lives, want, row.hope)
			for _, to := range table.To {
				s := strings.TrimPrefix(to.Addr, "127.0.0.1:")
				if to.Drain {
					s += "-"
				}
				got = append(got, s)
			}
			if table.Refuse {
				got = append(got, "refuse")
			}
			if s := strings.Join(got, " "); s != row.want {
				t.Errorf("got %q, want %q", s, row.want)
			}
		})
	}
}

// A life may be ended once its forwarder goes by a table that passes it nothing new, and it has no connections left, or nobody
// else would take the new ones meanwhile.
func TestFrontIsClear(t *testing.T) {
	to := func(life string, drain bool) forward.Target { return forward.Target{Life: life, Drain: drain} }
	for _, row := range []struct {
		name string
		told []forward.Target
		rev  uint64
		open int
		want bool
	}{
		{"not told yet", []forward.Target{to("a", false)}, 7, 0, false},
		{"told, not answered", []forward.Target{to("a", true), to("b", false)}, 6, 0, false},
		{"answered, one open", []forward.Target{to("a", true), to("b", false)}, 7, 1, false},
		{"answered, none open", []forward.Target{to("a", true), to("b", false)}, 7, 0, true},
		{"one open, nobody else", []forward.Target{to("a", true)}, 7, 1, true},
		{"it is not in the table", []forward.Target{to("b", false)}, 7, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			fr := front{told: forward.Table{Rev: 7, To: row.told}, said: forward.Answer{Rev: row.rev, Open: map[string]int{"a": row.open}}}
			if got := fr.clear("a"); got != row.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
