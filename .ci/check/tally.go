package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"
)

// event is one line of `go test -json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output and build-fail
	Test       string
	Elapsed    float64
	Output     string
}

// A tally counts tests and shows what went wrong in full. Its zero value with an out is ready.
type tally struct {
	out                     io.Writer
	passed, failed, skipped int
	failures                []string
}

// crowded packages run real kitts under load: two of them at once would only measure each other.
var crowded = []string{"kitt.sh/internal/door", "kitt.sh/internal/e2e", "kitt.sh/internal/faults", "kitt.sh/internal/mutants",
	"kitt.sh/internal/torture", "kitt.sh/reconcile/keeper", "kitt.sh/reconcile/logs"}

// unit runs the tests of all packages with the race detector: of those that are crowded, one at a time, or of the others.
func unit(packages []string, alone bool) func(context.Context, *tally) error {
	return func(ctx context.Context, t *tally) error {
		argv := []string{"go", "test", "-json", "-race", "-count=1", "-timeout", "15m"}
		if alone {
			argv = append(argv, "-p", "1")
		}
		some, err := ofThem(ctx, packages, alone)
		if err != nil || len(some) == 0 {
			return err
		}
		return t.test(ctx, append(argv, some...)...)
	}
}

// ofThem lists the packages that are crowded, or those that are not.
func ofThem(ctx context.Context, packages []string, alone bool) (out []string, err error) {
	var list strings.Builder
	if err := loud(ctx, &list, nil, append([]string{"go", "list"}, packages...)...); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, &list)
	}
	for p := range strings.FieldsSeq(list.String()) {
		if slices.Contains(crowded, p) == alone {
			out = append(out, p)
		}
	}
	return out, nil
}

// test runs a `go test -json` and counts. Its error says that the command failed, or that no test ran.
func (t *tally) test(ctx context.Context, argv ...string) error {
	cmd := command(ctx, argv...)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // each program that a test starts would take a second to end
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	before := t.passed + t.failed
	read := t.read(pipe)
	if err := errors.Join(read, cmd.Wait(), context.Cause(ctx)); err != nil {
		return err
	}
	if t.passed+t.failed == before {
		return errors.New("no test ran")
	}
	return nil
}

// read takes in the events. Lines that are none are shown as they are.
func (t *tally) read(r io.Reader) error {
	open := map[string]*pack{}
	dec := lines(r)
	for dec.Scan() {
		var e event
		if json.Unmarshal(dec.Bytes(), &e) != nil || e.Action == "" {
			fmt.Fprintln(t.out, dec.Text())
			continue
		}
		if e.ImportPath != "" {
			io.WriteString(t.out, e.Output) // of the compiler
			continue
		}
		p := open[e.Package]
		if p == nil {
			p = &pack{output: map[string][]string{}}
			open[e.Package] = p
		}
		t.take(p, e)
	}
	for name, p := range open {
		if !p.ended { // the go command itself was killed
			t.fail(name, p.output[""])
		}
	}
	return dec.Err()
}

// A pack is one package's tests under way.
type pack struct {
	output        map[string][]string // test -> its lines; "" -> the package's own
	failed, count int
	ended         bool
}

func (t *tally) take(p *pack, e event) {
	switch e.Action {
	case "run":
		p.output[e.Test] = []string{}
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "pass", "skip", "fail":
		if e.Test == "" {
			t.end(p, e)
			return
		}
		t.one(p, e)
	}
}

// one test is over.
func (t *tally) one(p *pack, e event) {
	p.count++
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
	case "fail":
		p.failed++
		t.fail(e.Package+" "+e.Test, p.output[e.Test])
	}
	delete(p.output, e.Test)
}

// end closes a package. Tests without an end died with it: by a panic, an exit or the time limit.
func (t *tally) end(p *pack, e event) {
	p.ended = true
	var lost []string
	for test := range p.output {
		if test != "" {
			lost = append(lost, test)
		}
	}
	sort.Strings(lost)
	for _, test := range lost {
		p.failed++
		t.fail(e.Package+" "+test+" (did not end)", p.output[test])
	}
	if e.Action == "fail" && p.failed == 0 {
		t.fail(e.Package, nil)
	}
	switch {
	case e.Action == "fail":
		io.WriteString(t.out, strings.Join(p.output[""], ""))
		fmt.Fprintf(t.out, "FAIL %s (%.1fs)\n", e.Package, e.Elapsed)
	case p.count > 0:
		fmt.Fprintf(t.out, "ok   %s (%.1fs, %d tests)\n", e.Package, e.Elapsed, p.count)
	}
}

func (t *tally) fail(name string, output []string) {
	t.failed++
	t.failures = append(t.failures, name)
	fmt.Fprintf(t.out, "FAIL %s\n%s", name, strings.Join(output, ""))
}
