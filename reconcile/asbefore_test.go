package reconcile

import (
	"testing"
	"time"

	"kitt.sh/spec"
)

const mute = ReasonSick + "it does not answer"

// TestWhatRunsAsBeforeAndIsUnhealthy is about lives that wait for something, and are found to be unhealthy meanwhile.
func TestWhatRunsAsBeforeAndIsUnhealthy(t *testing.T) {
	turns := []wish{run("r2"), probed, strategy(spec.ByTurns)}
	first := lives(of2(1), said)
	ill := lives(of2(2), said, sick(mute))
	checkID(t, ID{"shop", "web", 2}, nil, []judgement{
		{"it waits for no turn", three(turns...), have(first, ill), "stopping, stop #1.a: " + mute + "; its successor takes its place"},
		{"nor for one that does not come up", three(turns...), have(lives(of2(1), ran("r2"), unwell("no")), ill),
			"stopping, stop #1.a: " + mute + "; its successor takes its place"},
		{"and then begins as it is wanted now", three(turns...), have(first, lives(of2(2), said, sick(mute), asked, killed("SIGTERM"))),
			"starting, start, forget #1.a: spec changed"},
	})
	over := []wish{run("r2"), probed, strategy(spec.Overlap)}
	next := func(ts ...trait) Observed {
		return lives(append([]trait{life("shop/web.1#1.n"), ran("r2"), func(o *Observed) { o.History.Before = 1 }}, ts...)...)
	}
	old := lives(said, sick(mute))
	gone := lives(said, sick(mute), asked, killed("SIGTERM"))
	check(t, []judgement{
		{"overlap: it does not wait for a successor", want(over...), have(old), "stopping, stop #1.a: " + mute + "; its successor takes its place"},
		{"nor for the one that begins", want(over...), have(old, next(young)), "stopping, stop #1.a: " + mute + "; its successor takes its place"},
		{"which goes on alone", want(over...), have(lives(said, sick(mute), stopping), next(young)), "starting, wake 59s: is not ready yet"},
		{"one that is being ended is waited for", want(over...), have(old, next(stopping)),
			"starting: its successor was not ready within 1m0s; it runs as before until then"},
		{"it gives way to a successor that was not ready in time", want(over...), have(old, next(exit(0), asked)), "stopping, stop #1.a: " + mute + "; its successor takes its place"},
		{"which begins anew, once", want(over...), have(gone, next(exit(0), asked)), "starting, forget #1.a, start, forget #1.n: not running"},
		{"and if it is not ready alone either, it stays", want(over...), have(next(unwell("no"))), "starting, final: was not ready within 1m0s: no"},
		{"and to one that died too often, with its pause", want(over...), have(gone, next(exit(1), after(2, time.Second, 0))),
			"waiting, forget #1.a, wake 100ms: exit 1; try 2"},
		{"where none can begin it runs on", want(over...), have(old, next(nostart("no such file", false))),
			"running, final: " + mute + "; it runs on, for its successor cannot start: no such file"},
	})
	db := func(w ...wish) Instance {
		in := wants(w...)
		in.ID = ID{"shop", "db", 1}
		return in
	}
	check(t, []judgement{
		{"nor where it would wait", append(want(run("r2"), needs("db", "ready")), db(probed)), have(lives(sick(mute)), lives(inst(db().ID), young)),
			"running: " + mute + "; it runs on, for its successor waits for db.1 to be ready"},
		{"after that it goes", append(want(run("r2"), needs("db", "ready")), db(probed)), have(lives(sick(mute)), lives(inst(db().ID), said)), "stopping, stop #1.a: spec changed"},
	})
}

// TestAnEditWaitsForWhatItNeeds is about web, which runs, and is edited so that it needs db.
func TestAnEditWaitsForWhatItNeeds(t *testing.T) {
	db := ID{"shop", "db", 1}
	both := func(condition string, on ...wish) []Instance {
		in := wants(on...)
		in.ID = db
		return append(want(run("r2"), needs("db", condition)), in)
	}
	of := func(ts ...trait) Observed { return lives(append([]trait{inst(db)}, ts...)...) }
	never := policy("never")
	check(t, []judgement{
		{"what it needs does not run yet", both("ready", probed), have(lives()), "running: runs as before: its successor waits for db.1 to be ready"},
		{"is not ready yet", both("ready", probed), have(lives(), of(young)), "running: runs as before: its successor waits for db.1 to be ready"},
		{"is ready", both("ready", probed), have(lives(), of(said)), "stopping, stop #1.a: spec changed"},
		{"does not get ready", both("ready", probed), have(lives(), of(unwell("no"))),
			"running, final: runs as before: its successor waits for db.1 to be ready, which is starting: was not ready within 1m0s: no"},
		{"has failed", both("started"), have(lives(), of(nostart("no such file", false))),
			"running, final: runs as before: its successor waits for db.1 to be started, which is failed: no such file"},
		{"a task that has yet to complete", both("completed", never), have(lives(), of()), "running: runs as before: its successor waits for db.1 to be completed"},
		{"and has not", both("completed", never), have(lives(), of(exit(1))),
			"running, final: runs as before: its successor waits for db.1 to be completed, which is failed: exit 1, and restart.policy is never"},
		{"and has", both("completed", never), have(lives(), of(exit(0))), "stopping, stop #1.a: spec changed"},
		{"is held", both("ready", hold("stopped by you")), have(lives()), "running, final: runs as before: its successor waits for db.1 to be ready, which is held: stopped by you"},
		{"a restart that was asked for waits for nothing", append(want(run("r2"), generation(2), needs("db", "ready")), both("ready", probed)[1]), have(lives()), "stopping, stop #1.a: restart asked for"},
		{"a crash waits when it is down", both("ready", probed), have(lives(exit(1))), "waiting: waits for db.1 to be ready"},
		{"what goes on needs nothing", append(want(needs("db", "ready")), both("ready", probed)[1]), have(lives()), "running, final"},
		{"a hold is not held back", append(want(run("r2"), hold("stopped by you"), needs("db", "ready")), both("ready", probed)[1]), have(lives()), "stopping, stop #1.a: stopped by you"},
	})
	v := Judge(t0, World{Want: wanted(both("ready", hold("stopped by you"))), Have: map[ID][]Observed{web: {lives()}}}, web)
	if v.Hint != "mend what it waits for: kitt restart web would end what runs, and wait" {
		t.Errorf("the way out is %q", v.Hint)
	}
	up := wants(run("r2"), probed)
	up.ID = ID{"shop", "up", 1}
	edits := map[string][]ID{"shop": {web, up.ID}}
	more := func(on ...trait) []Observed {
		return have(lives(said), of(on...), lives(inst(up.ID), said))
	}
	edited := append(both("ready", probed), up)
	probed(&edited[0])
	checkID(t, up.ID, edits, []judgement{
		{"what comes after it in the edit waits with it", edited, more(young), "running: waits for web.1, which is replaced first"},
		{"also in vain", edited, more(unwell("no")),
			"running, final: runs as before, since web.1 does not come up: its successor waits for db.1 to be ready, which is starting: was not ready within 1m0s: no"},
	})
	pending := World{Want: wanted(append(both("ready", probed, run("r2"), strategy(spec.Overlap)), up)), Have: map[ID][]Observed{
		web: {lives()}, db: {of(said), of(ran("r2"), life("shop/db.1#1.n"), nostart("no such file", false))}}}
	const says = "running, final: runs as before: its successor waits for db.1 to be ready, which is running: runs as before: its successor cannot start: no such file"
	if got := worded(Judge(t0, pending, web)); got != says {
		t.Errorf("\n got %s\nwant %s", got, says)
	}
}
