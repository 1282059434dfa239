package spec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/go-multierror"
	"kitt.sh/internal/jseval"
	"kitt.sh/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The test binary is the evaluator's child, as kitt is. It ends by the system call: os.Exit waits for a second under
// the race detector.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "internal" && os.Args[2] == "eval" {
		syscall.Exit(jseval.Main(os.Args[3:], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// eval is the evaluator as kitt wires it.
func eval(ctx context.Context, file string, req spec.Request) (spec.Evaluated, error) {
	exe, err := os.Executable()
	if err != nil {
		return spec.Evaluated{}, err
	}
	got, err := jseval.Run(ctx, exe, jseval.Request{File: file, Cwd: req.Cwd, Env: req.Env, Profile: req.Profile})
	var wrong *jseval.Error
	if errors.As(err, &wrong) {
		err = spec.Complaint{Pos: spec.Pos{File: wrong.File, Line: max(1, wrong.Line), Col: wrong.Col}, Text: wrong.Error(), Hint: wrong.Hint}
	}
	return spec.Evaluated{Value: got.Value, Reads: got.Reads, Note: got.Note()}, err
}

// complaints are those of an error of Load.
func complaints(t testing.TB, err error) []spec.Complaint {
	t.Helper()
	if err == nil {
		return nil
	}
	var all *multierror.Error
	if !errors.As(err, &all) {
		t.Fatalf("Load gave %T, want *multierror.Error", err)
	}
	var out []spec.Complaint
	for _, e := range all.Errors {
		c, ok := e.(spec.Complaint)
		if !ok {
			t.Fatalf("Load gave a %T among its complaints: %v", e, e)
		}
		out = append(out, c)
	}
	return out
}

// Each folder of testdata/golden is a spec; its golden.txt is what kitt makes of it, and everything it says.
func TestGolden(t *testing.T) {
	dirs, err := filepath.Glob("testdata/golden/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal("no golden folders", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			abs, err := filepath.Abs(dir)
			if err != nil {
				t.Fatal(err)
			}
			req := spec.Request{Env: map[string]string{"HOME": "/home/me"}}
			if b, err := os.ReadFile(filepath.Join(dir, "request.json")); err == nil {
				if err := json.Unmarshal(b, &req); err != nil {
					t.Fatal(err)
				}
			}
			req.Path, req.Cwd = abs, abs
			s, err := spec.Load(context.Background(), req, eval)
			checkComplaints(t, complaints(t, err))
			got := strings.ReplaceAll(render(t, s, complaints(t, err)), abs, "DIR")
			file := filepath.Join(dir, "golden.txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs; go test ./spec -update, then look at git diff:\n%s", file, got)
			}
		})
	}
}

// checkComplaints holds for every complaint of a file: it has a line, that line is shown, and it is one line.
func checkComplaints(t *testing.T, list []spec.Complaint) {
	t.Helper()
	for _, c := range list {
		if c.Line < 1 || c.File == "" {
			t.Errorf("no place: %v", c)
		}
		if strings.ContainsAny(c.Text+c.Hint, "\n") {
			t.Errorf("more than a line: %q", c)
		}
		if c.Col > len(c.Source)+1 {
			t.Errorf("column %d of %q: %v", c.Col, c.Source, c)
		}
	}
}

// render writes a spec as a person reads it: JSON without the places, then what is said.
func render(t *testing.T, s *spec.Spec, wrong []spec.Complaint) string {
	t.Helper()
	var b bytes.Buffer
	if len(wrong) == 0 {
		plain := *s
		plain.Warnings, plain.Differs, plain.Processes = nil, nil, nil
		for _, p := range s.Processes {
			p.Origin, p.Origins = spec.Pos{}, nil
			plain.Processes = append(plain.Processes, p)
		}
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(plain); err != nil {
			t.Fatal(err)
		}
	}
	for kind, list := range map[string][]spec.Complaint{"error": wrong} {
		for _, c := range list {
			fmt.Fprintf(&b, "%s: %v\n", kind, c)
			if c.Hint != "" {
				fmt.Fprintf(&b, "  hint: %s\n", c.Hint)
			}
		}
	}
	for _, c := range s.Differs {
		fmt.Fprintf(&b, "differs: %v\n", c)
	}
	for _, c := range s.Warnings {
		fmt.Fprintf(&b, "warning: %v\n", c)
		if c.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", c.Hint)
		}
	}
	return b.String()
}
