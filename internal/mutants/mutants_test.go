package mutants

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	all  = flag.Bool("all", false, "break kitt in every way of the table (make mutants); else in those marked quick")
	only = flag.String("only", "", "break kitt in the ways alone whose names match this pattern")
)

// A mutant is one way to break kitt, and who must notice it.
type mutant struct {
	name  string
	edits []edit
	in    string // package whose tests are run
	run   string // -run
	say   string // what the failure says, if it must be that one
	quick bool   // in make test too
}

// An edit is a piece of text that stands exactly once in its file, and what takes its place.
type edit struct{ file, old, new string }

// TestMutants applies each mutant to the build alone (go test -overlay): the tree is not touched. Tests that build
// kitt themselves are given the overlay by GOFLAGS.
func TestMutants(t *testing.T) {
	pattern := regexp.MustCompile(*only)
	for _, m := range table() {
		t.Run(m.name, func(t *testing.T) {
			broken := m.apply(t)
			if *only != "" && pattern.MatchString(m.name) || *only == "" && (*all || m.quick && !testing.Short()) {
				m.mustBeNoticed(t, broken)
			}
		})
	}
}

// TestWhoNotices runs the tests that are to notice mutants with nothing broken: one that fails by itself proves nothing.
func TestWhoNotices(t *testing.T) {
	if !*all {
		t.Skip("with -all")
	}
	done := map[string]bool{}
	for _, m := range table() {
		if who := m.in + " " + m.run; !done[who] {
			done[who] = true
			if out, err := m.test(t, t.TempDir(), nil); err != nil || strings.Contains(out, "[no tests to run]") {
				t.Errorf("%s: %v\n%s", who, err, out)
			}
		}
	}
}

// apply makes the texts of the broken files.
func (m mutant) apply(t *testing.T) map[string]string {
	broken := map[string]string{}
	for _, e := range m.edits {
		path := filepath.Join("..", "..", e.file)
		text, ok := broken[path]
		if !ok {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		if n := strings.Count(text, e.old); n != 1 {
			t.Fatalf("%s has %q %d times, want once", e.file, e.old, n)
		}
		broken[path] = strings.Replace(text, e.old, e.new, 1)
	}
	return broken
}

func (m mutant) mustBeNoticed(t *testing.T, broken map[string]string) {
	began := time.Now()
	out, err := m.test(t, t.TempDir(), broken)
	fault := firstFault(out)
	switch {
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		t.Errorf("it does not build:\n%s", out)
	case err == nil:
		t.Errorf("SURVIVED: %s -run '%s' passes", m.in, m.run)
	case !strings.Contains(out, m.say):
		t.Errorf("noticed, but not by %q:\n%s", m.say, out)
	default:
		t.Logf("noticed in %s: %s", time.Since(began).Round(100*time.Millisecond), fault)
	}
}

// test runs the tests with the broken files in their places.
func (m mutant) test(t *testing.T, dir string, broken map[string]string) (out string, err error) {
	list := map[string]string{}
	for path, text := range broken {
		here, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		list[here] = filepath.Join(dir, fmt.Sprint(len(list), "_", filepath.Base(path)))
		if err := os.WriteFile(list[here], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay := filepath.Join(dir, "overlay.json")
	b, _ := json.Marshal(map[string]map[string]string{"Replace": list})
	if err := os.WriteFile(overlay, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-failfast", "-timeout=120s", "-run", m.run, m.in)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "GOFLAGS=-overlay="+overlay)
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// firstFault is the first line that says what failed, for people.
func firstFault(out string) string {
	fault := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "_test.go:") || strings.HasPrefix(line, "panic:") {
			return line[:min(len(line), 160)]
		}
		if fault == "" && strings.HasPrefix(line, "--- FAIL") {
			fault = line
		}
	}
	return fault
}
