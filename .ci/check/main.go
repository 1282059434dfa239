// Command check proves the whole project, step by step: formatting, vet, staticcheck, the builds for macOS,
// every test with the race detector, and every fuzz target for a moment. `make test` runs it.
//
// A step that fails does not stop the rest. The last line is `N passed, N failed, N skipped`; the exit code is 0
// only if nothing failed and something ran.
//
//	go run ./.ci/check [-only lint|cross|unit|boot|fuzz] [-boot] [packages]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// A step is one thing that has to hold.
type step struct {
	group string
	name  string
	run   func(ctx context.Context, t *tally) error
}

func main() {
	only := flag.String("only", "", "run one group of steps: lint, cross, unit, boot or fuzz")
	boots := flag.Bool("boot", false, "boot machines too; needs root and Debian (make boot)")
	limit := flag.Duration("limit", 40*time.Minute, "time for everything")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./...", "./.ci/check"}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	all := steps(packages)
	if *boots || *only == "boot" {
		all = append(all, step{"boot", "machines that boot", boot})
	}
	if *only == "fuzz" { // by chance finds what it finds: not part of a proof that must repeat; its inputs are run by go test
		all = []step{{"fuzz", "fuzz", fuzz}}
	}
	os.Exit(check(ctx, all, *only, &tally{out: os.Stdout}))
}

func steps(packages []string) []step {
	return []step{
		{"lint", "gofmt", gofmt},
		{"lint", "go vet", vet(packages)},
		{"lint", "staticcheck", staticcheck(packages)},
		{"cross", "macOS on arm64", cross(packages, "arm64")},
		{"cross", "macOS on amd64", cross(packages, "amd64")},
		{"unit", "go test -race", unit(packages, false)},
		{"unit", "go test -race, one package at a time", unit(packages, true)},
	}
}

// check runs the steps of a group, or all of them, and says what came of them. It returns the exit code.
func check(ctx context.Context, steps []step, only string, t *tally) int {
	var failed []string
	ran := 0
	for _, s := range steps {
		if only != "" && only != s.group {
			continue
		}
		ran++
		began := time.Now()
		fmt.Fprintf(t.out, "== %s\n", s.name)
		passed, bad := t.passed, t.failed
		err := s.run(ctx, t)
		took := time.Since(began).Round(100 * time.Millisecond)
		switch { // a step without tests of its own counts as one
		case err != nil && t.failed == bad:
			t.failed++
		case err == nil && t.passed == passed:
			t.passed++
		}
		if err != nil {
			failed = append(failed, s.name)
			fmt.Fprintf(t.out, "FAIL %s (%s): %v\n", s.name, took, err)
			continue
		}
		fmt.Fprintf(t.out, "ok   %s (%s)\n", s.name, took)
	}
	return t.close(ran, failed)
}

// close prints the end of the report: what failed, then the line with the numbers.
func (t *tally) close(steps int, failed []string) int {
	fmt.Fprintln(t.out)
	for _, name := range t.failures {
		fmt.Fprintln(t.out, "failed:", name)
	}
	if len(failed) > 0 {
		fmt.Fprintln(t.out, "steps that failed:", strings.Join(failed, ", "))
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	if len(failed) > 0 || t.failed > 0 || steps == 0 {
		return 1
	}
	return 0
}
