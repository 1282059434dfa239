package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
)

const fullSources = `{"sources":[{"id":"web.1","out":"/l/out","err":"/l/err","full":"shop/web.1"}]}` + "\n"

// happens is a daemon whose events are these; asked gets the queries for them.
func happens(events []api.Event, asked *[]url.Values) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/logs/wait" {
			io.WriteString(w, fullSources)
			return
		}
		*asked = append(*asked, r.URL.Query())
		for _, ev := range events {
			b, _ := json.Marshal(ev)
			w.Write(append(b, '\n'))
		}
	}
}

var clock = regexp.MustCompile(`= \d\d:\d\d:\d\d\.\d\d\d`)

func at(ms int) api.Time { return api.Time{Time: noon.Add(time.Duration(ms) * time.Millisecond)} }

func TestWhatHappenedStandsBetweenLines(t *testing.T) {
	line := func(ms int, text string) logLine {
		return logLine{ID: "web.1", Stream: "out", At: at(ms).Time, Text: []byte(text + "\n")}
	}
	three := 3
	events := []api.Event{
		{Seq: 1, At: at(0), Kind: "start", ID: "shop/web.1", Reason: "not running"},
		{Seq: 2, At: at(20), Kind: "exit", ID: "shop/web.1", Reason: "exit 3", PID: 7, Exit: &api.Exit{Code: &three, At: at(20)}},
		{Seq: 3, At: at(21), Kind: "exit", ID: "shop/other.1", Reason: "exit 0"},
		{Seq: 4, At: at(90), Kind: "hold", ID: "shop/web", Reason: "x\x1b[2J", By: "uid 0 pid 1"},
		{Seq: 5, At: at(30), Kind: "start", ID: "shop/web.1", Reason: "exit 3, try 1"}, // told late: it is told once it is done
	}
	lines := []logLine{line(10, "one"), line(40, "two")}
	opened := openLogs
	defer func() { openLogs = opened }()
	for _, tt := range []struct {
		name   string
		verb   Logs
		output string
		pretty bool
		want   string
	}{
		{"on a terminal", Logs{}, "table", true, "web.1 = T started: not running\nweb.1 | one\nweb.1 = T exited: code 3 (pid 7)\nweb.1 = T started: exit 3, try 1\n" +
			"web.1 | two\nweb = T hold: x\\x1b[2J by uid 0 pid 1\n"},
		{"elsewhere lines alone", Logs{}, "table", false, "web.1 | one\nweb.1 | two\n"},
		{"raw is raw", Logs{Raw: true}, "table", true, "one\ntwo\n"},
		{"-o raw too", Logs{}, "raw", true, "one\ntwo\n"},
		{"lines that were chosen are alone", Logs{Grep: "."}, "table", true, "web.1 | one\nweb.1 | two\n"},
		{"in JSON they are objects", Logs{}, "json", false, "event start\nline one\nevent exit\nevent start\nline two\nevent hold\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			openLogs = func([]logSource, logQuery) (logReader, error) { return &stock{parts: [][]logLine{lines}}, nil }
			var asked []url.Values
			k := try(t, happens(events, &asked))
			k.Output, k.Pretty = tt.output, tt.pretty
			if code := k.do(tt.verb); code != 0 {
				t.Fatalf("exit %d, %s", code, k.err.String())
			}
			var got strings.Builder
			for _, l := range strings.SplitAfter(k.out.String(), "\n") {
				var o struct{ Kind, Event, Text string }
				if json.Unmarshal([]byte(l), &o) == nil && o.Kind == "event" {
					l = "event " + o.Event + "\n"
				} else if o.Text != "" {
					l = "line " + o.Text + "\n"
				}
				got.WriteString(clock.ReplaceAllString(l, "= T"))
			}
			if text := strings.Join(strings.Fields(got.String()), " "); text != strings.Join(strings.Fields(tt.want), " ") {
				t.Errorf("got\n%swant\n%s", got.String(), tt.want)
			}
			if tells := tt.output == "json" || tt.pretty && !tt.verb.Raw && tt.verb.Grep == "" && tt.output != "raw"; tells != (len(asked) > 0) {
				t.Errorf("asked for events %v", asked)
			}
		})
	}
}

func TestAnEventBeforeTheNewsOfANewcomerIsTold(t *testing.T) {
	k := try(t, func(http.ResponseWriter, *http.Request) {})
	k.Pretty = true
	p := &logPrinter{k: k.Kitt, colours: map[string]string{}}
	w := Logs{}.weaver(t.Context(), k.Kitt, logQuery{Last: -1}, p)
	w.loaded = true
	w.add(api.Event{Seq: 1, At: at(1), Kind: "start", ID: "shop/new.1"})
	w.add(api.Event{Seq: 1, At: at(1), Kind: "start", ID: "shop/new.1"}) // told twice
	if err := p.end(w.end(t.Context(), nil, true)); err != nil || k.out.String() != "" {
		t.Fatalf("%q %v", k.out.String(), err)
	}
	w.join([]logSource{{ID: "new.1", Full: "shop/new.1"}})
	if err := p.end(w.end(t.Context(), nil, true)); err != nil || strings.Count(k.out.String(), "started") != 1 {
		t.Errorf("%q %v", k.out.String(), err)
	}
}

func TestManyEventsAreAskedForOnlyWhereTheyAreMeant(t *testing.T) {
	var events []api.Event
	for i := range fewEvents {
		events = append(events, api.Event{Seq: uint64(i + 1), At: at(i), Kind: "start", ID: "shop/web.1"})
	}
	for name, first := range map[string]int{"the last few reach back far enough": 300, "they do not": 0} {
		var asked []url.Values
		k := try(t, happens(events, &asked))
		k.Pretty = true
		p := &logPrinter{k: k.Kitt, colours: map[string]string{}}
		w := Logs{}.weaver(t.Context(), k.Kitt, logQuery{Last: 15}, p)
		w.join([]logSource{{ID: "web.1", Full: "shop/web.1"}})
		w.load(t.Context(), at(first).Time)
		if want := 1 + btoi(first == 0); len(asked) != want || !asked[0].Has("n") {
			t.Errorf("%s: asked %v", name, asked)
		}
		if want := min(fewEvents, fewEvents-first+int(startSlack/time.Millisecond)); len(w.waiting) != want {
			t.Errorf("%s: %d events, want %d", name, len(w.waiting), want)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestLastWordsComeBeforeTheirExit(t *testing.T) {
	for _, row := range []struct {
		name   string
		events []api.Event
		want   string
	}{
		{"words stored after it", []api.Event{{At: at(0), Kind: "start"}, {At: at(8), Kind: "exit"}}, "start words exit"},
		{"words of the next life", []api.Event{{At: at(0), Kind: "start"}, {At: at(4), Kind: "exit"}, {At: at(6), Kind: "start"}}, "start exit start words"},
		{"told in another order", []api.Event{{At: at(6), Kind: "start"}, {At: at(4), Kind: "exit"}, {At: at(0), Kind: "start"}}, "start exit start words"},
		{"two short lives", []api.Event{{At: at(0), Kind: "start"}, {At: at(1), Kind: "exit"}, {At: at(2), Kind: "start"}, {At: at(3), Kind: "exit"}, {At: at(4), Kind: "start"}},
			"start exit start exit start words"},
		{"much later", []api.Event{{At: at(-500), Kind: "exit"}}, "exit words"},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := try(t, func(http.ResponseWriter, *http.Request) {})
			k.Output = "json"
			p := &logPrinter{k: k.Kitt, colours: map[string]string{}}
			w := Logs{}.weaver(t.Context(), k.Kitt, logQuery{Last: -1}, p)
			w.loaded = true
			w.join([]logSource{{ID: "web.1", Full: "shop/web.1"}})
			for i, ev := range row.events {
				ev.Seq, ev.ID = uint64(i+1), "shop/web.1"
				w.add(ev)
			}
			if err := w.print(t.Context())(logLine{ID: "web.1", At: at(10).Time, Text: []byte("words\n")}); err != nil {
				t.Fatal(err)
			}
			if err := w.end(t.Context(), nil, true); err != nil {
				t.Fatal(err)
			}
			var got []string
			for dec := json.NewDecoder(strings.NewReader(k.out.String())); ; {
				var o struct{ Event, Text string }
				if dec.Decode(&o) != nil {
					break
				}
				if o.Event == "" {
					o.Event = o.Text
				}
				got = append(got, o.Event)
			}
			if text := strings.Join(got, " "); text != row.want {
				t.Errorf("got %q, want %q", text, row.want)
			}
		})
	}
}

func TestTheCrashIsTheLastExitThatNobodyAskedFor(t *testing.T) {
	zero, one := 0, 1
	exit := func(seq int, id, reason string, code *int) api.Event {
		return api.Event{Seq: uint64(seq), At: at(seq), Kind: "exit", ID: id, Reason: reason, Exit: &api.Exit{Code: code, At: at(seq)}}
	}
	for _, row := range []struct {
		name   string
		events []api.Event
		want   uint64
	}{
		{"the last", []api.Event{exit(1, "shop/web.1", "exit 1", &one), exit(2, "shop/web.1", "exit 1", &one)}, 2},
		{"not the stop after it", []api.Event{exit(1, "shop/web.1", "exit 1", &one), exit(2, "shop/web.1", "SIGTERM, as asked", nil)}, 1},
		{"not a good end after it", []api.Event{exit(1, "shop/web.1", "exit 1", &one), exit(2, "shop/web.1", "exit 0", &zero)}, 1},
		{"a good end, if there is no other", []api.Event{exit(1, "shop/web.1", "exit 0", &zero)}, 1},
		{"not another's", []api.Event{exit(1, "shop/web.1", "exit 1", &one), exit(2, "shop/other.1", "exit 1", &one)}, 1},
		{"none", []api.Event{{Seq: 1, Kind: "start", ID: "shop/web.1"}}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			var asked []url.Values
			k := try(t, happens(row.events, &asked))
			got, err := crashOf(t.Context(), k.Kitt, map[string]logSource{"shop/web.1": {}})
			if err != nil || row.want == 0 && got != nil || row.want > 0 && (got == nil || got.Seq != row.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
