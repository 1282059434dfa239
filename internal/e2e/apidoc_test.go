package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEveryRouteIsInTheDocumentForPeople: docs/api.md has a word on each.
func TestEveryRouteIsInTheDocumentForPeople(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	for path := range readDocument(t).Paths {
		if verb := strings.TrimPrefix(path, "/v1/"); !bytes.Contains(b, []byte("`"+path)) && !bytes.Contains(b, []byte("`"+verb+"`")) {
			t.Errorf("docs/api.md does not tell of %s", path)
		}
	}
}

// An example is a block of shell in docs/api.md, with the answer that the next block shows, if one does.
type example struct{ shell, answer string }

func examples(t *testing.T) (list []example) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "api.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(b), "```") {
		kind, text, _ := strings.Cut(part, "\n")
		switch {
		case i%2 == 0:
		case kind == "sh":
			list = append(list, example{shell: text})
		case kind == "json":
			list[len(list)-1].answer = text
		}
	}
	if len(list) < 8 {
		t.Fatalf("only %d examples", len(list))
	}
	return list
}

// TestTheExamplesOfTheAPIRun runs each block of shell in docs/api.md, behind the first, against a real kitt: every command
// in it is to succeed and say something, and the answer that is shown has no key that the real one has not.
func TestTheExamplesOfTheAPIRun(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl")
	}
	s := serve(t, `project = "shop"
process "web" {
  command = "echo listening on 3000; exec sleep 1000"
}
`)
	list := examples(t)
	first, _, _ := strings.Cut(list[0].shell, "\n")
	for i, e := range list {
		shell := e.shell
		if i > 0 {
			shell = first + "\n" + shell
		}
		out := s.try(shell)
		if strings.Contains(shell, "event-stream") {
			if !bytes.HasPrefix(out, []byte("id: ")) || !bytes.Contains(out, []byte("\ndata: {")) {
				t.Errorf("%s\nno Server-Sent Events: %s", e.shell, out)
			}
			continue
		}
		if bytes.Contains(out, []byte(`{"error":`)) != strings.Contains(e.answer, `{"error":`) {
			t.Errorf("%s\nis refused: %s", e.shell, out)
		}
		if missing := lacks(last(out, e.answer), e.answer); missing != "" {
			t.Errorf("%s\nthe answer has no %s: %s", e.shell, missing, out)
		}
	}
}

// try runs a block until it ends, or with curl -N until it has said something. Each command in it must say something.
func (s *served) try(shell string) []byte {
	s.Helper()
	endless := strings.Contains(shell, "curl -N")
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-eu", "-c", strings.ReplaceAll(shell, "curl -N", "exec curl -N")) // to be killed itself
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "KITT_HOME="+s.home)
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	if !endless {
		out, err := cmd.Output()
		if n := strings.Count(shell, "curl "); err != nil || bytes.Count(out, []byte("\n")) < n {
			s.Errorf("%s\n%v: %s%s", shell, err, out, &trouble)
		}
		return out
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	lines := 1
	if strings.Contains(shell, "event-stream") {
		lines = 4
	}
	out := bytes.Join(s.lines(pipe, lines), nil)
	cancel()
	_ = cmd.Wait() // killed
	return out
}

// last is the object in out that is to have the keys of an answer: the first, or the last one where it tells an error.
func last(out []byte, answer string) (v any) {
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var next any
		if dec.Decode(&next) != nil {
			return v
		}
		if v == nil || strings.Contains(answer, `"error":`) && !strings.Contains(answer, `"keeper"`) {
			v = next
		}
	}
}

// lacks names a key of an answer that is shown and that the real one does not have.
func lacks(got any, shown string) string {
	if shown == "" {
		return ""
	}
	var want any
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		return fmt.Sprintf("JSON in the document: %v", err)
	}
	return lacking(got, want, "")
}

func lacking(got, want any, at string) string {
	w, ok := want.(map[string]any)
	if !ok {
		return ""
	}
	g, ok := got.(map[string]any)
	if !ok {
		return "object" + at
	}
	for key, value := range w {
		if _, there := g[key]; !there {
			return at + "." + key
		}
		if missing := lacking(g[key], value, at+"."+key); missing != "" {
			return missing
		}
	}
	return ""
}
