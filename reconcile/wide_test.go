package reconcile

import (
	"fmt"
	"testing"
	"time"

	"kitt.sh/spec"
)

// wide is a graph of levels, each of whose processes depends on all of the level before.
func wide(levels, wide int) World {
	w := World{Want: map[ID]Instance{}, Have: map[ID][]Observed{}}
	for v := range levels {
		for p := range wide {
			needs := map[string]string{}
			for q := 0; q < wide && v > 0; q++ {
				needs[fmt.Sprintf("l%03d-%02d", v-1, q)] = "ready"
			}
			id := ID{"wide", fmt.Sprintf("l%03d-%02d", v, p), 1}
			w.Want[id] = Instance{ID: id, Process: &spec.Process{DependsOn: needs}, Generation: 1}
		}
	}
	return w
}

// What is kept of one look says the same as a look that keeps nothing.
func TestWhatIsKeptOfALookChangesNothing(t *testing.T) {
	now, w := time.Unix(1000, 0), wide(6, 4)
	w.Want[ID{"wide", "l000-02", 1}] = Instance{ID: ID{"wide", "l000-02", 1}, Process: &spec.Process{}, Generation: 1, Hold: "held"}
	kept := w
	kept.judged = &judged{of: map[ID]Verdict{}}
	for _, id := range w.IDs() {
		a, b := Judge(now, w, id), Judge(now, kept, id)
		if a.Phase != b.Phase || a.Reason != b.Reason || a.Final != b.Final || len(a.Do) != len(b.Do) {
			t.Errorf("%s: %+v, with what is kept %+v", id, a, b)
		}
	}
	if got := Judge(now, kept, ID{"wide", "l005-00", 1}); len(kept.judged.of) == 0 || got.Reason == "" {
		t.Errorf("kept %d, reason %q", len(kept.judged.of), got.Reason)
	}
}

// A chain that is too long to be followed to its end is cut, and what was judged then is kept for nobody: in whatever order they
// are looked at, those before the cut are judged as they are.
func TestWhatWasCutIsNotKept(t *testing.T) {
	now, w := time.Unix(1000, 0), wide(maxDepth+50, 1)
	w.judged = &judged{of: map[ID]Verdict{}}
	ids := w.IDs()
	Judge(now, w, ids[len(ids)-1]) // it sees the cut
	for i, id := range ids {
		if v := Judge(now, w, id); v.Final || (v.Reason == "not running") != (i == 0) {
			t.Fatalf("%s: %q, final %v", id, v.Reason, v.Final)
		}
	}
}

// BenchmarkLookAtAGraph: one look at 500 processes in 20 levels, 11,875 edges, of which nothing runs yet.
func BenchmarkLookAtAGraph(b *testing.B) {
	now, w := time.Unix(1000, 0), wide(20, 25)
	ids := w.IDs()
	for b.Loop() {
		w.judged = &judged{of: map[ID]Verdict{}}
		for _, id := range ids {
			Judge(now, w, id)
		}
	}
}
