package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

func shop() []api.Instance {
	three := 3
	return []api.Instance{
		{ID: "web.1", Project: "shop", Phase: "running", Ready: true, PID: 812, Since: before(3 * time.Minute), Generation: 2, CPU: 0.012, Memory: 45_300_000},
		{ID: "mailer.1", Project: "shop", Phase: "failed", Since: before(5 * time.Second), Generation: 1, Restarts: 10,
			Reason: "gave up: 10 deaths in 10m, the last with code 3", Exit: &api.Exit{Code: &three, At: before(5 * time.Second)}},
		{ID: "db.1", Project: "shop", Phase: "held", Since: before(50 * time.Hour), Generation: 1, Reason: "stopped by you"},
	}
}

func TestTheTableFitsTheTerminal(t *testing.T) {
	tests := []struct {
		name  string
		width int
		wide  bool
		want  string
	}{
		{"in a pipe nothing is cut", 0, false, `
NAME      PHASE    PID  AGE  RESTARTS   CPU   MEMORY  REASON
web.1     running  812   3m         0  1.2%  45.3 MB
mailer.1  failed     -   5s        10     -        -  gave up: 10 deaths in 10m, the last with code 3
db.1      held       -   2d         0     -        -  stopped by you
`},
		{"at 80 columns the reason is cut", 80, false, `
NAME      PHASE    PID  AGE  RESTARTS   CPU   MEMORY  REASON
web.1     running  812   3m         0  1.2%  45.3 MB
mailer.1  failed     -   5s        10     -        -  gave up: 10 deaths in 10m…
db.1      held       -   2d         0     -        -  stopped by you
`},
		{"at 40 the numbers make room for it", 40, false, `
NAME      PHASE    AGE  REASON
web.1     running   3m
mailer.1  failed    5s  gave up: 10 dea…
db.1      held      2d  stopped by you
`},
		{"at 200 there is room for all", 200, false, `
NAME      PHASE    PID  AGE  RESTARTS   CPU   MEMORY  REASON
web.1     running  812   3m         0  1.2%  45.3 MB
mailer.1  failed     -   5s        10     -        -  gave up: 10 deaths in 10m, the last with code 3
db.1      held       -   2d         0     -        -  stopped by you
`},
		{"wide tells more", 0, true, `
NAME      PROJECT  PHASE    PID  AGE  RESTARTS   CPU   MEMORY  READY  GENERATION  EXIT            REASON
web.1     shop     running  812   3m         0  1.2%  45.3 MB  yes             2  -
mailer.1  shop     failed     -   5s        10     -        -  no              1  code 3, 5s ago  gave up: 10 deaths in 10m, the last with code 3
db.1      shop     held       -   2d         0     -        -  no              1  -               stopped by you
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			same(t, "table", instances(false, noon, shop(), tt.wide, tt.width), tt.want[1:])
		})
	}
}

func TestNoLineIsEverWiderThanTheTerminal(t *testing.T) {
	rows := shop()
	rows[0].ID, rows[0].Reason, rows[1].Project = "名前-with-a-very-long-name.1", strings.Repeat("ä", 300), "other"
	for width := 32; width < 240; width++ {
		for line := range strings.Lines(instances(false, noon, rows, width%2 == 0, width)) {
			if n := wide(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("%d columns at a width of %d: %s", n, width, line)
			}
		}
	}
}

func TestSeveralProjectsGetAColumn(t *testing.T) {
	rows := shop()[:2]
	rows[0].Reason, rows[1].Reason, rows[1].Project = "", "", "blog"
	same(t, "table", instances(false, noon, rows, false, 0), `NAME      PROJECT  PHASE    PID  AGE  RESTARTS   CPU   MEMORY
web.1     shop     running  812   3m         0  1.2%  45.3 MB
mailer.1  blog     failed     -   5s        10     -        -
`)
}

func TestHostileRowsStayInTheirLine(t *testing.T) {
	rows := []api.Instance{{ID: "a\x1b[31m.1", Phase: "failed", Reason: "x\nroot.1  running"}}
	got := instances(true, noon, rows, false, 0)
	if strings.Count(got, "\n") != 2 || strings.Contains(got, "\x1b[31m.1") {
		t.Errorf("got %q", got)
	}
}

func TestTheTableIsColouredByPhase(t *testing.T) {
	got := instances(true, noon, shop(), false, 0)
	for _, want := range []string{green + "running" + reset, red + "failed" + reset, dim + "held" + reset, dim + "NAME" + reset} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

func TestTroublesStandBelowTheTable(t *testing.T) {
	s := &api.Status{Instances: shop()[:1], Specs: []api.Spec{{Project: "shop", File: "/shop/kitt.hcl", Error: &api.Trouble{
		Text: "kitt.hcl:2:3: no", Since: before(2 * time.Minute), Hint: "the way out",
		Complaints: []spec.Complaint{{Pos: spec.Pos{File: "/shop/kitt.hcl", Line: 2, Col: 3}, Text: "no such field", Source: "  x = 1"}}}}}}
	same(t, "status", statusText(false, noon, s, false, 0), `NAME   PHASE    PID  AGE  RESTARTS   CPU   MEMORY
web.1  running  812   3m         0  1.2%  45.3 MB

not followed: /shop/kitt.hcl (since 2m); shop runs on as it was
/shop/kitt.hcl:2:3: no such field
      x = 1
      ^
hint: the way out
`)
}

func BenchmarkStatus500(b *testing.B) {
	s := &api.Status{}
	for i := range 500 {
		s.Instances = append(s.Instances, api.Instance{ID: fmt.Sprintf("process-%d.1", i), Phase: "running", PID: i + 1, Since: before(time.Hour), Memory: 9e6})
	}
	for b.Loop() {
		statusText(true, noon, s, false, 120)
	}
}
