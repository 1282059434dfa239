package cli

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

func TestUpJudge(t *testing.T) {
	code := func(n int) *api.Exit { return &api.Exit{Code: &n, At: api.Time{Time: noon}} }
	at := func(e *api.Exit, s int) *api.Exit {
		e.At = api.Time{Time: noon.Add(time.Duration(s) * time.Second)}
		return e
	}
	row := func(process, phase string, e *api.Exit) api.Instance {
		return api.Instance{ID: process + ".1", Process: process, Phase: phase, Exit: e}
	}
	restarts := map[string]spec.Restart{"web": {Policy: "always"}, "db": {Policy: "always", DoneCodes: []int{3}}, "job": {Policy: "on-failure"}}
	running := row("web", "running", nil)
	tests := []struct {
		name string
		mode upMode
		rows []api.Instance
		over bool
		code int
		why  string
	}{
		{"while all run nothing ends", upFirst, []api.Instance{running, row("db", "starting", nil)}, false, 0, ""},
		{"nothing is known yet", upFirst, nil, false, 0, ""},
		{"what is to run for ever ends all, also with 0", upFirst, []api.Instance{running, row("db", "done", code(0))}, true, 0, "db.1 ended with exit code 0"},
		{"the one that failed first tells the code", upFirst, []api.Instance{row("web", "failed", at(code(2), 2)), row("db", "failed", at(code(1), 1)), row("job", "running", nil)}, true, 1, "db.1"},
		{"a job that succeeds ends nothing", upFirst, []api.Instance{running, row("job", "done", code(0))}, false, 0, ""},
		{"a job that fails ends all", upFirst, []api.Instance{running, row("job", "failed", code(4))}, true, 4, "job.1"},
		{"a stop code is an end as it should be", upFirst, []api.Instance{running, row("db", "done", code(3))}, false, 0, ""},
		{"what cannot start ends all", upFirst, []api.Instance{running, row("db", "failed", nil)}, true, 5, "cannot start"},
		{"a signal is told as shells do", upFirst, []api.Instance{running, row("db", "failed", &api.Exit{Signal: "SIGKILL"})}, true, 137, "SIGKILL"},
		{"an end that nobody saw is a failure", upFirst, []api.Instance{running, row("db", "failed", &api.Exit{})}, true, 1, "nobody saw"},
		{"when all jobs are done all is over", upFirst, []api.Instance{row("job", "done", code(0)), row("off", "held", nil)}, true, 0, "all have ended"},
		{"keep going: one that fails ends nothing", upKeepGoing, []api.Instance{running, row("db", "failed", code(2))}, false, 0, ""},
		{"keep going: the first failure is the code", upKeepGoing, []api.Instance{row("web", "done", at(code(0), 1)), row("db", "failed", at(code(2), 2)), row("job", "failed", at(code(1), 3))}, true, 2, "db.1"},
		{"what waits for one that is over waits in vain", upKeepGoing, []api.Instance{row("db", "failed", code(2)), row("web", "waiting", nil)}, true, 2, "db.1"},
		{"what waits for one that runs does not", upKeepGoing, []api.Instance{row("db", "running", nil), row("web", "waiting", nil)}, false, 0, ""},
		{"restart: a death is followed by the next try", upRestart, []api.Instance{row("web", "waiting", code(2)), row("job", "done", code(0))}, false, 0, ""},
		{"restart: one that gives up ends all", upRestart, []api.Instance{running, row("db", "failed", code(2))}, true, 2, "db.1"},
		{"restart: a done one ends nothing", upRestart, []api.Instance{running, row("db", "done", code(3))}, false, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			end, over := upJudge(test.mode, test.rows, restarts)
			if over != test.over || over && (end.code != test.code || !strings.Contains(end.why, test.why)) {
				t.Errorf("%v %+v", over, end)
			}
		})
	}
}

func TestUpNextStop(t *testing.T) {
	order := []upProcess{{"db", nil}, {"api", []string{"db"}}, {"web", nil}}
	all := map[string]bool{"db": true, "api": true, "web": true}
	asked := func(names ...string) map[string]time.Time {
		m := map[string]time.Time{}
		for _, n := range names {
			n, old := strings.CutPrefix(n, "old ")
			m[n] = noon
			if old {
				m[n] = noon.Add(-time.Minute)
			}
		}
		return m
	}
	tests := []struct {
		name  string
		lives map[string]bool
		asked map[string]time.Time
		stop  string
		again time.Duration
	}{
		{"the last one started is the first", all, nil, "web", 0},
		{"the one before it waits for its end", all, asked("web"), "", upStopPause},
		{"but not for long", all, asked("old web"), "api", 0},
		{"when it has ended the next one follows", map[string]bool{"db": true, "api": true}, asked("web"), "api", 0},
		{"what is needed waits as long as it takes", map[string]bool{"db": true, "api": true}, asked("old api"), "", 0},
		{"and follows then", map[string]bool{"db": true}, asked("old api"), "db", 0},
		{"when nothing lives nobody is told", nil, nil, "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if stop, again := upNextStop(noon, order, test.lives, test.asked); stop != test.stop || again != test.again {
				t.Errorf("%q %s", stop, again)
			}
		})
	}
}

func TestUpOrderPutsWhatIsNeededFirst(t *testing.T) {
	var names []string
	for _, p := range upOrder([]spec.Process{{Name: "web", DependsOn: map[string]string{"api": "started", "db": "ready"}}, {Name: "mail"}, {Name: "db"}, {Name: "api", DependsOn: map[string]string{"db": "started"}}}) {
		names = append(names, p.name)
	}
	if want := []string{"db", "api", "web", "mail"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
}

func TestUpChoose(t *testing.T) {
	s := &spec.Spec{File: "/p/kitt.hcl", Processes: []spec.Process{{Name: "web", Instances: 1, DependsOn: map[string]string{"db": "started"}}, {Name: "db", Instances: 1}, {Name: "mail", Instances: 3}}}
	off := &spec.Spec{Processes: []spec.Process{{Name: "web", Instances: 1}, {Name: "off", Instances: 1, Held: true}}}
	for words, held := range map[string]bool{"": true, "off=2": true, "off": false} {
		ps, err := upChoose(off, strings.Fields(words))
		if err != nil || ps[len(ps)-1].Held != held {
			t.Errorf("%q: %v %v", words, ps, err)
		}
	}
	tests := []struct{ name, words, want string }{
		{"no words mean all", "", "web 1 db 1 mail 3"},
		{"numbers alone mean all as well", "web=2 mail=0", "web 2 db 1 mail 0"},
		{"a name brings what it needs", "web", "web 1 db 1"},
		{"a name and a number", "db mail=2", "db 1 mail 2"},
		{"all=N is for those without a number", "all=0 mail=1", "web 0 db 0 mail 1"},
		{"a name that is none", "wbe", "no such process"},
		{"a number that is none", "web=-1", "not NAME=NUMBER"},
		{"nothing is left", "all=0", "nothing to run"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ps, err := upChoose(s, strings.Fields(test.words))
			got := ""
			for _, p := range ps {
				got += " " + p.Name + " " + string(rune('0'+p.Instances))
			}
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, test.want) {
				t.Errorf("%s", got)
			}
		})
	}
}
