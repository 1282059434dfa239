package jseval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// childEnv is all that the child gets: process.env is in the request, and itself it needs nothing.
var childEnv = []string{}

// Run evaluates r in a child: exe internal eval. What is wrong with the file is an *Error; any other error is
// kitt's. The Result has Reads also then, as far as they are known.
func Run(ctx context.Context, exe string, r Request) (Result, error) {
	ask, err := json.Marshal(r)
	if err != nil {
		return Result{}, fmt.Errorf("evaluate %s: %w", r.File, err)
	}
	limited, cancel := context.WithTimeout(ctx, wall+time.Second)
	defer cancel()
	out, errs := &capped{most: maxAnswer}, &capped{most: 64 << 10}
	cmd := exec.CommandContext(limited, exe, "internal", "eval")
	cmd.Env = childEnv
	cmd.Dir = "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(ask), out, errs
	cmd.WaitDelay = 100 * time.Millisecond
	err = cmd.Run()
	reads := Result{Reads: []string{r.File}}
	switch {
	case ctx.Err() != nil:
		return reads, context.Cause(ctx)
	case limited.Err() != nil:
		return reads, tooLong(r.File)
	case err != nil && out.Len() == 0:
		return reads, fmt.Errorf("evaluate %s: %w%s", r.File, err, firstLine(errs.String()))
	}
	var got Result
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		return reads, fmt.Errorf("evaluate %s: read the answer: %w", r.File, err)
	}
	if got.Needs != "" {
		if got, err = inNode(ctx, r, got); err != nil {
			return got, err
		}
	}
	if got.Error != nil {
		return got, got.Error
	}
	return got, nil
}

// Main is the child: a Request in JSON on stdin, a Result in JSON on stdout. It returns the exit code.
func Main(_ []string, stdin io.Reader, stdout io.Writer) int {
	var r Request
	if err := json.NewDecoder(stdin).Decode(&r); err != nil {
		fmt.Fprintf(os.Stderr, "kitt: read request: %v\n", err)
		return 2
	}
	if err := json.NewEncoder(stdout).Encode(evaluate(r)); err != nil {
		fmt.Fprintf(os.Stderr, "kitt: write result: %v\n", err)
		return 1
	}
	return 0
}

func tooLong(file string) *Error {
	return &Error{Config: file, File: file, Message: "still running after 3 s",
		Hint: "a config file must end by itself; look for a loop that does not"}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if line == "" {
		return ""
	}
	return ": " + line
}

// capped holds what is written to it, up to most bytes.
type capped struct {
	bytes.Buffer
	most int
}

func (c *capped) Write(p []byte) (int, error) {
	if c.Len()+len(p) > c.most {
		return 0, errors.New("too much output")
	}
	return c.Buffer.Write(p)
}
