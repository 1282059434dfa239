package service

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

func TestMessageLines(t *testing.T) {
	long := strings.Repeat("x", mostMessage+10)
	in := bufio.NewReader(strings.NewReader("\"a\"\n\n" + long + "\n\"b\"\nrest"))
	for i, want := range []string{"\"a\"\n", "\n", "", "\"b\"\n"} {
		if line, err := message(in); string(line) != want || err != nil {
			t.Errorf("line %d is %.20q, %v", i, line, err)
		}
	}
	if _, err := message(in); err == nil {
		t.Error("half a line is a message")
	}
}

func TestAProgramMeasuresWithinBounds(t *testing.T) {
	d, c := &Daemon{}, &channel{}
	for n := range 1000 {
		d.heard(c, []byte(fmt.Sprintf(`{"type":"axm:monitor","data":{"m%d":{"value":%d,"unit":"MiB"}}}`, n, n)))
	}
	d.heard(c, []byte(`{"type":"axm:monitor","data":{"m1":{"value":"`+strings.Repeat("x", 1000)+`"},"m2":{"value":{}},"m3":{"value":"7.5"}}}`))
	if len(c.metrics) != mostMetrics || c.metrics["m1"].Value != "1" || c.metrics["m3"].Value != "7.5" || c.metrics["m3"].Unit != "" {
		t.Errorf("%d metrics, %+v", len(c.metrics), c.metrics["m3"])
	}
	for _, line := range []string{"", "null", "[]", `{"type":1}`, `"other"`, `{"cmd":"NODE_HANDLE_ACK"}`, "{{{", strings.Repeat("[", 1<<20)} {
		d.heard(c, []byte(line)) // nothing of it is kitt's business
	}
}

// Only the primary of a cluster tells of workers, and only what a primary would.
func TestNobodyElseTellsOfWorkers(t *testing.T) {
	s := shop("web", "api")
	s.Processes[1].Mode = spec.ModeCluster
	d := &Daemon{specs: map[string]*spec.Spec{"shop": s}}
	said := `{"kitt":"cluster","workers":[{"n":1,"pid":5,"state":"%s"}],"trouble":"%s"}`
	for _, row := range []struct {
		name, process, state, trouble string
	}{
		{"another program", "web", "running", ""},
		{"a state that is none", "api", "\\u001b[2J", ""},
		{"a text that is too long", "api", "running", strings.Repeat("x", 300)},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &channel{life: reconcile.LifeName(reconcile.ID{Project: "shop", Process: row.process, N: 1}, 1, "a")}
			d.clusterSaid(c, []byte(fmt.Sprintf(said, row.state, row.trouble)))
			if c.cluster != nil {
				t.Errorf("believed: %+v", c.cluster)
			}
		})
	}
}

func TestWorkerNews(t *testing.T) {
	code := 3
	was := &api.Cluster{Workers: []api.Worker{{N: 1, State: "running"}, {N: 2, State: "running"}}}
	is := &api.Cluster{Workers: []api.Worker{{N: 1, State: "running"}, {N: 2, State: "waiting", Exit: &api.WorkerExit{Code: &code}}}, Trouble: "no"}
	got := strings.Join(workerNews(was, is), "|")
	if got != "worker 2: code 3; now waiting|no" {
		t.Errorf("got %q", got)
	}
	if news := workerNews(is, is); len(news) != 0 {
		t.Errorf("twice: %q", news)
	}
	if news := workerNews(nil, is); len(news) != 1 {
		t.Errorf("the first time: %q", news)
	}
}

func TestBehind(t *testing.T) {
	at := func(round uint64, states ...string) *api.Cluster {
		c := &api.Cluster{Round: 2}
		for n, state := range states {
			c.Workers = append(c.Workers, api.Worker{N: n + 1, Round: round, State: state})
		}
		return c
	}
	for _, row := range []struct {
		name string
		c    *api.Cluster
		want string
		vain bool
	}{
		{"nobody has answered", nil, "its primary has not answered yet", false},
		{"all are new", at(2, "running", "running"), "", false},
		{"one is old", at(1, "running"), "worker 1 of 1 is being replaced", false},
		{"one starts", at(2, "running", "starting"), "worker 2 of 2 is being replaced", false},
		{"what is over is not waited for", at(1, "done", "failed"), "", false},
		{"it was given up", &api.Cluster{Round: 2, Trouble: "no"}, "no", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if why, vain := behind(row.c, 2); why != row.want || vain != row.vain {
				t.Errorf("got %q, %v", why, vain)
			}
		})
	}
}
