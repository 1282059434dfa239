package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kitt.sh/spec"
)

// A step is a fact at a second; with told "" nothing is to be told of it.
type step struct {
	at   int
	kind Kind
	told string // events, parted by spaces
}

func TestWhatIsToldOfWhatHappened(t *testing.T) {
	for _, test := range []struct {
		name  string
		edit  func(*spec.Notify)
		steps []step
	}{
		{"the first failure is told, the next is not", nil, []step{{0, Died, "failed"}, {1, Started, ""}, {2, Died, ""}}},
		{"an end as asked is none", nil, []step{{0, Started, ""}, {5, Ended, ""}, {6, Started, ""}}},
		{"five deaths in the window are flapping, once", nil,
			[]step{{0, Died, "failed"}, {1, Died, ""}, {2, Died, ""}, {3, Died, ""}, {4, Died, "flapping"}, {5, Died, ""}}},
		{"once also where the same may be told at any time", func(n *spec.Notify) { n.Repeat, n.Deaths = 0, 2 },
			[]step{{0, Died, "failed"}, {1, Died, "flapping"}, {2, Died, ""}, {3, Died, ""}}},
		{"deaths far apart are not", nil,
			[]step{{0, Died, "failed"}, {300, Died, ""}, {590, Died, ""}, {880, Died, ""}, {1170, Died, ""}, {1460, Died, ""}}},
		{"a program that returns is no failure, but may flap", nil,
			[]step{{0, Returned, ""}, {1, Returned, ""}, {2, Returned, ""}, {3, Returned, ""}, {4, Returned, "flapping"}}},
		{"who runs for long has recovered", nil, []step{{0, Died, "failed"}, {1, Started, ""}, {31, Started, "recovered"}}},
		{"a start that is noted after the end of its life is none", nil, []step{{5, Died, "failed"}, {4, Started, ""}, {60, Died, ""}}},
		{"nor one that could not be", nil, []step{{5, GaveUp, "gave-up"}, {5, Started, ""}, {60, Died, ""}}},
		{"a second too short is too short", nil, []step{{0, Died, "failed"}, {1, Started, ""}, {30, Died, ""}}},
		{"who never failed does not recover", nil, []step{{0, Started, ""}, {100, Started, ""}}},
		{"who was given up is told, and of his recovery", nil,
			[]step{{0, Died, "failed"}, {1, GaveUp, "gave-up"}, {2, GaveUp, ""}, {60, Started, ""}, {95, Started, "recovered"}}},
		{"who cannot start at all is given up", nil, []step{{0, Started, ""}, {0, GaveUp, "gave-up"}}},
		{"unhealthy and stalled are hung, once until healthy", nil,
			[]step{{0, Unhealthy, "hung"}, {5, Stalled, ""}, {9, Healthy, "recovered"}, {700, Stalled, "hung"}}},
		{"a hung program that runs on has not recovered", nil, []step{{0, Stalled, "hung"}, {100, Started, ""}, {101, Stalled, ""}}},
		{"one that was killed for it and runs has", nil,
			[]step{{0, Unhealthy, "hung"}, {1, Ended, ""}, {2, Started, ""}, {33, Started, "recovered"}}},
		{"a job that works again has recovered at once", nil, []step{{0, Died, "failed"}, {10, Started, ""}, {11, Done, "recovered"}}},
		{"a worker's death is a failure, and the instance lives on", nil, []step{{0, Worker, "failed"}, {31, Started, "recovered"}}},
		{"what is not asked for is not told, nor its recovery", func(n *spec.Notify) { n.On = []string{"gave-up", "recovered"} },
			[]step{{0, Died, ""}, {1, Started, ""}, {40, Started, ""}, {50, Died, ""}, {51, GaveUp, "gave-up"}}},
		{"the same is not told again before its time, and then how often it was", nil,
			[]step{{0, Died, "failed"}, {1, Started, ""}, {40, Died, "recovered"}, {41, Started, ""}, {80, Died, ""}, {81, Started, ""},
				{120, Ended, ""}, {800, Died, "failed×2"}}},
		{"a failure after a long hold is the first again", nil, []step{{0, Died, "failed"}, {1, Ended, ""}, {5000, Died, "failed"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := spec.DefaultNotify("ops")
			if test.edit != nil {
				test.edit(&n)
			}
			var s State
			for i, st := range test.steps {
				var told []string
				for _, a := range s.Take(&n, Fact{Kind: st.kind, At: at(st.at), ID: "shop/web.1", Text: "exit 1"}) {
					word := a.Event
					if a.Times > 0 {
						word += fmt.Sprintf("×%d", a.Times)
					}
					told = append(told, word)
				}
				if got := strings.Join(told, " "); got != st.told {
					t.Errorf("step %d, %s at %d: told %q, want %q", i, st.kind, st.at, got, st.told)
				}
				s = again(t, s) // a daemon may die at any moment
			}
		})
	}
}

func at(second int) time.Time { return time.Unix(1_800_000_000+int64(second), 0).UTC() }

// again is what the next daemon reads.
func again(t *testing.T, s State) (out State) {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// drive runs a state in a bubble as the daemon does: facts at their seconds, sleeping until it is to be woken. It returns
// what was sent, as "second: event id, event id +more".
func drive(t *testing.T, n spec.Notify, facts []Fact, until int, send func(second int) error) (sent []string) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var s State
		for {
			second := func() int { return int(time.Since(begun).Round(time.Millisecond) / time.Second) }
			for len(facts) > 0 && !begun.Add(time.Duration(facts[0].At.Unix())*time.Second).After(time.Now()) {
				f := facts[0]
				facts, f.At = facts[1:], time.Now()
				s.Hold(time.Now(), s.Take(&n, f))
			}
			due, wake := s.Due(&n, time.Now())
			if due {
				var err error
				if send != nil {
					err = send(second())
				}
				if err == nil {
					sent = append(sent, fmt.Sprintf("%d: %s", second(), brief(*s.Out)))
				}
				if news := s.Tried(time.Now(), err); news != "" {
					sent = append(sent, fmt.Sprintf("%d: news %s", second(), news))
				}
				continue
			}
			s = again(t, s)
			next := begun.Add(time.Duration(until) * time.Second)
			if len(facts) > 0 {
				next = begun.Add(time.Duration(facts[0].At.Unix()) * time.Second)
			}
			if !wake.IsZero() && wake.Before(next) {
				next = wake
			}
			if !next.After(time.Now()) {
				return
			}
			time.Sleep(time.Until(next))
		}
	})
	return sent
}

func brief(m Message) string {
	var out []string
	for _, a := range m.Alerts {
		out = append(out, a.Event+" "+a.ID)
	}
	text := strings.Join(out, ", ")
	if m.More > 0 {
		text += fmt.Sprintf(" +%d", m.More)
	}
	return text
}

func fact(second int, kind Kind, id string) Fact {
	return Fact{Kind: kind, At: time.Unix(int64(second), 0), ID: id, Text: "exit 1"}
}

func TestFlappingAndRecoveryInTime(t *testing.T) {
	n := spec.DefaultNotify("ops")
	n.Every = 0
	var facts []Fact
	for i := range 5 {
		facts = append(facts, fact(10*i, Died, "web"), fact(10*i+5, Started, "web"))
	}
	same(t, drive(t, n, facts, 200, nil), "1: failed web", "41: flapping web", "76: recovered web")
}

func TestOneMessageInAWhileAndTheRestIsADigest(t *testing.T) {
	n := spec.DefaultNotify("ops")
	n.Every = 5 * time.Minute
	facts := []Fact{fact(0, Died, "a"), fact(0, Died, "b"), fact(10, Died, "c"), fact(20, GaveUp, "c"), fact(299, Died, "d"), fact(302, Died, "e")}
	same(t, drive(t, n, facts, 2000, nil), "1: failed a, failed b", "301: failed c, gave-up c, failed d", "601: failed e")
}

func TestATooLongDigestIsCounted(t *testing.T) {
	n := spec.DefaultNotify("ops")
	var facts []Fact
	for i := range 70 {
		facts = append(facts, fact(0, Died, fmt.Sprint("p", i)))
	}
	got := drive(t, n, facts, 100, nil)
	if len(got) != 1 || !strings.HasSuffix(got[0], " +20") {
		t.Errorf("sent %q, want one message with 20 more", got)
	}
}

func TestATargetThatIsDownIsTriedAgainAndToldOnce(t *testing.T) {
	n := spec.DefaultNotify("ops")
	n.Every = 0
	down := func(second int) error {
		if second < 20 {
			return fault("no answer")
		}
		return nil
	}
	facts := []Fact{fact(0, Died, "a"), fact(5, Died, "b")}
	same(t, drive(t, n, facts, 100, down), "1: news alerts do not arrive: no answer", "32: failed a", "32: news alerts arrive again", "32: failed b")
}

func TestAMessageThatNobodyTakesGivesWayToTheNext(t *testing.T) {
	n := spec.DefaultNotify("ops")
	n.Every = 0
	calls := 0
	bad := func(int) error {
		if calls++; calls == 1 {
			return &Fault{Text: "400", Final: true}
		}
		return nil
	}
	same(t, drive(t, n, []Fact{fact(0, Died, "a"), fact(5, Died, "b")}, 100, bad),
		"1: news alerts do not arrive: 400", "6: failed b", "6: news alerts arrive again")
}

func TestTheOtherSideSaysWhenToComeAgain(t *testing.T) {
	n := spec.DefaultNotify("ops")
	calls := 0
	busy := func(int) error {
		if calls++; calls == 1 {
			return &Fault{Text: "429", After: 40 * time.Second}
		}
		return nil
	}
	same(t, drive(t, n, []Fact{fact(0, Died, "a")}, 100, busy), "1: news alerts do not arrive: 429", "41: failed a", "41: news alerts arrive again")
}

func TestAMessageIsDroppedAfterADay(t *testing.T) {
	n := spec.DefaultNotify("ops")
	var s State
	s.Hold(at(0), s.Take(&n, fact(0, Died, "a")))
	for second := 1; second < 26*3600; second += 300 {
		if due, _ := s.Due(&n, at(second)); due {
			s.Tried(at(second), errors.New("down"))
		}
	}
	if s.Out != nil || s.Trouble == "" {
		t.Errorf("after a day: %+v", s)
	}
}

func TestAClockSetBackHoldsNothingUp(t *testing.T) {
	n := spec.DefaultNotify("ops")
	s := State{Last: at(1_000_000)}
	s.Hold(at(0), []Alert{{Event: "failed", ID: "a"}})
	if due, _ := s.Due(&n, at(2)); !due {
		t.Error("it waits for a time that is days away")
	}
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
