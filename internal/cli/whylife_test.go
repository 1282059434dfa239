package cli

import (
	"errors"
	"iter"
	"testing"
	"time"

	"kitt.sh/service/api"
)

// TestEndsIn: an end is told with the begin of its own life, and only where the log has both.
func TestEndsIn(t *testing.T) {
	t0 := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	at := func(s int) api.Time { return api.Time{Time: t0.Add(time.Duration(s) * time.Second)} }
	start := func(id string, s int) api.Event { return api.Event{Kind: "start", ID: id, At: at(s)} }
	exit := func(id string, s int, why string) api.Event {
		return api.Event{Kind: "exit", ID: id, Reason: why, At: at(s), Exit: &api.Exit{At: at(s)}}
	}
	for _, row := range []struct {
		name   string
		events []api.Event
		want   lifeEnd
	}{
		{"the life that ended", []api.Event{start("a/w.1", 0), exit("a/w.1", 5, "exit 1")}, lifeEnd{t0, at(5).Time, "exit 1", false}},
		{"not the one before", []api.Event{start("a/w.1", 0), exit("a/w.1", 1, "exit 1"), start("a/w.1", 2), exit("a/w.1", 5, "exit 2")}, lifeEnd{at(2).Time, at(5).Time, "exit 2", false}},
		{"nor the one after", []api.Event{start("a/w.1", 0), exit("a/w.1", 5, "exit 1"), start("a/w.1", 6), exit("a/w.1", 7, "exit 2")}, lifeEnd{t0, at(5).Time, "exit 1", false}},
		{"nor that of another", []api.Event{start("b/w.1", 0), exit("b/w.1", 5, "exit 1")}, lifeEnd{}},
		{"kitt ended it", []api.Event{start("a/w.1", 0), exit("a/w.1", 5, "killed by SIGKILL, as asked")}, lifeEnd{t0, at(5).Time, "killed by SIGKILL, as asked", true}},
		{"its begin is no longer in the log", []api.Event{exit("a/w.1", 5, "exit 1")}, lifeEnd{}},
		{"a begin is used once", []api.Event{start("a/w.1", 0), exit("a/w.1", 1, "exit 1"), exit("a/w.1", 5, "exit 1")}, lifeEnd{}},
		{"so short that its exit was noted before its start", []api.Event{start("a/w.1", 0), exit("a/w.1", 1, "exit 1"), exit("a/w.1", 5, "exit 2"), start("a/w.1", 4)}, lifeEnd{at(4).Time, at(5).Time, "exit 2", false}},
		{"its start is not noted yet", []api.Event{start("a/w.1", 0), exit("a/w.1", 1, "exit 1"), exit("a/w.1", 5, "exit 2")}, lifeEnd{}},
		{"the log is behind", []api.Event{start("a/w.1", 0)}, lifeEnd{}},
	} {
		ends, seen, err := endsIn(each(row.events, nil), map[string]time.Time{"a/w.1": at(5).Time})
		if err != nil || seen != len(row.events) || ends["a/w.1"] != row.want {
			t.Errorf("%s: %+v of %d, %v; want %+v", row.name, ends, seen, err, row.want)
		}
	}
	if _, _, err := endsIn(each(nil, errors.New("gone")), nil); err == nil {
		t.Error("an answer that broke off is no answer")
	}
}

func each(events []api.Event, end error) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
		if end != nil {
			yield(api.Event{}, end)
		}
	}
}
