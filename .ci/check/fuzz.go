package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// fuzzFor is the time for all targets together; each gets its share, at most five seconds.
const fuzzFor = 90 * time.Second

var fuzzFunc = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// A target is one fuzz function.
type target struct{ dir, name string }

// fuzz gives every target a moment. What it finds lies in the package's testdata afterwards, and fails from then on.
func fuzz(ctx context.Context, t *tally) error {
	targets, err := targets(".")
	if err != nil || len(targets) == 0 {
		return err
	}
	share := min(5*time.Second, fuzzFor/time.Duration(len(targets))).Round(100 * time.Millisecond)
	bad := 0
	for _, f := range targets {
		if err := fuzzOne(ctx, t, f, share); err != nil {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d targets failed", bad, len(targets))
	}
	return nil
}

func fuzzOne(ctx context.Context, t *tally, f target, share time.Duration) error {
	var out bytes.Buffer
	argv := []string{"go", "test", "-run", "^$", "-fuzz", "^" + f.name + "$", "-fuzztime", share.String(), "-timeout", "2m", f.dir}
	err := loud(ctx, &out, nil, argv...)
	// the end of the fuzz time sometimes reaches a worker as this error, which is no finding
	if err != nil && strings.Contains(out.String(), "context deadline exceeded") && !strings.Contains(out.String(), "Failing input") {
		out.Reset()
		err = loud(ctx, &out, nil, argv...)
	}
	if err != nil {
		t.fail(f.dir+" "+f.name, []string{out.String()})
		return err
	}
	t.passed++
	fmt.Fprintf(t.out, "ok   %s %s\n", f.dir, f.name)
	return nil
}

func targets(root string) ([]target, error) {
	files, err := goFiles(root)
	if err != nil {
		return nil, err
	}
	var out []target
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range fuzzFunc.FindAllSubmatch(text, -1) {
			out = append(out, target{"./" + filepath.ToSlash(filepath.Dir(file)), string(m[1])})
		}
	}
	return out, nil
}

// lines reads lines of any sane length.
func lines(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 64<<10), 64<<20)
	return s
}
