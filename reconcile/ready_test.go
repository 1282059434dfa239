package reconcile

import (
	"testing"
	"time"

	"kitt.sh/spec"
)

func probed(in *Instance)     { in.Process.Ready.HTTP = "http://127.0.0.1:3000/" }
func watched(in *Instance)    { in.Process.Alive.HTTP = "http://127.0.0.1:3000/" }
func unwell(why string) trait { return func(o *Observed) { o.Unwell = why } }
func sick(why string) trait   { return func(o *Observed) { o.Sick = why } }
func heard(what string) trait { return func(o *Observed) { o.Said = what } }
func more(d time.Duration) trait {
	return func(o *Observed) { o.More = t0.Add(d) }
}
func healthy(o *Observed) { o.Healthy = true }
func young(o *Observed)   { o.Started = ago(time.Second) }
func log(in *Instance)    { in.Process.Ready.Log = "listening" }

func TestJudgeOfWhatIsAsked(t *testing.T) {
	const refused = "http 127.0.0.1:3000: connection refused"
	bad := sick(ReasonSick + "3 times in a row: " + refused)
	check(t, []judgement{
		{"what is asked whether it is ready starts until it is", want(probed), have(lives(young, unwell(refused))), "starting, wake 59s: is not ready yet: " + refused},
		{"and runs once it was", want(probed), have(lives(said)), "running, final"},
		{"what was ready stays so, and what it answers is told", want(probed, watched), have(lives(said, unwell(refused))), "running, final: " + refused},
		{"what was asked once and is asked no more tells nothing", want(), have(lives(unwell(refused))), "running, final"},
		{"what is not ready in time does not run, and is left alone", want(probed), have(lives(unwell(refused))), "starting, final: was not ready within 1m0s: " + refused},
		{"more time is a matter of the spec alone", want(probed, process(func(p *spec.Process) { p.Ready.Within = time.Hour })), have(lives(unwell(refused))),
			"starting, wake 59m0s: is not ready yet: " + refused},
		{"or of what it asked for itself", want(probed), have(lives(unwell(refused), more(time.Minute))), "starting, wake 1m0s: is not ready yet: " + refused + "; it asked for more time, which ends"},
		{"which is over too", want(probed), have(lives(unwell(refused), started(ago(time.Hour)), more(-time.Minute))), "starting, final: was not ready within 59m0s: " + refused},
		{"and is never less", want(probed), have(lives(young, more(time.Second))), "starting, wake 59s: is not ready yet"},
		{"what it has to say is named", want(log), have(lives(young)), "starting, wake 59s: is not ready yet: no line of its output matches ready.log"},
		{"of two things the one that is missing", want(log, readies), have(lives(young, heard("message"))), "starting, wake 59s: is not ready yet: no line of its output matches ready.log"},
		{"a message alone is waited for as pm2 does", want(readies), have(lives()), "running, final: has not said that it is ready for 3s; it counts as running"},
		{"with something to ask it is not", want(readies, probed), have(lives()), "starting, final: was not ready within 1m0s: has not said yet that it is ready"},
		{"what does not answer is ended", want(watched), have(lives(bad)), "stopping, stop #1.a: unhealthy: 3 times in a row: " + refused},
		{"unless it may never be restarted", want(watched, policy("never")), have(lives(bad)), "running, final"},
		{"and begun anew after a pause, as after a death", want(watched), have(lives(bad, asked, killed("SIGTERM"))),
			"waiting, wake 100ms: unhealthy: 3 times in a row: " + refused + "; try 2"},
		{"however politely it ended", want(watched, policy("on-failure")), have(lives(bad, asked, exit(0))),
			"waiting, wake 100ms: unhealthy: 3 times in a row: " + refused + "; try 2"},
		{"a restart that was asked for meanwhile does not wait", want(watched, generation(2)), have(lives(bad, asked, exit(0))), "starting, start, forget #1.a: restart asked for"},
		{"what is sick too often has failed", want(watched, restart(func(r *spec.Restart) { r.Max = 3 })), have(lives(bad, asked, exit(0), after(2, time.Second, time.Second))),
			"failed, final: gave up: 3 deaths within 10m0s, the last: unhealthy: 3 times in a row: " + refused},
	})
}

func TestADependencyIsReadyOrHealthy(t *testing.T) {
	db := inst(ID{"shop", "db", 1})
	onDB := func(condition string, w ...wish) []Instance {
		in := wants(w...)
		in.ID = ID{"shop", "db", 1}
		return append(want(needs("db", condition)), in)
	}
	const refused = "tcp :5432: connection refused"
	check(t, []judgement{
		{"started is enough where nothing else is said", onDB("started", probed), have(lives(db, young)), "starting, start: not running"},
		{"ready waits", onDB("ready", probed), have(lives(db, young)), "waiting: waits for db.1 to be ready"},
		{"until it is", onDB("ready", probed), have(lives(db, young, said)), "starting, start: not running"},
		{"there is nothing to be ready for", onDB("ready"), have(lives(db, young)), "starting, start: not running"},
		{"what was not ready in time is waited for in vain", onDB("ready", probed), have(lives(db, unwell(refused))),
			"waiting, final: waits for db.1 to be ready, which is starting: was not ready within 1m0s: " + refused},
		{"a message that does not come counts as come", onDB("ready", readies), have(lives(db)), "starting, start: not running"},
		{"healthy waits for an answer", onDB("healthy", watched), have(lives(db)), "waiting: waits for db.1 to be healthy"},
		{"and has it", onDB("healthy", watched), have(lives(db, healthy)), "starting, start: not running"},
		{"that it is ready is part of it", onDB("healthy", watched, probed), have(lives(db, young, healthy)), "waiting: waits for db.1 to be healthy"},
		{"nothing to ask is healthy", onDB("healthy"), have(lives(db)), "starting, start: not running"},
	})
}

// A program behind expose that listens elsewhere is told where it is to.
func TestWhatDoesNotListenAtItsPort(t *testing.T) {
	exposed := process(func(p *spec.Process) { p.Expose = "tcp://127.0.0.1:8080" })
	for name, row := range map[string]struct {
		want Instance
		have Observed
		hint string
	}{
		"it may not listen yet":  {wants(probed, exposed), lives(young, unwell("tcp 127.0.0.1:20001: connection refused")), "with expose it is to listen at $PORT, which is 20001 for this life"},
		"it never did":           {wants(probed, exposed), lives(unwell("tcp 127.0.0.1:20001: connection refused")), "with expose it is to listen at $PORT, which is 20001 for this life"},
		"it listens, and is ill": {wants(probed, exposed), lives(young, unwell("http: 500")), ""},
		"it is not exposed":      {wants(probed), lives(young, unwell("tcp 127.0.0.1:20001: connection refused")), ""},
	} {
		row.have.Port = 20001
		w := World{Want: wanted([]Instance{row.want}), Have: map[ID][]Observed{web: {row.have}}}
		if got := Judge(t0, w, web).Hint; got != row.hint {
			t.Errorf("%s: hint %q", name, got)
		}
	}
}
