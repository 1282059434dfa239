package reconcile

import (
	"slices"
	"testing"
	"time"

	"kitt.sh/spec"
)

func strategy(name string) wish { return process(func(p *spec.Process) { p.Reload.Strategy = name }) }
func nth(n int) wish            { return func(in *Instance) { in.ID.N = n } }
func of2(n int) trait           { return inst(ID{"shop", "web", n}) }
func life(name string) trait    { return func(o *Observed) { o.Life = name } }

// three are three instances of web, the second of which is judged.
func three(w ...wish) (out []Instance) {
	for n := 1; n <= 3; n++ {
		out = append(out, wants(append(slices.Clone(w), nth(n))...))
	}
	return out
}

func checkID(t *testing.T, id ID, edits map[string][]ID, rows []judgement) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := World{Want: wanted(r.want), Have: map[ID][]Observed{}, Edits: edits}
			for _, l := range r.have {
				w.Have[l.ID] = append(w.Have[l.ID], l)
			}
			if got := worded(Judge(t0, w, id)); got != r.says {
				t.Errorf("\n got %s\nwant %s", got, r.says)
			}
		})
	}
}

func TestInstancesGiveWayInTurns(t *testing.T) {
	turns := []wish{run("r2"), probed, strategy(spec.ByTurns)}
	old := func(n int) Observed { return lives(of2(n), said) }
	now := func(n int, ts ...trait) Observed { return lives(append([]trait{of2(n), ran("r2")}, ts...)...) }
	const refused = "http: connection refused"
	two := func(w ...wish) []Instance { return three(append(slices.Clone(turns), w...)...) }
	checkID(t, ID{"shop", "web", 2}, nil, []judgement{
		{"the first goes first", two(), have(old(1), old(2), old(3)), "running: waits for web.1, which is replaced first"},
		{"while it stops the second waits", two(), have(lives(of2(1), stopping), old(2), old(3)), "running: waits for web.1, which is replaced first"},
		{"while it is down too", two(), have(old(2), old(3)), "running: waits for web.1, which is replaced first"},
		{"and until it is ready", two(), have(now(1, young), old(2), old(3)), "running: waits for web.1, which is replaced first"},
		{"then it is its turn", two(), have(now(1, said), old(2), old(3)), "stopping, stop #1.a: spec changed"},
		{"the third may not have gone before", two(), have(now(1, said), old(2), now(3, young)), "running: waits for web.3, which is replaced first"},
		{"two at once may be allowed", two(process(func(p *spec.Process) { p.Reload.MaxUnavailable = 2 })), have(old(1), old(2), old(3)), "stopping, stop #1.a: spec changed"},
		{"one that does not come up ends it", two(), have(now(1, unwell(refused)), old(2), old(3)),
			"running, final: runs as before, since web.1 does not come up: was not ready within 1m0s: " + refused},
		{"one that dies too, as long as it is down", two(), have(lives(of2(1), ran("r2"), exit(1)), old(2), old(3)),
			"running: runs as before, since web.1 does not come up: exit 1; try 2"},
		{"a restart goes in turns as well", three(probed, generation(2), strategy(spec.ByTurns)), have(old(1), old(2), old(3)), "running: waits for web.1, which is replaced first"},
		{"what is held is not waited for", append(two()[1:], wants(append(slices.Clone(turns), nth(1), hold("stopped by you"))...)), have(old(2), old(3)), "stopping, stop #1.a: spec changed"},
		{"what is held itself does not wait to stop", two(hold("stopped by you")), have(old(1), old(2)), "stopping, stop #1.a: stopped by you"},
		{"several that are to be ready go in turns unasked", three(run("r2"), probed, process(func(p *spec.Process) { p.Instances = 3 })), have(old(1), old(2), old(3)),
			"running: waits for web.1, which is replaced first"},
		{"all at once, if that is wanted", three(run("r2"), probed, strategy(spec.Recreate)), have(old(1), old(2), old(3)), "stopping, stop #1.a: spec changed"},
	})
}

func TestAnEditStopsAtTheFirstThatDoesNotComeUp(t *testing.T) {
	db := ID{"shop", "db", 1}
	edits := map[string][]ID{"shop": {db, web}}
	with := func(w ...wish) []Instance {
		in := wants(append([]wish{run("r2")}, w...)...)
		in.ID = db
		return append(want(run("r2")), in)
	}
	of := func(ts ...trait) Observed { return lives(append([]trait{inst(db)}, ts...)...) }
	const refused = "http: connection refused"
	checkID(t, web, edits, []judgement{
		{"what is to be ready first is waited for", with(probed), have(of(said), lives()), "running: waits for db.1, which is replaced first"},
		{"until it is", with(probed), have(of(ran("r2"), young), lives()), "running: waits for db.1, which is replaced first"},
		{"then it goes on", with(probed), have(of(ran("r2"), said), lives()), "stopping, stop #1.a: spec changed"},
		{"one that does not come up ends it", with(probed), have(of(ran("r2"), unwell(refused)), lives()),
			"running, final: runs as before, since db.1 does not come up: was not ready within 1m0s: " + refused},
		{"a restart of this one does not wait", append(with(probed)[1:], want(run("r2"), generation(2))...), have(of(ran("r2"), unwell(refused)), lives()),
			"stopping, stop #1.a: restart asked for"},
		{"what does not say when it is ready is not waited for", with(), have(of(), lives()), "stopping, stop #1.a: spec changed"},
		{"what is down anyway waits for nobody", with(probed), have(of(said)), "starting, start: not running"},
	})
	checkID(t, web, map[string][]ID{"shop": {web}}, []judgement{
		{"what was not edited is not waited for", with(probed), have(of(ran("r2"), unwell(refused)), lives()), "stopping, stop #1.a: spec changed"},
	})
	w := World{Want: wanted(with(probed)), Have: map[ID][]Observed{db: {of(said)}, web: {lives()}}, Edits: edits, Plain: true}
	if v := Judge(t0, w, web); len(v.Do) != 1 {
		t.Errorf("a plan says what comes in the end: %+v", v)
	}
}

func TestTheOrderOfAnEdit(t *testing.T) {
	mk := func(name string, place int, deps ...string) Instance {
		p := spec.Defaults()
		p.DependsOn = map[string]string{}
		for _, d := range deps {
			p.DependsOn[d] = "ready"
		}
		return Instance{ID: ID{"shop", name, 1}, Process: &p, Place: place}
	}
	want := wanted([]Instance{mk("web", 0, "api"), mk("api", 1, "db"), mk("db", 2), mk("cron", 3)})
	got := edit(want, []ID{{"shop", "cron", 1}, {"shop", "web", 1}, {"shop", "api", 1}, {"shop", "db", 1}})
	if want := []ID{{"shop", "db", 1}, {"shop", "cron", 1}, {"shop", "api", 1}, {"shop", "web", 1}}; !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestOverlap(t *testing.T) {
	over := []wish{run("r2"), probed, strategy(spec.Overlap)}
	next := func(ts ...trait) Observed {
		return lives(append([]trait{life("shop/web.1#1.n"), ran("r2"), func(o *Observed) { o.History.Before = 1 }}, ts...)...)
	}
	old := lives(said)
	const refused = "http: connection refused"
	check(t, []judgement{
		{"its successor begins beside it", want(over...), have(old), "starting, start: its successor begins: spec changed"},
		{"for a restart as well", want(probed, strategy(spec.Overlap), generation(2)), have(old), "starting, start: its successor begins: restart asked for"},
		{"it is waited for", want(over...), have(old, next(young)), "starting, wake 59s: its successor is not ready yet; it runs as before until then"},
		{"and then the old one goes", want(over...), have(old, next(young, said)), "running, stop #1.a, final"},
		{"one that is not ready in time goes instead", want(over...), have(old, next(unwell(refused))),
			"starting, stop #1.n: its successor was not ready within 1m0s: " + refused + "; it runs as before until then"},
		{"and while it stops nothing else is done", want(over...), have(old, next(stopping, unwell(refused))),
			"starting: its successor was not ready within 1m0s: " + refused + "; it runs as before until then"},
		{"then the old one stays", want(over...), have(old, next(exit(0), asked, unwell(refused))),
			"running, final: runs as before: its successor was not ready within 1m0s: " + refused},
		{"until a restart", want(append(over, generation(2))...), have(old, next(exit(0), asked)), "starting, forget #1.n, start: its successor begins: restart asked for"},
		{"or another edit", want(append(over, run("r3"))...), have(old, next(exit(0), asked)), "starting, forget #1.n, start: its successor begins: spec changed"},
		{"or the edit back", want(probed, strategy(spec.Overlap)), have(old, next(exit(0), asked)), "running, forget #1.n, final"},
		{"one that dies is tried again after a pause", want(over...), have(old, next(exit(1))), "starting, wake 100ms: its successor died: exit 1; try 2"},
		{"beside the old one", want(over...), have(old, next(exit(1), at(ago(time.Second)))), "starting, start, forget #1.n: its successor begins: its successor died: exit 1, try 2"},
		{"but not for ever", want(over...), have(old, next(exit(1), after(2, time.Second, 0), at(ago(time.Minute)))),
			"running, final: runs as before: its successor died 3 times before it was ready, the last: exit 1"},
		{"one that cannot start leaves it alone", want(over...), have(old, next(nostart("no such file", false))), "running, final: runs as before: its successor cannot start: no such file"},
		{"a hold stops both", want(append(over, hold("stopped by you"))...), have(old, next()), "stopping, stop #1.a, stop #1.n: stopped by you"},
		{"the old one may die meanwhile", want(over...), have(next(young), lives(exit(1))), "starting, forget #1.a, wake 59s: is not ready yet"},
	})
	w := World{Want: wanted(want(over...)), Have: map[ID][]Observed{web: {old}}}
	if do := Judge(t0, w, web).Do; len(do) != 1 || !do[0].Want.Beside || do[0].History.Before != 1 {
		t.Errorf("%+v", do)
	}
}

// A daemon that takes over finds the edit that was under way by what it left; after a boot, and where something just crashed,
// there is none.
func TestUnfinishedEdits(t *testing.T) {
	db := ID{"shop", "db", 1}
	of := func(ts ...trait) Observed { return lives(append([]trait{inst(db)}, ts...)...) }
	need := func(in *Instance) {
		p := *in.Process
		p.DependsOn = map[string]string{"db": "ready"}
		in.Process = &p
	}
	both := func(w ...wish) []Instance {
		in := wants(append([]wish{probed}, w...)...)
		in.ID = db
		return append(want(append(w, need)...), in)
	}
	for _, row := range []struct {
		name string
		want []Instance
		have []Observed
		edit []ID
	}{
		{"neither was begun", both(run("r2")), have(of(said), lives()), []ID{db, web}},
		{"db is on its way", both(run("r2")), have(of(ran("r2"), young), lives()), []ID{db, web}},
		{"db died on its way", both(run("r2")), have(of(ran("r2"), exit(1)), lives()), []ID{db, web}},
		{"db is there", both(run("r2")), have(of(ran("r2"), said), lives()), []ID{web}},
		{"both are", both(run("r2")), have(of(ran("r2"), said), lives(ran("r2"))), nil},
		{"a boot", both(run("r2")), nil, nil},
		{"db just died, and nothing was edited", both(), have(of(exit(1)), lives()), nil},
		{"a restart was asked for", both(generation(2)), have(of(said), lives()), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := World{Want: wanted(row.want), Have: map[ID][]Observed{}}
			for _, l := range row.have {
				w.Have[l.ID] = append(w.Have[l.ID], l)
			}
			if got := w.unfinished(t0)["shop"]; !slices.Equal(got, row.edit) {
				t.Errorf("got %v, want %v", got, row.edit)
			}
		})
	}
}
