package reconcile

import (
	"testing"

	"kitt.sh/spec"
)

// A restart that kitt asks for by itself says why, counts among the restarts, and is forgotten with the next one.
func TestRestartsThatKittAsksForByItself(t *testing.T) {
	s := &spec.Spec{Project: "shop", Processes: []spec.Process{spec.Defaults()}}
	s.Processes[0].Name = "web"
	id, p := ID{"shop", "web", 1}, &Project{}
	judge := func(generation uint64, o Observed) Verdict {
		o.ID, o.Life, o.Generation, o.Limits, o.Stop = id, "shop/web.1#1.x", generation, Limits(s.Processes[0].Log), s.Processes[0].Stop
		in := Expand(t0, s, p, Digests{})[0]
		o.Run = in.Run
		return Judge(t0, World{Want: map[ID]Instance{id: in}, Have: map[ID][]Observed{id: {o}}}, id)
	}
	running := Observed{State: Running, Started: t0}
	over := Observed{State: Exited, Asked: true, Started: t0, Exit: Exit{How: "exit", At: t0}, History: History{Restarts: 4}}

	p.RaiseFor(id, ReasonWatch+"x changed")
	if v := judge(1, running); len(v.Do) != 1 || v.Do[0].Verb != Stop || v.Reason != "watch: x changed" || !Replaces(v.Reason) {
		t.Errorf("it is %+v", v)
	}
	if v := judge(1, over); v.Do[0].Verb != Start || v.Reason != "watch: x changed" || v.Do[0].History.Restarts != 5 || len(v.Do[0].History.Deaths) != 0 {
		t.Errorf("then it is %+v", v)
	}
	if v := judge(2, running); len(v.Do) != 0 {
		t.Errorf("once it has begun: %+v", v)
	}
	p.Raise(id)
	if v := judge(2, running); v.Reason != "restart asked for" {
		t.Errorf("a user's restart after it: %q", v.Reason)
	}
	if v := judge(2, over); v.Do[0].History.Restarts != 4 {
		t.Errorf("a user's restart counts: %+v", v.Do[0].History)
	}
	p.RaiseFor(id, ReasonMemory+"much")
	p.Down = &Hold{}
	if v := judge(3, over); v.Phase != PhaseHeld || len(v.Do) != 0 {
		t.Errorf("it lifts a hold: %+v", v)
	}
	if a, b := (&Intents{Projects: map[string]*Project{"shop": {}}}), (&Intents{Projects: map[string]*Project{"shop": {Causes: p.Causes}}}); !OnlyGenerations(a, b) {
		t.Error("a cause is more than a generation")
	}
}
