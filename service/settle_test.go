package service

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

func TestARestartTellsOfItselfAlone(t *testing.T) {
	stop := func(generation uint64) reconcile.Action {
		return reconcile.Action{Verb: reconcile.Stop, ID: id(1), Life: reconcile.LifeName(id(1), generation, "a"), Reason: "restart asked for"}
	}
	start := func(generation uint64) reconcile.Action {
		return reconcile.Action{Verb: reconcile.Start, ID: id(1), Reason: "restart asked for", Want: reconcile.Instance{Generation: generation}}
	}
	for _, row := range []struct {
		name string
		do   []reconcile.Action
		want int
	}{
		{"its own stop and start are one line", []reconcile.Action{stop(1), start(2)}, 1},
		{"the next one's are none of its business", []reconcile.Action{stop(1), start(2), stop(2), start(3)}, 1},
		{"a start that serves two is told by the stop", []reconcile.Action{stop(1), start(3)}, 1},
		{"what came before it is told", []reconcile.Action{start(1), stop(1), start(2)}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := wait{out: newLines(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil)), seen: map[reconcile.ID]reconcile.Verb{},
				mine: func(reconcile.ID) bool { return true }, raised: map[reconcile.ID]uint64{id(1): 2}}
			for _, a := range row.do {
				w.tell(&a)
			}
			if w.said != row.want {
				t.Errorf("%d lines, want %d", w.said, row.want)
			}
		})
	}
}

func TestEachOfSeveralFailuresHasItsHint(t *testing.T) {
	view := func(n int, hint string) reconcile.View {
		return reconcile.View{ID: id(n), Verdict: reconcile.Verdict{Phase: reconcile.PhaseFailed, Hint: hint}}
	}
	w := wait{views: []reconcile.View{view(1, "chmod"), view(2, ""), view(3, "mkdir")}}
	pending := []api.Pending{{ID: "web.1"}, {ID: "web.2"}}
	if got := w.hint(pending); got != "web.1: chmod\nweb.2: kitt logs web.2" {
		t.Errorf("got %q", got)
	}
	if got := w.hint(pending[1:]); strings.Contains(got, "chmod") || strings.Contains(got, "mkdir") {
		t.Errorf("the hint of one that is up or another's: %q", got)
	}
}

func TestAStopWaitsForWhatLivesWhateverItsVerdict(t *testing.T) {
	left := reconcile.View{ID: id(1), Lives: []reconcile.Observed{{State: reconcile.Running}},
		Verdict: reconcile.Verdict{Phase: reconcile.PhaseWaiting, Final: true}}
	for _, row := range []struct{ ending, final bool }{{true, false}, {false, true}} {
		w := wait{d: &Daemon{}, ending: row.ending}
		if _, up, final := w.judge(left); up || final != row.final {
			t.Errorf("ending %v: up %v, final %v", row.ending, up, final)
		}
	}
}

// What was too young at a look may be old enough by the time that the next one is planned: it must come all the same.
func TestAYoungLifeIsLookedAtAgain(t *testing.T) {
	w := wait{settle: 20 * time.Millisecond, since: time.Now().Add(-time.Second)}
	v := reconcile.View{ID: id(1), Verdict: reconcile.Verdict{Phase: reconcile.PhaseRunning, Since: time.Now()}}
	w.views = []reconcile.View{v}
	if _, up, _ := w.judge(v); up {
		t.Skip("it was too slow to be young")
	}
	time.Sleep(30 * time.Millisecond)
	if w.youth() == nil {
		t.Error("nobody looks again")
	}
}
