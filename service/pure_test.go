package service

import (
	"strings"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

func id(n int) reconcile.ID { return reconcile.ID{Project: "shop", Process: "web", N: n} }

func TestLine(t *testing.T) {
	for _, row := range []struct {
		name string
		do   []reconcile.Action
		want string
	}{
		{"a first start says why", []reconcile.Action{{Verb: reconcile.Start, ID: id(1), Reason: "not running"}}, "start web.1 not running"},
		{"a restart is one line, not a stop and a start", []reconcile.Action{
			{Verb: reconcile.Stop, ID: id(1), Reason: "restart asked for"}, {Verb: reconcile.Start, ID: id(1), Reason: "restart asked for"}},
			"restart web.1 restart asked for"},
		{"an edit is a replacement that names the fields", []reconcile.Action{
			{Verb: reconcile.Stop, ID: id(1), Reason: "spec changed: env PORT"}, {Verb: reconcile.Start, ID: id(1), Reason: "spec changed: env PORT"}},
			"replace web.1 spec changed: env PORT"},
		{"a crash after a restart is told", []reconcile.Action{
			{Verb: reconcile.Stop, ID: id(1), Reason: "restart asked for"}, {Verb: reconcile.Start, ID: id(1), Reason: "restart asked for"},
			{Verb: reconcile.Start, ID: id(1), Reason: "exit 1, try 2"}},
			"restart web.1 restart asked for|start web.1 exit 1, try 2"},
		{"forgetting is nobody's business", []reconcile.Action{{Verb: reconcile.Forget, ID: id(1)}}, ""},
		{"two instances are two lines", []reconcile.Action{
			{Verb: reconcile.Stop, ID: id(1), Reason: "no longer wanted"}, {Verb: reconcile.Stop, ID: id(2), Reason: "no longer wanted"}},
			"stop web.1 no longer wanted|stop web.2 no longer wanted"},
	} {
		t.Run(row.name, func(t *testing.T) {
			seen, got := map[reconcile.ID]reconcile.Verb{}, []string{}
			for _, a := range row.do {
				if l, ok := line(a, seen); ok {
					got = append(got, l.Verb+" "+l.ID+" "+l.Reason)
				}
			}
			if s := strings.Join(got, "|"); s != row.want {
				t.Errorf("got %q, want %q", s, row.want)
			}
		})
	}
}

func TestChangesNameTheFieldsThatReplace(t *testing.T) {
	old, now := shop("web"), shop("web")
	now.Processes[0].Env = map[string]string{"PORT": "3000"}
	now.Processes[0].Restart.Policy = "never" // live: not a reason to replace
	why := changes(old, now, reconcile.Digests{})
	if got := why[old.Processes[0].RunDigest(1)]; got != "env PORT" {
		t.Errorf("why = %q, want env PORT", got)
	}
	if live := changes(shop("web"), shop("web"), reconcile.Digests{}); len(live) != 0 {
		t.Errorf("no edit, yet %v", live)
	}
}

func shop(names ...string) *spec.Spec {
	s := &spec.Spec{Project: "shop", File: "/shop/kitt.hcl"}
	for _, n := range names {
		p := spec.Defaults()
		p.Name, p.Command, p.Cwd, p.Instances = n, []string{"true"}, "/", 1
		s.Processes = append(s.Processes, p)
	}
	return s
}

func daemonWith(p *reconcile.Project, names ...string) *Daemon {
	return &Daemon{specs: map[string]*spec.Spec{"shop": shop(names...)},
		intents: &reconcile.Intents{Version: 1, Projects: map[string]*reconcile.Project{"shop": p}}}
}

func TestStartingOneOfAProjectThatIsDownLeavesTheOthersHeld(t *testing.T) {
	d := daemonWith(&reconcile.Project{Down: &reconcile.Hold{Since: time.Now()}}, "web", "db")
	targets, err := d.resolve("shop", []string{"web"})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[reconcile.ID]bool{id(1): true}
	d.spread(d.intents, targets)
	raise(d.intents, targets, ids, false)
	p := d.intents.Projects["shop"]
	if _, held := p.Held(time.Now(), id(1)); held {
		t.Error("web is still held")
	}
	if _, held := p.Held(time.Now(), reconcile.ID{Project: "shop", Process: "db", N: 1}); !held {
		t.Error("db is no longer held")
	}
}

func TestResolve(t *testing.T) {
	d := daemonWith(&reconcile.Project{}, "web", "web.2")
	d.specs["blog"] = shop("web", "blog")
	d.specs["blog"].Project = "blog"
	d.intents.Projects["blog"] = &reconcile.Project{}
	for _, row := range []struct{ name, project, word, want string }{
		{"the project of the caller comes first", "blog", "web", "blog/web"},
		{"a name that one project has is found anywhere", "", "blog", "blog/blog"},
		{"a name that two have is ambiguous", "", "web", "error: in several projects"},
		{"in full it is not", "", "shop/web", "shop/web"},
		{"an instance", "shop", "web.1", "shop/web.1"},
		{"a process's own name comes before an instance's", "shop", "web.2", "shop/web.2"},
		{"an instance that is not there", "shop", "web.3", "error: no such process"},
		{"nothing", "shop", "", "error: no such process"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ts, err := d.resolve(row.project, []string{row.word})
			if want, bad := strings.CutPrefix(row.want, "error: "); bad {
				if err == nil || !strings.Contains(err.Error(), want) || asFailure(err).Code != 4 {
					t.Errorf("err = %v, want %q with code 4", err, want)
				}
				return
			}
			if err != nil || ts[0].project+"/"+ts[0].key() != row.want {
				t.Errorf("got %v, %v, want %s", ts, err, row.want)
			}
		})
	}
}

func TestTreesFollowParentsAndSessions(t *testing.T) {
	roots := map[int]time.Time{10: {}, 20: {}}
	all := []proc{{pid: 10, parent: 2, session: 10}, {pid: 11, parent: 10, session: 10}, {pid: 12, parent: 11, session: 12},
		{pid: 13, parent: 1, session: 10}, {pid: 20, parent: 2, session: 20}, {pid: 30, parent: 1, session: 30}}
	got := trees(all, roots)
	if len(got[10]) != 4 || len(got[20]) != 1 {
		t.Errorf("10 has %d processes, 20 has %d; want 4 and 1", len(got[10]), len(got[20]))
	}
}

func TestAnUnreadableStateTouchesNothing(t *testing.T) {
	w := reconcile.World{Lost: map[string]bool{"": true, "blog": false},
		Have: map[reconcile.ID][]reconcile.Observed{id(1): {{ID: id(1), Life: "shop/web.1#1.a", State: reconcile.Running}}}}
	if v := reconcile.Judge(time.Now(), w, id(1)); len(v.Do) != 0 {
		t.Errorf("with its project unknown: %+v", v.Do)
	}
	other := reconcile.ID{Project: "blog", Process: "web", N: 1}
	w.Have[other] = []reconcile.Observed{{ID: other, Life: "blog/web.1#1.a", State: reconcile.Running}}
	if v := reconcile.Judge(time.Now(), w, other); len(v.Do) != 1 {
		t.Errorf("of a project that was applied since: %+v", v.Do)
	}
}
