package reconcile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

// t0 is now in the tables; ago and in are told from it.
var t0 = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return t0.Add(-d) }

var web = ID{"shop", "web", 1}

// A shape changes what is wanted, or a life.
type (
	wish  func(*Instance)
	trait func(*Observed)
)

// wants is web.1 with the default spec, run "r1", generation 1, bent by w.
func wants(w ...wish) Instance {
	p := spec.Defaults()
	p.Name = "web"
	in := Instance{ID: web, Process: &p, Generation: 1, Run: "r1"}
	for _, bend := range w {
		bend(&in)
	}
	return in
}

func readies(in *Instance)     { in.Process.Ready.Message = true }
func said(o *Observed)         { o.Ready = true }
func generation(n uint64) wish { return func(in *Instance) { in.Generation = n } }
func run(digest string) wish   { return func(in *Instance) { in.Run = digest } }
func hold(why string) wish     { return func(in *Instance) { in.Hold = why } }
func needs(dep, condition string) wish {
	return process(func(p *spec.Process) { p.DependsOn = map[string]string{dep: condition} })
}
func restart(f func(*spec.Restart)) wish { return process(func(p *spec.Process) { f(&p.Restart) }) }
func policy(name string) wish            { return restart(func(r *spec.Restart) { r.Policy = name }) }
func process(f func(*spec.Process)) wish { return func(in *Instance) { f(in.Process) } }

// lives is a life of web.1 that fits wants(), running for a minute, bent by ts.
func lives(ts ...trait) Observed {
	p := spec.Defaults()
	o := Observed{ID: web, Life: "shop/web.1#1.a", Generation: 1, Run: "r1", Limits: Limits(p.Log), Stop: p.Stop,
		State: Running, PID: 7, Started: ago(time.Minute)}
	for _, bend := range ts {
		bend(&o)
	}
	return o
}

func named(life string) trait    { return func(o *Observed) { o.Life = "shop/web.1#" + life } }
func of(n uint64) trait          { return func(o *Observed) { o.Generation = n } }
func ran(digest string) trait    { return func(o *Observed) { o.Run = digest } }
func started(at time.Time) trait { return func(o *Observed) { o.Started = at } }
func asked(o *Observed)          { o.Asked = true }
func stopping(o *Observed)       { o.State, o.Asked, o.Deadline = Stopping, true, t0.Add(time.Second) }
func limits(l string) trait      { return func(o *Observed) { o.Limits = l } }
func inst(id ID) trait           { return func(o *Observed) { o.ID, o.Life = id, id.String()+"#1.a" } }
func at(t time.Time) trait       { return func(o *Observed) { o.Exit.At = t } }
func restarted(n int) trait      { return func(o *Observed) { o.History.Restarts = n } }
func ended(e Exit) trait {
	return func(o *Observed) { e.At = t0; o.State, o.Exit, o.PID = Exited, e, 0 }
}
func exit(code int) trait     { return ended(Exit{How: "exit", Code: code}) }
func killed(sig string) trait { return ended(Exit{How: "signal", Signal: sig}) }
func nostart(text string, again bool) trait {
	return func(o *Observed) {
		o.State, o.Started, o.Exit = NoStart, t0, Exit{How: "nostart", Text: text, Hint: "mend it", Retry: again, At: t0}
	}
}

// after gives a life the deaths of lives before it, a second apart, the last of them long ago as said.
func after(n int, last time.Duration, lived time.Duration) trait {
	return func(o *Observed) {
		for i := range n {
			o.History.Deaths = append(o.History.Deaths, Death{At: ago(last + time.Duration(n-1-i)*time.Second), Ran: lived})
		}
	}
}

// worded says a verdict in a line: phase, actions with their lives, wake, whether it is final; and the reason.
func worded(v Verdict) string {
	s := string(v.Phase)
	for _, a := range v.Do {
		s += ", " + string(a.Verb)
		if a.Life != "" {
			s += " " + a.Life[strings.IndexByte(a.Life, '#'):]
		}
	}
	if !v.Wake.IsZero() {
		s += ", wake " + v.Wake.Sub(t0).String()
	}
	if v.Final {
		s += ", final"
	}
	if v.Reason != "" {
		reason, _, _ := strings.Cut(v.Reason, " at ") // a time of day
		s += ": " + reason
	}
	return s
}

type judgement struct {
	name string
	want []Instance
	have []Observed
	says string
}

func check(t *testing.T, rows []judgement) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			w := World{Want: wanted(r.want), Have: map[ID][]Observed{}, Why: map[string]string{"r0": "env PORT, command"}}
			for _, l := range r.have {
				w.Have[l.ID] = append(w.Have[l.ID], l)
			}
			before := fmt.Sprintf("%+v", w)
			if got := worded(Judge(t0, w, web)); got != r.says {
				t.Errorf("\n got %s\nwant %s", got, r.says)
			}
			if after := fmt.Sprintf("%+v", w); after != before {
				t.Errorf("the world was changed\nfrom %s\nto   %s", before, after)
			}
		})
	}
}

func want(w ...wish) []Instance     { return []Instance{wants(w...)} }
func have(l ...Observed) []Observed { return l }

func TestJudgeOfWhatLives(t *testing.T) {
	check(t, []judgement{
		{"what runs as wanted is left alone", want(), have(lives()), "running, final"},
		{"what is not there is started", want(), nil, "starting, start: not running"},
		{"what is neither wanted nor there is done", nil, nil, "done, final"},
		{"what is no longer wanted is stopped", nil, have(lives()), "stopping, stop #1.a: no longer wanted"},
		{"what is held is stopped", want(hold("stopped by you")), have(lives()), "stopping, stop #1.a: stopped by you"},
		{"what stops already is not stopped again", want(hold("stopped by you")), have(lives(stopping)), "stopping: stopped by you"},
		{"a restart that was asked for stops the old life first", want(generation(2)), have(lives()), "stopping, stop #1.a: restart asked for"},
		{"a restart waits for the old life to end", want(generation(2)), have(lives(stopping)), "stopping: restart asked for"},
		{"an edit replaces, and names the fields", want(), have(lives(ran("r0"))), "stopping, stop #1.a: spec changed: env PORT, command"},
		{"an edit that nobody saw replaces all the same", want(), have(lives(ran("rx"))), "stopping, stop #1.a: spec changed"},
		{"a life of a later generation than wanted is left alone", want(), have(lives(of(3))), "running, final"},
		{"an edit of the restart policy changes nothing", want(policy("never")), have(lives()), "running, final"},
		{"an edit of the way to stop is told to the life", want(process(func(p *spec.Process) { p.Stop.Timeout = 1 })), have(lives()), "running, tune #1.a, final"},
		{"a signal too", want(process(func(p *spec.Process) { p.Stop.Signal = "SIGINT" })), have(lives()), "running, tune #1.a, final"},
		{"a command too", want(process(func(p *spec.Process) { p.Stop.Command = []string{"bye"} })), have(lives()), "running, tune #1.a, final"},
		{"no command is none, however it is written", want(process(func(p *spec.Process) { p.Stop.Command = []string{} })), have(lives()), "running, final"},
		{"an edit of the log limits is told to the life", want(), have(lives(limits("old"))), "running, tune #1.a, final"},
		{"what must say that it is ready starts until it does", want(readies), have(lives(started(ago(time.Second)))), "starting, wake 2s: has not said yet that it is ready"},
		{"or until its time is up", want(readies), have(lives(started(ago(3 * time.Second)))), "running, final: has not said that it is ready for 3s; it counts as running"},
		{"and runs when it has", want(readies), have(lives(started(t0), said)), "running, final"},
		{"a clock set back does not make it wait for longer", want(readies), have(lives(started(t0.Add(time.Hour)))), "running, final: has not said that it is ready for 3s; it counts as running"},
		{"the primary of a cluster must say it", want(process(func(p *spec.Process) { p.Mode = spec.ModeCluster })), have(lives(started(t0))), "starting, wake 3s: has not said yet that it is ready"},
		{"what fits but stops is waited for", want(), have(lives(stopping)), "stopping"},
		{"of two lives the younger is stopped", want(), have(lives(named("1.b"), started(t0)), lives()), "running, stop #1.b, final"},
		{"of two lives that began at once one is stopped", want(), have(lives(named("1.b")), lives()), "running, stop #1.b, final"},
		{"of two lives the one that stops already goes", want(), have(lives(stopping), lives(named("1.b"), started(t0))), "running, final"},
		{"of two lives the wrong one is stopped", want(generation(2)), have(lives(), lives(named("2.b"), of(2))), "running, stop #1.a, final"},
		{"of two wrong lives both are stopped", nil, have(lives(), lives(named("1.b"))), "stopping, stop #1.a, stop #1.b: no longer wanted"},
		{"the end before a life that runs is forgotten", want(), have(lives(exit(1), named("1.0")), lives()), "running, forget #1.0, final"},
		{"the end of what is no longer wanted is forgotten", nil, have(lives(exit(1))), "done, forget #1.a, final"},
	})
}

func TestJudgeOfWhatIsDown(t *testing.T) {
	check(t, []judgement{
		{"a cluster whose workers died too often has failed", want(process(func(p *spec.Process) { p.Mode = spec.ModeCluster })), have(lives(exit(122))), "failed, final: gave up: its workers died too often"},
		{"that number means nothing elsewhere", want(), have(lives(exit(122))), "waiting, wake 100ms: exit 122; try 2"},
		{"what is held stays down", want(hold("stopped by you")), nil, "held, final: stopped by you"},
		{"what crashed and is held stays down", want(hold("stopped by you")), have(lives(exit(1))), "held, final: stopped by you"},
		{"an end that was asked for is no death", want(), have(lives(exit(1), asked)), "starting, start, forget #1.a: start asked for"},
		{"a crash is followed by a pause", want(), have(lives(exit(1))), "waiting, wake 100ms: exit 1; try 2"},
		{"a signal is a crash too", want(), have(lives(killed("SIGSEGV"))), "waiting, wake 100ms: killed by SIGSEGV; try 2"},
		{"an end that nobody saw is a crash", want(), have(lives(ended(Exit{How: "unknown"}))), "waiting, wake 100ms: ended while nobody watched, exit unknown; try 2"},
		{"after the pause it is tried again", want(), have(lives(exit(1), at(ago(100*time.Millisecond)))), "starting, start, forget #1.a: exit 1, try 2"},
		{"a moment before the end of the pause it is not", want(), have(lives(exit(1), at(ago(100*time.Millisecond-1)))), "waiting, wake 1ns: exit 1; try 2"},
		{"a restart ends the pause", want(generation(2)), have(lives(exit(1))), "starting, start, forget #1.a: restart asked for"},
		{"an edit ends the pause", want(run("r2")), have(lives(exit(1), ran("r0"))), "starting, start, forget #1.a: spec changed: env PORT, command"},
		{"only the last end is judged", want(), have(lives(exit(1), named("1.b"), at(ago(time.Minute))), lives(exit(2))), "waiting, forget #1.b, wake 100ms: exit 2; try 2"},
		{"the end of a later generation is the last, whatever the clock said", want(generation(2)), have(lives(exit(1)), lives(exit(2), named("2.b"), of(2), at(ago(time.Second)))),
			"starting, forget #1.a, start, forget #2.b: exit 2, try 2"},
		{"a clock set back an hour does not make the pause an hour", want(), have(lives(exit(1), at(t0.Add(time.Hour)))), "starting, start, forget #1.a: exit 1, try 2"},
		{"a clock that is a hair behind shortens no pause", want(), have(lives(exit(1), at(t0.Add(time.Millisecond)))), "waiting, wake 101ms: exit 1; try 2"},
		{"a clock set forward ends the pause", want(), have(lives(exit(1), at(ago(time.Hour)))), "starting, start, forget #1.a: exit 1, try 2"},
		{"a program that cannot run has failed", want(), have(lives(nostart("no such file", false))), "failed, final: no such file"},
		{"no pause mends it", want(), have(lives(nostart("no such file", false), at(ago(time.Hour)))), "failed, final: no such file"},
		{"an edit lets it be tried again", want(run("r2")), have(lives(nostart("no such file", false))), "starting, start, forget #1.a: spec changed"},
		{"a restart lets it be tried again", want(generation(2)), have(lives(nostart("no such file", false))), "starting, start, forget #1.a: restart asked for"},
		{"what passes by itself is tried again after a pause", want(), have(lives(nostart("out of memory", true))), "waiting, wake 100ms: out of memory; try 2"},
		{"and whatever the policy", want(policy("never")), have(lives(nostart("out of memory", true), at(ago(time.Second)))), "starting, start, forget #1.a: out of memory, try 2"},
	})
}

func TestJudgeByPolicy(t *testing.T) {
	gone := at(ago(time.Minute))
	again := "starting, start, forget #1.a: "
	check(t, []judgement{
		{"always: exit 0 is tried again", want(), have(lives(exit(0), gone)), again + "exit 0, try 2"},
		{"on-failure: exit 0 is done", want(policy("on-failure")), have(lives(exit(0), gone)), "done, final: exit 0"},
		{"on-failure: SIGTERM is done", want(policy("on-failure")), have(lives(killed("SIGTERM"), gone)), "done, final: killed by SIGTERM"},
		{"on-failure: exit 1 is tried again", want(policy("on-failure")), have(lives(exit(1), gone)), again + "exit 1, try 2"},
		{"on-failure: SIGKILL is tried again", want(policy("on-failure")), have(lives(killed("SIGKILL"), gone)), again + "killed by SIGKILL, try 2"},
		{"on-failure: an end nobody saw is tried again", want(policy("on-failure")), have(lives(ended(Exit{How: "unknown"}), gone)), again + "ended while nobody watched, exit unknown, try 2"},
		{"on-abnormal: exit 0 is done", want(policy("on-abnormal")), have(lives(exit(0), gone)), "done, final: exit 0"},
		{"on-abnormal: SIGTERM is done", want(policy("on-abnormal")), have(lives(killed("SIGTERM"), gone)), "done, final: killed by SIGTERM"},
		{"on-abnormal: exit 1 has failed", want(policy("on-abnormal")), have(lives(exit(1), gone)), "failed, final: exit 1, and restart.policy is on-abnormal"},
		{"on-abnormal: SIGSEGV is tried again", want(policy("on-abnormal")), have(lives(killed("SIGSEGV"), gone)), again + "killed by SIGSEGV, try 2"},
		{"never: exit 0 is done", want(policy("never")), have(lives(exit(0), gone)), "done, final: exit 0"},
		{"never: exit 1 has failed", want(policy("never")), have(lives(exit(1), gone)), "failed, final: exit 1, and restart.policy is never"},
		{"a restart is above the policy", want(policy("never"), generation(2)), have(lives(exit(1), gone)), again + "restart asked for"},
		{"a stop code ends it for good", want(restart(func(r *spec.Restart) { r.DoneCodes = []int{3, 4} })), have(lives(exit(4), gone)), "done, final: exit 4, one of its stop codes"},
		{"another code does not", want(restart(func(r *spec.Restart) { r.DoneCodes = []int{3, 4} })), have(lives(exit(5), gone)), again + "exit 5, try 2"},
		{"a signal is no stop code", want(restart(func(r *spec.Restart) { r.DoneCodes = []int{0} })), have(lives(killed("SIGKILL"), gone)), again + "killed by SIGKILL, try 2"},
	})
}

func TestJudgeByLimit(t *testing.T) {
	three := restart(func(r *spec.Restart) { r.Max, r.Within = 3, 10*time.Second })
	young := restart(func(r *spec.Restart) { r.Max, r.Within, r.MinUptime = 3, 10*time.Second, time.Second })
	quick := started(ago(time.Millisecond))
	check(t, []judgement{
		{"the third death within the window ends it", want(three), have(lives(exit(1), after(2, 8*time.Second, 0))), "failed, final: gave up: 3 deaths within 10s, the last: exit 1"},
		{"the second does not", want(three), have(lives(exit(1), after(1, 8*time.Second, 0))), "waiting, wake 100ms: exit 1; try 2"},
		{"a death that left the window does not count", want(three), have(lives(exit(1), after(2, 9*time.Second, 0))), "waiting, wake 100ms: exit 1; try 2"},
		{"time alone does not forgive", want(three), have(lives(exit(1), started(ago(time.Hour)), at(ago(time.Hour)), after(2, time.Hour+time.Second, 0))), "failed, final: gave up: 3 deaths within 10s, the last: exit 1"},
		{"a restart forgives", want(three, generation(2)), have(lives(exit(1), after(9, time.Second, 0))), "starting, start, forget #1.a: restart asked for"},
		{"an edit forgives", want(three, run("r2")), have(lives(exit(1), after(9, time.Second, 0))), "starting, start, forget #1.a: spec changed"},
		{"no limit is no limit", want(), have(lives(exit(1), quick, after(100, time.Second, 0))), "waiting, wake 15s: exit 1; try 101"},
		{"young deaths count", want(young), have(lives(exit(1), quick, after(2, time.Second, time.Millisecond))), "failed, final: gave up: 3 deaths within 10s, the last: exit 1"},
		{"deaths older than min_uptime do not", want(young), have(lives(exit(1), quick, after(2, time.Second, time.Second))), "waiting, wake 400ms: exit 1; try 4"},
		{"what cannot start counts as young", want(young), have(lives(nostart("no memory", true), after(2, time.Second, 0))), "failed, final: gave up: 3 deaths within 10s, the last: no memory"},
	})
}

func TestJudgeByNeeds(t *testing.T) {
	db := ID{"shop", "db", 1}
	dep := func(w ...wish) Instance {
		in := wants(w...)
		in.ID = db
		return in
	}
	both := func(condition string, w ...wish) []Instance {
		return []Instance{wants(needs("db", condition)), dep(w...)}
	}
	never := policy("never")
	check(t, []judgement{
		{"it waits for what it needs", both("ready"), nil, "waiting: waits for db.1 to be ready"},
		{"it starts when that runs", both("ready"), have(lives(inst(db))), "starting, start: not running"},
		{"a life that is about to be replaced is not ready", both("ready", generation(2)), have(lives(inst(db))), "waiting: waits for db.1 to be ready"},
		{"but it was started", both("started", generation(2)), have(lives(inst(db))), "starting, start: not running"},
		{"what has ended was started", both("started"), have(lives(inst(db), exit(1))), "starting, start: not running"},
		{"what ended is not ready", both("ready"), have(lives(inst(db), exit(1))), "waiting: waits for db.1 to be ready"},
		{"what runs is not completed", both("completed"), have(lives(inst(db))), "waiting: waits for db.1 to be completed"},
		{"exit 0 completes", both("completed", never), have(lives(inst(db), exit(0))), "starting, start: not running"},
		{"exit 1 does not, and it is in vain", both("completed", never), have(lives(inst(db), exit(1))), "waiting, final: waits for db.1 to be completed, which is failed: exit 1, and restart.policy is never"},
		{"an exit 0 from before an edit does not", both("completed", run("r2")), have(lives(inst(db), exit(0))), "waiting: waits for db.1 to be completed"},
		{"an exit 0 from before a restart does not", both("completed", generation(2)), have(lives(inst(db), exit(0))), "waiting: waits for db.1 to be completed"},
		{"it waits in vain for what is held", both("ready", hold("stopped by you")), nil, "waiting, final: waits for db.1 to be ready, which is held: stopped by you"},
		{"it waits in vain for what cannot start", both("started"), have(lives(inst(db), nostart("no such file", false))), "waiting, final: waits for db.1 to be started, which is failed: no such file"},
		{"it waits in vain for what is not there", want(needs("db", "ready")), nil, "waiting, final: waits for db, of which no instance is wanted"},
		{"what runs goes on without what it needed", both("ready"), have(lives()), "running, final"},
		{"a crash waits for what it needs", both("ready"), have(lives(exit(1), at(ago(time.Minute)))), "waiting: waits for db.1 to be ready"},
		{"a held instance needs nothing", []Instance{wants(needs("db", "ready"), hold("stopped by you"))}, nil, "held, final: stopped by you"},
	})
	w := World{Want: wanted([]Instance{wants(needs("db", "ready")), dep(needs("web", "ready"))})}
	if v := Judge(t0, w, web); v.Phase != PhaseWaiting || !v.Final {
		t.Errorf("a circle is %s", worded(v))
	}
}

// TestJudgeByOrder is about db.1, on which web depends, called web here: the rows judge web.
func TestJudgeByOrder(t *testing.T) {
	up := ID{"shop", "up", 1}
	user := func(w ...wish) Instance {
		in := wants(append([]wish{needs("web", "ready")}, w...)...)
		in.ID = up
		return in
	}
	down := hold("stopped by you")
	check(t, []judgement{
		{"it stops after what needs it", []Instance{wants(down), user(down)}, have(lives(), lives(inst(up))), "stopping: stopped by you; waits for up.1 to end"},
		{"also while that is being stopped", []Instance{wants(down), user(down)}, have(lives(), lives(inst(up), stopping)), "stopping: stopped by you; waits for up.1 to end"},
		{"once that has ended it stops", []Instance{wants(down), user(down)}, have(lives(), lives(inst(up), exit(0))), "stopping, stop #1.a: stopped by you"},
		{"what goes on is not waited for", []Instance{wants(down), user()}, have(lives(), lives(inst(up))), "stopping, stop #1.a: stopped by you"},
		{"a restart waits for nobody", []Instance{wants(generation(2)), user(down)}, have(lives(), lives(inst(up))), "stopping, stop #1.a: restart asked for"},
		{"an edit waits for nobody", []Instance{wants(run("r2")), user(down)}, have(lives(), lives(inst(up))), "stopping, stop #1.a: spec changed"},
	})
}

func TestJudgeByCascade(t *testing.T) {
	db := ID{"shop", "db", 1}
	cascade := process(func(p *spec.Process) { p.Cascade = true })
	again := func(o *Observed) { o.History.Before = 1 }
	both := func(w ...wish) []Instance {
		dep := wants()
		dep.ID = db
		return []Instance{wants(append([]wish{needs("db", "ready")}, w...)...), dep}
	}
	younger := started(ago(time.Second))
	check(t, []judgement{
		{"what it needs began anew, and so does it", both(cascade), have(lives(), lives(inst(db), younger, again)), "stopping, stop #1.a: cascade: db.1 began anew"},
		{"not without the word", both(), have(lives(), lives(inst(db), younger, again)), "running, final"},
		{"not before that is there again", both(cascade), have(lives(), lives(inst(db), younger, again, exit(1))), "running, final"},
		{"not for a first life", both(cascade), have(lives(), lives(inst(db), younger)), "running, final"},
		{"not for one that was there before it", both(cascade), have(lives(), lives(inst(db), started(ago(time.Hour)), again)), "running, final"},
	})
}

func TestEveryInstanceOfANeedCounts(t *testing.T) {
	want := []Instance{wants(needs("db", "ready"))}
	w := World{Have: map[ID][]Observed{}}
	for n := 1; n <= 2; n++ {
		in := wants()
		in.ID = ID{"shop", "db", n}
		want = append(want, in)
	}
	w.Want = wanted(want)
	for n, says := range []string{"waiting: waits for db.1 to be ready", "waiting: waits for db.2 to be ready", "starting, start: not running"} {
		if n > 0 {
			id := ID{"shop", "db", n}
			w.Have[id] = []Observed{lives(inst(id))}
		}
		if got := worded(Judge(t0, w, web)); got != says {
			t.Errorf("with %d ready: %s, want %s", n, got, says)
		}
	}
}

func TestWhatAStartInherits(t *testing.T) {
	crash := lives(exit(1), started(ago(time.Second)), restarted(4), after(2, 2*time.Second, time.Millisecond))
	for _, r := range []struct {
		name             string
		want             Instance
		end              Observed
		restarts, deaths int
	}{
		{"after a death: one restart more, one death more", wants(), crash, 5, 3},
		{"after a restart asked for: the restarts, no death", wants(generation(2)), crash, 4, 0},
		{"after an edit: the restarts, no death", wants(run("r2")), crash, 4, 0},
		{"after an end that was asked for: the restarts, no death", wants(), lives(exit(0), asked, restarted(4)), 4, 0},
		{"never more than a hundred deaths", wants(), lives(exit(1), after(100, time.Second, 0)), 1, 100},
	} {
		t.Run(r.name, func(t *testing.T) {
			w := World{Want: wanted([]Instance{r.want}), Have: map[ID][]Observed{web: {r.end}}}
			v := Judge(t0.Add(time.Hour), w, web)
			if len(v.Do) == 0 || v.Do[0].Verb != Start {
				t.Fatalf("it is not started: %s", worded(v))
			}
			h := v.Do[0].History
			if h.Restarts != r.restarts || len(h.Deaths) != r.deaths || h.Last != r.end.Exit {
				t.Errorf("%d restarts, %d deaths, last %v; want %d, %d, %v", h.Restarts, len(h.Deaths), h.Last, r.restarts, r.deaths, r.end.Exit)
			}
			if n := len(h.Deaths); n > 0 && h.Deaths[n-1] != (Death{r.end.Exit.At, r.end.Exit.At.Sub(r.end.Started)}) {
				t.Errorf("the last death is %v", h.Deaths[n-1])
			}
		})
	}
}

func TestHowItIsStopped(t *testing.T) {
	slow := wants(process(func(p *spec.Process) { p.Stop = spec.Stop{Signal: "SIGINT", Timeout: time.Minute} }), generation(2))
	own := lives(func(o *Observed) { o.Stop = spec.Stop{Signal: "SIGQUIT", Timeout: time.Hour} })
	lost := lives(func(o *Observed) { o.Stop = spec.Stop{} })
	for _, r := range []struct {
		name   string
		want   []Instance
		have   Observed
		signal string
	}{
		{"as the spec says now", []Instance{slow}, own, "SIGINT"},
		{"as it was started, if it is no longer in the spec", nil, own, "SIGQUIT"},
		{"as usual, if nobody knows any more", nil, lost, "SIGTERM"},
	} {
		t.Run(r.name, func(t *testing.T) {
			v := Judge(t0, World{Want: wanted(r.want), Have: map[ID][]Observed{web: {r.have}}}, web)
			if len(v.Do) != 1 || v.Do[0].How.Signal != r.signal || v.Do[0].How.Timeout == 0 {
				t.Errorf("got %+v, want %s", v.Do, r.signal)
			}
		})
	}
}

func TestPlanIsTheSumAndWakesForTheFirst(t *testing.T) {
	other := ID{"shop", "web", 2}
	two := wants()
	two.ID = other
	w := World{Want: wanted([]Instance{wants(), two}), Have: map[ID][]Observed{
		web: {lives(exit(1), started(ago(time.Millisecond)), after(3, time.Second, 0))}, other: {lives(inst(other), exit(1))}}}
	do, wake := Plan(t0, w, w.IDs())
	if len(do) != 0 || !wake.Equal(t0.Add(100*time.Millisecond)) {
		t.Errorf("do %v, wake in %s", do, wake.Sub(t0))
	}
	do, _ = Plan(t0.Add(time.Second), w, w.IDs())
	if len(do) != 4 {
		t.Errorf("after the pauses %d actions, want two starts and two forgets", len(do))
	}
}
