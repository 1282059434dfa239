package reconcile

import (
	"maps"
	"testing"
)

func TestNumber(t *testing.T) {
	want := func(ns ...int) (out []Instance) {
		for _, n := range ns {
			out = append(out, Instance{ID: ID{"shop", "web", n}})
		}
		return out
	}
	for _, row := range []struct {
		name string
		old  map[string]int
		want []Instance
		now  map[string]int
	}{
		{"the first begin with 0, in order", nil, want(1, 2), map[string]int{"shop/web.1": 0, "shop/web.2": 1}},
		{"who has one keeps it", map[string]int{"shop/web.2": 4}, want(1, 2), map[string]int{"shop/web.1": 5, "shop/web.2": 4}},
		{"who goes has none", map[string]int{"shop/web.1": 0, "shop/web.2": 1}, want(1), map[string]int{"shop/web.1": 0}},
		{"a new one does not take the place of one that went", map[string]int{"shop/web.1": 0, "shop/web.2": 1}, want(2, 3), map[string]int{"shop/web.2": 1, "shop/web.3": 2}},
		{"when all have gone it begins anew", map[string]int{"shop/web.1": 7}, want(2), map[string]int{"shop/web.2": 0}},
		{"nothing", map[string]int{"shop/web.1": 7}, nil, map[string]int{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if now := Number(row.old, row.want); !maps.Equal(now, row.now) {
				t.Errorf("%v", now)
			}
		})
	}
}

func TestForgivenRestartsAreCountedNoMore(t *testing.T) {
	p, id := &Project{}, ID{"shop", "web", 1}
	if n := p.Count(id, 3); n != 3 {
		t.Errorf("nothing forgiven: %d", n)
	}
	p.Forgive(id, 3)
	for restarts, want := range map[int]int{3: 0, 5: 2, 1: 1} { // 1: after another boot
		if n := p.Count(id, restarts); n != want {
			t.Errorf("%d restarts: %d, want %d", restarts, n, want)
		}
	}
}
