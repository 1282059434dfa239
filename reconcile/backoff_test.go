package reconcile

import (
	"math"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestBackoff(t *testing.T) {
	usual := spec.Defaults().Restart
	with := func(f func(*spec.Restart)) spec.Restart { r := usual; f(&r); return r }
	gentle := with(func(r *spec.Restart) { r.Factor = 1.5 })
	fixed := with(func(r *spec.Restart) { r.BackoffMin, r.BackoffMax = 3*time.Second, 3*time.Second })
	for _, row := range []struct {
		name   string
		r      spec.Restart
		deaths int
		want   time.Duration
	}{
		{"the first death waits a tenth of a second", usual, 1, 100 * time.Millisecond},
		{"each one doubles it", usual, 2, 200 * time.Millisecond},
		{"and again", usual, 5, 1600 * time.Millisecond},
		{"the eighth is the last below the cap", usual, 8, 12800 * time.Millisecond},
		{"up to fifteen seconds", usual, 9, 15 * time.Second},
		{"for ever", usual, math.MaxInt32, 15 * time.Second},
		{"no death waits as the first does", usual, 0, 100 * time.Millisecond},
		{"pm2's factor is one and a half", gentle, 3, 225 * time.Millisecond},
		{"equal bounds are a fixed pause", fixed, 7, 3 * time.Second},
		{"a factor below one never shrinks it", with(func(r *spec.Restart) { r.Factor = 0 }), 9, 100 * time.Millisecond},
		{"a cap below the first pause is no cap", with(func(r *spec.Restart) { r.BackoffMax = 0 }), 9, 100 * time.Millisecond},
		{"no pause is no pause", with(func(r *spec.Restart) { r.BackoffMin = 0 }), 9, 0},
		{"however great the factor", with(func(r *spec.Restart) { r.BackoffMin, r.Factor = 0, 1e300 }), 100, 0},
		{"a great factor goes to the cap", with(func(r *spec.Restart) { r.Factor = 1e300 }), 100, 15 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := backoff(row.r, row.deaths); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}

func TestStreak(t *testing.T) {
	r := spec.Defaults().Restart
	const short, long = time.Second, 30 * time.Second
	for _, row := range []struct {
		name string
		ran  []time.Duration
		want int
	}{
		{"no death is no streak", nil, 0},
		{"one short life", []time.Duration{short}, 1},
		{"one stable life", []time.Duration{long}, 1},
		{"three short lives", []time.Duration{short, short, short}, 3},
		{"a stable life forgives those before it", []time.Duration{short, short, long}, 1},
		{"its own death is the first of the next streak", []time.Duration{short, long, short, short}, 3},
		{"a life just short of stable forgives nothing", []time.Duration{short, long - 1}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			var h []Death
			for _, ran := range row.ran {
				h = append(h, Death{Ran: ran})
			}
			if got := streak(r, h); got != row.want {
				t.Errorf("%d, want %d", got, row.want)
			}
		})
	}
}

func TestIDsAndLives(t *testing.T) {
	for _, row := range []struct {
		name, life string
		id         ID
		gen        uint64
		bad        bool
	}{
		{"the usual", "shop/web.1#7.9f3a", ID{"shop", "web", 1}, 7, false},
		{"a dot in the name", "shop/a.b.2#1.x", ID{"shop", "a.b", 2}, 1, false},
		{"a hash in the name", "shop/a#b.2#1.x", ID{"shop", "a#b", 2}, 1, false},
		{"a space in the name", "my shop/a b.2#1.x", ID{"my shop", "a b", 2}, 1, false},
		{"no generation", "shop/web.1", ID{}, 0, true},
		{"no number", "shop/web#1.x", ID{}, 0, true},
		{"number nought", "shop/web.0#1.x", ID{}, 0, true},
		{"no project", "web.1#1.x", ID{}, 0, true},
		{"no name", "shop/.1#1.x", ID{}, 0, true},
		{"nothing", "", ID{}, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			id, gen, err := ParseLife(row.life)
			if row.bad != (err != nil) || (err == nil && (id != row.id || gen != row.gen)) {
				t.Errorf("%v, %d, %v", id, gen, err)
			}
		})
	}
}

func FuzzParseLife(f *testing.F) {
	f.Add("shop/web.1#7.9f3a")
	f.Add("a/b#.1#18446744073709551615")
	f.Fuzz(func(t *testing.T, name string) {
		id, gen, err := ParseLife(name)
		if err != nil {
			return
		}
		again, g, err := ParseLife(LifeName(id, gen, "n"))
		if err != nil || again != id || g != gen {
			t.Errorf("%q is %v, %d; that again is %v, %d, %v", name, id, gen, again, g, err)
		}
	})
}
