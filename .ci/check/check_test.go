package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module writes a module of one package with these files and makes it the current folder.
func module(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example\n\ngo 1.26\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

func src(body string) string {
	return "package example\n\nimport (\n\t\"os\"\n\t\"testing\"\n\t\"time\"\n)\n\nvar _, _ = os.Exit, time.Second\n\n" + body
}

// TestCount runs real modules, broken in every way that tests break.
func TestCount(t *testing.T) {
	pass := "func TestGood(t *testing.T) {}\n"
	rows := []struct {
		name  string
		files map[string]string
		last  string
		code  int
		shows string
	}{
		{"all good", map[string]string{"a_test.go": src(pass)}, "1 passed, 0 failed, 0 skipped", 0, "ok   example"},
		{"a skip is counted", map[string]string{"a_test.go": src(pass + "func TestSkip(t *testing.T) { t.Skip() }\n")},
			"1 passed, 0 failed, 1 skipped", 0, ""},
		{"a failing test is shown in full", map[string]string{"a_test.go": src(pass + "func TestBad(t *testing.T) { t.Error(\"sorry\") }\n")},
			"1 passed, 1 failed, 0 skipped", 1, "sorry"},
		{"a failing subtest fails its parent too", map[string]string{"a_test.go": src("func TestBad(t *testing.T) { t.Run(\"x\", func(t *testing.T) { t.Fail() }) }\n")},
			"0 passed, 2 failed, 0 skipped", 1, "example TestBad/x"},
		{"a test that does not compile", map[string]string{"a_test.go": src("func TestBad(t *testing.T) { undefined() }\n")},
			"0 passed, 1 failed, 0 skipped", 1, "undefined: undefined"},
		{"a panic", map[string]string{"a_test.go": src(pass + "func TestBad(t *testing.T) { panic(\"ouch\") }\n")},
			"1 passed, 1 failed, 0 skipped", 1, "panic: ouch"},
		{"an exit in the middle", map[string]string{"a_test.go": src(pass + "func TestBad(t *testing.T) { os.Exit(3) }\n")},
			"1 passed, 1 failed, 0 skipped", 1, "TestBad (did not end)"},
		{"an exit that looks good", map[string]string{"a_test.go": src("func TestBad(t *testing.T) { os.Exit(0) }\n")},
			"0 passed, 1 failed, 0 skipped", 1, ""},
		{"a test that never ends", map[string]string{"a_test.go": src("func TestBad(t *testing.T) { time.Sleep(time.Hour) }\n")},
			"0 passed, 1 failed, 0 skipped", 1, "test timed out"},
		{"no test at all", map[string]string{"a.go": "package example\n"}, "0 passed, 1 failed, 0 skipped", 1, "no test ran"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			module(t, r.files)
			var out bytes.Buffer
			one := []step{{"unit", "tests", func(ctx context.Context, t *tally) error {
				return t.test(ctx, "go", "test", "-json", "-timeout", "5s", "./...")
			}}}
			code := check(t.Context(), one, "", &tally{out: &out})
			text := strings.TrimSpace(out.String())
			if last := text[strings.LastIndex(text, "\n")+1:]; last != r.last || code != r.code {
				t.Errorf("ends with %q and exit %d, want %q and %d:\n%s", last, code, r.last, r.code, text)
			}
			if !strings.Contains(text, r.shows) {
				t.Errorf("does not show %q:\n%s", r.shows, text)
			}
		})
	}
}

func TestAStepThatFailsDoesNotStopTheRest(t *testing.T) {
	var ran []string
	mark := func(name string, err error) step {
		return step{"lint", name, func(context.Context, *tally) error { ran = append(ran, name); return err }}
	}
	var out bytes.Buffer
	code := check(t.Context(), []step{mark("one", errors.New("no")), mark("two", nil)}, "", &tally{out: &out})
	if code != 1 || strings.Join(ran, " ") != "one two" || !strings.HasSuffix(out.String(), "\n1 passed, 1 failed, 0 skipped\n") {
		t.Errorf("exit %d after %v:\n%s", code, ran, &out)
	}
}

func TestAGroupThatDoesNotExistIsAFailure(t *testing.T) {
	if code := check(t.Context(), steps(nil), "nonsense", &tally{out: &bytes.Buffer{}}); code == 0 {
		t.Error("exit 0, want 1")
	}
}

func TestCrowdedPackagesAreRunApart(t *testing.T) {
	for alone, want := range map[bool]string{true: "kitt.sh/reconcile/keeper", false: "kitt.sh/reconcile"} {
		t.Chdir("../..")
		got, err := ofThem(t.Context(), []string{"./reconcile", "./reconcile/keeper"}, alone)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("alone %t: %v, %v", alone, got, err)
		}
		t.Chdir(".ci/check")
	}
	for _, p := range crowded {
		if _, err := os.Stat("../../" + strings.TrimPrefix(p, "kitt.sh/")); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestGofmt(t *testing.T) {
	module(t, map[string]string{"a.go": "package example\n", ".kitt/x/b.go": "not Go", "node_modules/c.go": "not Go"})
	if err := gofmt(t.Context(), &tally{}); err != nil {
		t.Errorf("formatted: %v", err)
	}
	module(t, map[string]string{"a.go": "package   example\n"})
	if err := gofmt(t.Context(), &tally{}); err == nil || !strings.Contains(err.Error(), "a.go") {
		t.Errorf("not formatted: %v, want a.go named", err)
	}
}

func TestFuzz(t *testing.T) {
	head := "package example\n\nimport \"testing\"\n\n"
	var out bytes.Buffer
	module(t, map[string]string{"a_test.go": head + "func FuzzBad(f *testing.F) { f.Add(\"x\"); f.Fuzz(func(t *testing.T, s string) { t.Fatal(\"found\") }) }\n"})
	c := &tally{out: &out}
	if err := fuzz(t.Context(), c); err == nil || c.failed != 1 || !strings.Contains(out.String(), "found") {
		t.Errorf("a target that fails: %v, %d failed:\n%s", err, c.failed, &out)
	}
	module(t, map[string]string{"a.go": "package example\n"})
	if err := fuzz(t.Context(), c); err != nil {
		t.Errorf("no targets: %v", err)
	}
}
