package service

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// asked is the answer to one request of a daemon of one project, shop, with the process web.
func asked(t *testing.T, d *Daemon, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, method, "http://kitt"+target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	guard(d.routes()).ServeHTTP(w, r)
	return w
}

func refused(t *testing.T, w *httptest.ResponseRecorder) (f api.Failure) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil || f.Error == "" || f.Hint == "" || f.Code == 0 {
		t.Errorf("no refusal with error, hint and code: %d %s", w.Code, w.Body)
	}
	return f
}

// TestEachParameterIsChecked: whatever the table says of a parameter, what it cannot be is refused, in one line that
// names it; and what the table gives for an example is not.
func TestEachParameterIsChecked(t *testing.T) {
	d := answering(t)
	n := 0
	for _, r := range table() {
		base := r.path + "?name=web&"
		for _, p := range r.query {
			for _, wrong := range []string{"x y", "-1", "1e9", "9007199254740993", "999999999999999999999", "\x00", "tomorrow", "-5m", "2026-01-31"} {
				if p.kind.wrong == nil || !p.kind.wrong(wrong) {
					continue
				}
				n++
				w := asked(t, d, r.method, base+p.name+"="+strings.NewReplacer(" ", "%20", "\x00", "%00").Replace(wrong), "")
				if f := refused(t, w); w.Code != http.StatusBadRequest || f.Code != 2 || !strings.HasPrefix(f.Error, "read "+p.name+": ") {
					t.Errorf("%s %s=%q: %d %s", r.path, p.name, wrong, w.Code, w.Body)
				}
			}
			if p.kind.need {
				if f := refused(t, asked(t, d, r.method, r.path, "")); f.Error != "read "+p.name+": missing" {
					t.Errorf("%s without %s: %+v", r.path, p.name, f)
				}
			}
			if p.example != "" && p.kind.wrong != nil && p.kind.wrong(p.example) {
				t.Errorf("%s: the example of %s is wrong: %s", r.path, p.name, p.example)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d were tried", n)
	}
}

func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	d := answering(t)
	file := filepath.Join(t.TempDir(), "kitt.hcl")
	d.Load = func(_ context.Context, req spec.Request) (Loaded, error) {
		if _, err := os.Stat(req.Path); err != nil {
			return Loaded{Error: err.Error()}, nil
		}
		return Loaded{Complaints: []spec.Complaint{{Pos: spec.Pos{File: req.Path, Line: 3}, Text: `unknown field "comand"`}}}, nil
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, method, target, body string
		status                     int
		says                       string
	}{
		{"a path that nobody knows", "GET", "/v1/horoscope", "", 404, "does not know GET /v1/horoscope"},
		{"another version's", "GET", "/v2/status", "", 404, "does not know GET /v2/status"},
		{"the root", "GET", "/", "", 404, "does not know GET /"},
		{"another method", "POST", "/v1/status", "", 405, "does not know POST /v1/status"},
		{"another method of a verb", "GET", "/v1/restart", "", 405, "does not know GET /v1/restart"},
		{"a query that is none", "GET", "/v1/status?targets=%zz", "", 400, "read query: "},
		{"no body", "POST", "/v1/restart", "", 400, "nothing was sent"},
		{"half a body", "POST", "/v1/restart", `{"targets": [`, 400, "read request: "},
		{"another kind of body", "POST", "/v1/stop", `{"for": "a while"}`, 400, "read duration"},
		{"a file without its folder", "POST", "/v1/plan", `{"file": "kitt.hcl"}`, 400, `"kitt.hcl" is no absolute path`},
		{"a new file without an environment", "POST", "/v1/apply", `{"file": "` + file + `"}`, 400, "no environment is sent"},
		{"a file that is not there", "POST", "/v1/plan", `{"file": "/none.hcl", "request": {"env": {"PATH": "/bin"}}}`, 409, "no such file"},
		{"a file that is wrong", "POST", "/v1/apply", `{"file": "` + file + `", "request": {"env": {"PATH": "/bin"}}}`, 409, `kitt.hcl:3: unknown field "comand"`},
		{"too many lines", "GET", "/v1/logs?n=1001", "", 400, "read n: 1001 lines are more than 1000"},
		{"no expression", "GET", "/v1/logs?grep=(", "", 400, "read grep: "},
		{"a cursor of somebody else's", "GET", "/v1/logs?cursor=abc", "", 400, "read cursor: not one of kitt's"},
		{"an end before the beginning", "GET", "/v1/logs?since=1h&until=2h", "", 400, "read until: it is before since"},
		{"an end of what has none", "GET", "/v1/logs?until=0s&follow=1", "", 400, "read until: what comes is later"},
	} {
		w := asked(t, d, row.method, row.target, row.body)
		if f := refused(t, w); w.Code != row.status || !strings.Contains(f.Error, row.says) {
			t.Errorf("%s: %d %s, want %d, %q", row.name, w.Code, w.Body, row.status, row.says)
		}
	}
}

// TestEventsGoOnAtTheNextOne: whatever n says, behind what was seen all comes once, as events of a server or as lines.
func TestEventsGoOnAtTheNextOne(t *testing.T) {
	d := answering(t)
	for range 10 {
		d.events.add(api.Event{Kind: "exit", ID: "shop/web.1"})
	}
	first := int(d.events.seq) - 10
	seen := func(w *httptest.ResponseRecorder) (ids []string) {
		for line := range strings.Lines(w.Body.String()) {
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				ids = append(ids, strings.TrimSpace(id))
			} else if strings.HasPrefix(line, `{"seq":`) {
				id, _, _ := strings.Cut(line[len(`{"seq":`):], ",")
				ids = append(ids, id)
			}
		}
		return ids
	}
	at := func(n int) string { b, _ := json.Marshal(first + n); return string(b) }
	for _, row := range []struct {
		name, query string
		headers     []string
		want        string
	}{
		{"the last two", "?n=2", nil, at(9) + " " + at(10)},
		{"behind one that was seen", "?n=1&after=" + at(7), nil, at(8) + " " + at(9) + " " + at(10)},
		{"the same by a browser", "?n=1", []string{"Last-Event-ID", at(8), "Accept", "text/event-stream"}, at(9) + " " + at(10)},
		{"behind the last one", "?after=" + at(10), nil, ""},
	} {
		if got := strings.Join(seen(asked(t, d, "GET", "/v1/events"+row.query, "", row.headers...)), " "); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
	if got := seen(asked(t, d, "GET", "/v1/events?after=999999", "")); len(got) < 10 {
		t.Errorf("a number of another log: %v", got)
	}
}

func TestWhoAcceptsWhat(t *testing.T) {
	d := answering(t)
	for accept, want := range map[string]string{
		"":                  "application/x-ndjson",
		"*/*":               "application/x-ndjson",
		"text/event-stream": "text/event-stream",
		"application/json, Text/Event-Stream;q=0.9": "text/event-stream",
	} {
		if got := asked(t, d, "GET", "/v1/events?n=1", "", "Accept", accept).Header().Get("Content-Type"); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}

// TestASilentStreamSaysThatItLives: Server-Sent Events have a comment every while; lines have none.
func TestASilentStreamSaysThatItLives(t *testing.T) {
	for accept, want := range map[string]int{"text/event-stream": 4, "": 0} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 4*keepAlive+time.Second)
			defer cancel()
			w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Accept", accept)
			to := newTeller(w, r, 1<<10)
			alive, stop := to.alive()
			defer stop()
			if _, ok := next(ctx, to, alive, make(chan int)); ok {
				t.Error("there was news")
			}
			if got := strings.Count(w.Body.String(), ": still here\n\n"); got != want {
				t.Errorf("%q: %d comments, want %d", accept, got, want)
			}
		})
	}
}

func TestAWatchTellsWhatBecameOtherwise(t *testing.T) {
	row := func(n int, phase string, memory int64) api.Instance {
		return api.Instance{ID: "web", Project: "shop", Process: "web", N: n, Phase: phase, Memory: memory}
	}
	start := &api.Status{Specs: []api.Spec{{Project: "shop"}}, Instances: []api.Instance{row(1, "running", 1), row(2, "running", 1)}}
	for _, r := range []struct {
		name     string
		measured bool
		now      api.Status
		want     string
	}{
		{"nothing did", false, *start, "null"},
		{"one phase", false, api.Status{Specs: start.Specs, Instances: []api.Instance{row(1, "running", 1), row(2, "failed", 1)}}, `2 failed`},
		{"memory alone is no change", false, api.Status{Specs: start.Specs, Instances: []api.Instance{row(1, "running", 7), row(2, "running", 1)}}, "null"},
		{"but where it is measured", true, api.Status{Specs: start.Specs, Instances: []api.Instance{row(1, "running", 7), row(2, "running", 1)}}, "1 running"},
		{"one is gone", false, api.Status{Specs: start.Specs, Instances: start.Instances[:1]}, "gone shop/web.2"},
		{"a spec is wrong", false, api.Status{Specs: []api.Spec{{Project: "shop", Error: &api.Trouble{}}}, Instances: start.Instances}, "specs"},
	} {
		v := newSeen(start, r.measured)
		got := "null"
		if w := v.diff(&r.now); w != nil {
			got = ""
			for _, in := range w.Instances {
				b, _ := json.Marshal(in.N)
				got += string(b) + " " + in.Phase
			}
			if w.Gone != nil {
				got += "gone " + strings.Join(w.Gone, " ")
			}
			if w.Specs != nil {
				got += "specs"
			}
		}
		if got != r.want {
			t.Errorf("%s: %s, want %s", r.name, got, r.want)
		}
		if v.diff(&r.now) != nil {
			t.Errorf("%s: it is told twice", r.name)
		}
	}
}
