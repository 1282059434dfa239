package mutants

// simulation is the reconcile loop, broken so that each invariant of the simulation is seen to fail: a row names what
// it says then. The many other ways to break the package are in reconcile/mutation_test.go.
func simulation() []mutant {
	sim := func(name, file, old, new, say string) mutant {
		m := one(name, "reconcile/"+file, old, new, "./reconcile", "TestSim$")
		m.say = say
		return m
	}
	return []mutant{
		sim("sim: a life beside the old one", "judge.go", `case len(alive) > 0:`, `case len(alive) > 0 && alive[0].State == Running:`, "is started while"),
		sim("sim: the user's hold on a process is overlooked", "intents.go", `[]string{id.Process, id.Short()}`, `[]string{id.Short()}`, "the user holds it: true"),
		sim("sim: the hold on a project is overlooked", "intents.go", `if p.Down != nil && p.Down.holds(now) {`, `if false {`, "the user holds it: true"),
		sim("sim: a hold is not enforced on what lives", "judge.go", `case want.Hold != "":`, `case false:`, "is held and runs"),
		sim("sim: a hold of which the time is over lasts", "intents.go", `|| now.Before(h.Until) }`, `|| now.Before(h.Until.Add(99*time.Hour)) }`, "no rest"),
		sim("sim: the pause is a little shorter", "judge.go", `due := end.Exit.At.Add(pause)`, `due := end.Exit.At.Add(pause - 1)`, "promised was"),
		sim("sim: each pause is the first", "judge.go", `pause := backoff(r, n)`, `pause := backoff(r, 1)`, "promised was"),
		sim("sim: the last life is told by the clock", "judge.go", `cmp.Or(cmp.Compare(o.History.Before, l.History.Before), cmp.Compare`, `cmp.Or(cmp.Compare`, "its end is still to be judged"),
		sim("sim: what a clock makes long is waited for", "judge.go", `if now.Before(due) && due.Sub(now) <= 2*pause {`, `if now.Before(due) {`, "the loop sleeps for"),
		sim("sim: it never gives up", "backoff.go", `return n >= min(r.Max, maxDeaths)`, `return false`, "is started though it is down for good"),
		sim("sim: it gives up too soon", "backoff.go", `return n >= min(r.Max, maxDeaths)`, `return n >= 1`, "is down"),
		sim("sim: dependencies are not waited for", "needs.go", `if !fulfilled(now, w, want, condition) {`, `if false && !fulfilled(now, w, want, condition) {`, "what it depends on"),
		sim("sim: dependents are not looked at", "turn.go", `range slices.Concat(r.waiters[id.process()], r.beneath[id.process()]) {`, `range slices.Concat(r.waiters[id], r.beneath[id.process()]) {`, "at rest"),
		sim("sim: what is right is stopped", "judge.go", `case l.Run != want.Run:`, `case l.Run != want.Run || l.ID.N == 3:`, "nothing is wrong with it"),
		sim("sim: what has not changed is tuned", "judge.go", `case stop:`, `case stop || l.ID.N == 3:`, "is tuned to what it has"),
		sim("sim: an edit of what is live is forgotten", "judge.go", `if why := untuned(want.Process, l); why != "" {`, `if why := untuned(want.Process, l); why == "log" {`, "is not the one that is wanted"),
		sim("sim: an edit of what replaces is forgotten", "judge.go", `case l.Run != want.Run:`, `case false:`, "is not the one that is wanted"),
		sim("sim: what stops is taken for over", "judge.go", "		if l.alive() {\n			alive =", "		if l.State == Running {\n			alive =", "lives and is forgotten").
			and("reconcile/judge.go", "len(lives) == 1 && lives[0].alive()", "len(lives) == 1 && lives[0].State == Running"),
		sim("sim: a tune starts", "act.go", `err = r.Runtime.Tune(ctx, a.Life, a.Want)`, `err = r.Runtime.Start(ctx, a.Want, a.History)`, "a second life was started"),
		sim("sim: a tune starts, and nobody refuses", "act.go", `err = r.Runtime.Tune(ctx, a.Life, a.Want)`, `err = r.Runtime.Start(ctx, a.Want, a.History)`, "lives twice").
			and("reconcile/runtimetest/life.go", "f.count.Twins++\n			return", "f.count.Twins++"),
		sim("sim: an instance is not shown", "plan.go", `	for id := range w.Want {
		ids = append(ids, id)`, `	for id := range w.Want {
		if id.N == 3 {
			continue
		}
		ids = append(ids, id)`, "views of"),
		sim("sim: the last end is not kept", "judge.go", `wanted && (len(alive) == 0 || w.tried(want, alive, over)))`, `false)`, "its end is still to be judged"),
		sim("sim: the old end is forgotten though the start failed", "act.go", `err != nil && a.Verb != Forget {`, `err != nil && false {`, "nothing inherited it"),
		sim("sim: what failed is tried in a frenzy", "act.go", `if ok && now.Before(t.until)`, `if false && ok && now.Before(t.until)`, "in the same world"),
		sim("sim: a busy instance is acted on", "turn.go", `if r.busy[id] || !r.told {`, `if !r.told {`, "is acted on twice at once"),
		sim("sim: what nobody can read is stopped", "judge.go", `if !wanted && w.lost(id.Project) {`, `if false {`, "nobody knows what is wanted"),
		sim("sim: an asker is not handed on", "act.go", `r.Runtime.Stop(ctx, a.Life, a.How, who.pid)`, `r.Runtime.Stop(ctx, a.Life, a.How, 0)`, "asked for by"),
		sim("sim: an asker is remembered for ever", "act.go", `delete(r.askers, a.ID)`, `_ = a.ID`, "asked for by"),
		sim("sim: the wake timer is forgotten", "turn.go", `r.wakes[id] = now.Add(at.Sub(now))`, ``, "at rest"),
		sim("sim: the wake is kept by the wall clock", "turn.go", `r.wakes[id] = now.Add(at.Sub(now))`, `r.wakes[id] = at`, ""),
		sim("sim: a failed look is forgotten", "turn.go", "	r.all = true\n", "", ""),
		sim("sim: what was acted on is not looked at again", "act.go", `r.dirty[id] = true`, ``, ""),
		sim("sim: what is no longer had stays known", "turn.go", "			delete(r.tried, id)\n", "", "at rest it remembers"),
		sim("sim: what runs and is not wanted stays", "judge.go", `case !wanted:
		return "no longer wanted"`, `case !wanted:
		return ""`, ""),
		sim("sim: an instance that left the spec goes on", "judge.go", `		} else if l.State == Running {
			v.Do = append(v.Do, Action{Verb: Stop`, `		} else if l.State == Running && wanted {
			v.Do = append(v.Do, Action{Verb: Stop`, "is there and not wanted"),
		sim("sim: memory is never given back", "turn.go", "	clear(r.dirty)\n", "	r.dirty[ID{N: len(r.dirty)}] = true\n", "it remembers"),
		sim("sim: it never rests", "judge.go", `v.Wake = ends(now, want, l)`, `v.Wake = l.Started.Add(1 << 40)`, "the loop sleeps for"),
	}
}
