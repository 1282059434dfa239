package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"kitt.sh/docs"
)

const servedSpec = `project = "shop"
process "web" {
  command = "echo '{\"level\":\"warn\",\"msg\":\"low\",\"free\":3}'; echo plain >&2; exec sleep 1000"
  env     = { TOKEN = "x" }
  watch {
    paths = ["src"]
    delay = "300ms"
  }
  stop { timeout = "1m30s" }
  restart { min_uptime = "2s" }
}
process "bad" {
  command = "sleep 0.1; exit 3"
}
process "nightly" {
  command = "echo done"
  schedule { cron = "0 3 * * *" }
}
process "typed" {
  command = "cat"
  stdin   = true
}
`

// A served is a kitt of a test's own, asked over its socket.
type served struct {
	*testing.T
	home, dir string
	http      http.Client
}

func serve(t *testing.T, spec string) *served {
	home, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { teardown(home) })
	s := &served{T: t, home: home, dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(s.dir, "kitt.hcl"), []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	apply := exec.Command(filepath.Join(bin, "kitt"), "apply", "--no-wait")
	apply.Dir, apply.Env = s.dir, append(os.Environ(), "KITT_HOME="+home, "NO_COLOR=1")
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.http.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", s.socket())
	}}
	return s
}

func (s *served) socket() string { return filepath.Join(s.home, "run", "api.sock") }

// ask sends a request; headers are names and values.
func (s *served) ask(ctx context.Context, method, target, body string, headers ...string) *http.Response {
	s.Helper()
	r, err := http.NewRequestWithContext(ctx, method, "http://kitt"+target, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.http.Do(r)
	if err != nil {
		s.Fatalf("%s %s: %v", method, target, err)
	}
	return res
}

// A document is what docs/openapi.json says, with its schemas closed: a key that it does not know is wrong.
type document struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct{ Schema json.RawMessage }
		}
	}
	Components struct{ Schemas map[string]map[string]any }
	defs       map[string]*jsonschema.Schema
}

func readDocument(t *testing.T) *document {
	t.Helper()
	doc := &document{defs: map[string]*jsonschema.Schema{}}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(docs.OpenAPI, "#/components/schemas/", "#/$defs/")), doc); err != nil {
		t.Fatal(err)
	}
	for name, schema := range doc.Components.Schemas {
		if schema["properties"] != nil {
			schema["additionalProperties"] = false
		}
		b, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		doc.defs[name] = &jsonschema.Schema{}
		if err := json.Unmarshal(b, doc.defs[name]); err != nil {
			t.Fatal(err)
		}
	}
	return doc
}

// judge holds an answer against what the document says of it.
func (doc *document) judge(method, path string, status int, kind string, answer []byte) error {
	op, ok := doc.Paths[path][strings.ToLower(method)]
	if !ok {
		return errors.New("the document does not know it")
	}
	kind, _, _ = strings.Cut(kind, ";")
	content, ok := op.Responses[fmt.Sprint(status)].Content[kind]
	if !ok {
		return fmt.Errorf("the document knows no answer %d in %s", status, kind)
	}
	if !strings.HasPrefix(kind, "application/") || strings.HasSuffix(kind, "text") {
		return nil
	}
	schema := &jsonschema.Schema{}
	if err := json.Unmarshal(content.Schema, schema); err != nil {
		return err
	}
	schema.Defs = doc.defs
	rules, err := schema.Resolve(nil)
	if err != nil {
		return err
	}
	n := 0
	for dec := json.NewDecoder(bytes.NewReader(answer)); ; n++ {
		var v any
		if err := dec.Decode(&v); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if err := rules.Validate(v); err != nil {
			b, _ := json.Marshal(v)
			return fmt.Errorf("%w\n%s", err, b)
		}
	}
	if n == 0 {
		return errors.New("nothing was answered")
	}
	return nil
}

// A call is one way to ask a route.
type call struct {
	route  string // GET /v1/status
	query  string
	body   string
	status int // 0: 200
	lines  int // above 0: so many lines are read of what has no end
}

// calls ask each route at least once, in an order in which each finds something to do.
func calls(dir string) []call {
	return []call{
		{route: "GET /v1/version"}, {route: "GET /v1/openapi.json"},
		{route: "GET /v1/status"}, {route: "GET /v1/status", query: "targets=web,bad.1&near=shop&project=shop"},
		{route: "GET /v1/status", query: "targets=nobody", status: 404}, {route: "GET /v1/status", query: "view=song", status: 400},
		{route: "GET /v1/show", query: "name=web"}, {route: "GET /v1/show", query: "name=nightly"}, {route: "GET /v1/show", status: 400}, {route: "GET /v1/show", query: "name=nobody", status: 404},
		{route: "GET /v1/explain", query: "name=bad"},
		{route: "GET /v1/environ", query: "name=web"}, {route: "GET /v1/environ", query: "name=web&reveal=true"}, {route: "GET /v1/environ", query: "name=nobody", status: 404},
		{route: "GET /v1/history", query: "project=shop"}, {route: "GET /v1/history", query: "project=nobody", status: 404},
		{route: "GET /v1/diff", query: "project=shop"}, {route: "GET /v1/diff", query: "project=shop&from=99", status: 404}, {route: "GET /v1/diff", query: "project=shop&from=2&to=2"},
		{route: "GET /v1/samples"}, {route: "GET /v1/samples", query: "targets=web&since=1h&points=10"}, {route: "GET /v1/samples", query: "points=many", status: 400},
		{route: "GET /v1/why"}, {route: "GET /v1/why", query: "name=bad"}, {route: "GET /v1/why", query: "name=nobody", status: 404},
		{route: "GET /v1/pending", query: "project=shop"}, {route: "GET /v1/pending", query: "project=nobody", status: 404},
		{route: "POST /v1/follow", body: `{"project":"shop"}`}, {route: "POST /v1/follow", body: `{"project":"nobody"}`, status: 404},
		{route: "POST /v1/ui", body: `{}`}, {route: "POST /v1/ui", body: `{"listen":"10.0.0.1:80"}`, status: 400}, {route: "POST /v1/ui", body: `{"stop":true}`},
		{route: "GET /v1/notify"}, {route: "POST /v1/notify/test", body: `{"targets":["nobody"]}`, status: 404},
		{route: "GET /v1/listing"}, {route: "GET /v1/metrics"}, {route: "GET /v1/scrape"}, {route: "GET /v1/scrape", query: "open"},
		{route: "POST /v1/run", body: `{"targets":["nightly"],"wait":true,"timeout":"20s"}`}, {route: "GET /v1/runs", query: "targets=nightly&n=5"},
		{route: "GET /v1/events"}, {route: "GET /v1/events", query: "n=2&since=1h"}, {route: "GET /v1/events", query: "since=tomorrow", status: 400},
		{route: "GET /v1/logs"}, {route: "GET /v1/logs", query: "targets=web&level=warn&n=5"}, {route: "GET /v1/logs", query: "targets=nobody", status: 404}, {route: "GET /v1/logs", query: "grep=(", status: 400},
		{route: "GET /v1/logs/wait", lines: 1}, {route: "GET /v1/watch", lines: 1}, {route: "GET /v1/watch", query: "targets=bad&every=500ms", lines: 3},
		{route: "POST /v1/plan", body: `{"file":"` + dir + `"}`}, {route: "POST /v1/plan", body: `{"file":"kitt.hcl"}`, status: 400}, {route: "POST /v1/plan", body: `{"file":"` + dir + `/none.hcl"}`, status: 400},
		{route: "POST /v1/apply", body: `{"file":"` + dir + `/kitt.hcl","only":["web"],"wait":true,"timeout":"20s"}`}, {route: "POST /v1/apply", body: `{`, status: 400},
		{route: "POST /v1/restart", body: `{"targets":["web"],"wait":true,"timeout":"20s"}`}, {route: "POST /v1/restart", body: `{"targets":["nobody"]}`, status: 404}, {route: "POST /v1/restart", body: `{}`, status: 400},
		{route: "POST /v1/reload", body: `{"targets":["web"],"wait":true,"timeout":20000000000}`},
		{route: "POST /v1/scale", body: `{"scale":{"web":2},"wait":true,"timeout":"20s"}`}, {route: "POST /v1/scale", body: `{"scale":{"web":-1}}`, status: 400},
		{route: "POST /v1/stop", body: `{"targets":["bad"],"for":"1h","message":"enough"}`}, {route: "POST /v1/start", body: `{"targets":["bad"]}`},
		{route: "POST /v1/reset", body: `{"targets":["bad"]}`}, {route: "POST /v1/send", body: `{"targets":["typed"],"message":"hello\n"}`}, {route: "POST /v1/send", body: `{"targets":["web"],"value":1}`, status: 409},
		{route: "POST /v1/signal", body: `{"targets":["typed"],"signal":"SIGCONT"}`}, {route: "POST /v1/signal", body: `{"targets":["typed"],"signal":"SIGSONG"}`, status: 400},
		{route: "POST /v1/flush", body: `{"targets":["web"]}`}, {route: "POST /v1/await", body: `{"targets":["shop/web.1"],"wait":true,"timeout":"20s"}`},
		{route: "POST /v1/rollback", body: `{"project":"shop","revision":1,"wait":true,"timeout":"20s"}`}, {route: "POST /v1/rollback", body: `{"project":"shop","revision":99}`, status: 404},
		{route: "POST /v1/announce", body: `{"stay":false}`}, {route: "POST /v1/delete", body: `{"targets":["bad"]}`},
		{route: "POST /v1/down", body: `{"project":"shop","wait":true,"timeout":"20s"}`}, {route: "POST /v1/shutdown", body: `{}`},
	}
}

// TestEveryRouteAnswersAsTheDocumentSays asks a real kitt everything that docs/openapi.json knows, and holds each answer
// against it: status, kind and every key.
func TestEveryRouteAnswersAsTheDocumentSays(t *testing.T) {
	s, doc := serve(t, servedSpec), readDocument(t)
	asked := map[string]bool{}
	if err := os.WriteFile(filepath.Join(s.dir, "kitt.hcl"), []byte(servedSpec+`process "late" { command = "sleep 1000" }`), 0o600); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); !bytes.Contains(s.read(s.ask(t.Context(), "GET", "/v1/status", ""), 0), []byte(`"late.1"`)); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the edit is not followed")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, c := range calls(s.dir) {
		asked[c.route] = true
		method, path, _ := strings.Cut(c.route, " ")
		target := path
		if c.query != "" {
			target += "?" + c.query
		}
		res := s.ask(ctx, method, target, c.body)
		answer := s.read(res, c.lines)
		if want := max(c.status, 200); res.StatusCode != want {
			t.Errorf("%s %s %s: %d, want %d: %s", method, target, c.body, res.StatusCode, want, answer)
			continue
		}
		if path == "/v1/openapi.json" && string(answer) != docs.OpenAPI {
			t.Error("another document is served than the committed one")
		}
		if err := doc.judge(method, path, res.StatusCode, res.Header.Get("Content-Type"), answer); err != nil {
			t.Errorf("%s %s %s: %v", method, target, c.body, err)
		}
		if res.StatusCode != http.StatusOK && c.status != 409 && !bytes.Contains(answer, []byte(`"hint"`)) {
			t.Errorf("%s %s %s: no hint: %s", method, target, c.body, answer)
		}
	}
	for path, methods := range doc.Paths {
		for method := range methods {
			if route := strings.ToUpper(method) + " " + path; !asked[route] {
				t.Errorf("nobody asks %s: give it a row in calls", route)
			}
		}
	}
}

// TestABrokenSpecIsToldAsTheDocumentSays: what is wrong with a file, and that it has vanished.
func TestABrokenSpecIsToldAsTheDocumentSays(t *testing.T) {
	s, doc := serve(t, `process "web" { command = "sleep 1000" }`), readDocument(t)
	file := filepath.Join(s.dir, "kitt.hcl")
	for what, edit := range map[string]func() error{
		"vanished":      func() error { return os.Remove(file) },
		"unknown field": func() error { return os.WriteFile(file, []byte(`process "web" { comand = "x" }`), 0o600) },
		"is now called": func() error {
			return os.WriteFile(file, []byte("project = \"b\"\nprocess \"web\" { command = \"x\" }"), 0o600)
		},
	} {
		if err := edit(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			res := s.ask(t.Context(), "GET", "/v1/status", "")
			answer := s.read(res, 0)
			if err := doc.judge("GET", "/v1/status", 200, res.Header.Get("Content-Type"), answer); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if bytes.Contains(answer, []byte(what)) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%s is not told: %s", what, answer)
			}
		}
	}
}

// read reads an answer: whole, or so many lines.
func (s *served) read(res *http.Response, lines int) []byte {
	defer res.Body.Close()
	if lines == 0 {
		b, err := io.ReadAll(res.Body)
		if err != nil {
			s.Fatal(err)
		}
		return b
	}
	return bytes.Join(s.lines(res.Body, lines), nil)
}

// lines reads so many lines; a stream that is slow is waited for.
func (s *served) lines(from io.Reader, n int) (out [][]byte) {
	dec := make([]byte, 1)
	for line := []byte{}; len(out) < n; {
		if _, err := io.ReadFull(from, dec); err != nil {
			s.Fatalf("after %d lines: %v", len(out), err)
		}
		if line = append(line, dec[0]); dec[0] == '\n' {
			out, line = append(out, slices.Clone(line)), line[:0]
		}
	}
	return out
}
