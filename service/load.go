package service

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

	"github.com/hashicorp/go-multierror"

	"kitt.sh/spec"
)

// loadLimit is how long the reading of one spec may take, JavaScript included.
const loadLimit = 10 * time.Second

// loadMemory is what the child that reads a spec may hold; where the system does not limit it, time alone does.
const loadMemory = 1 << 30

// limited holds what is written to it; what is beyond most bytes is an error.
type limited struct {
	bytes.Buffer
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.most {
		return 0, errors.New("too much output")
	}
	return l.Buffer.Write(p)
}

// ChildLoader reads specs in a short-lived child, `exe internal load`: the daemon stays small, and a hostile or
// endless file harms nothing.
func ChildLoader(exe string) Loader {
	return func(ctx context.Context, req spec.Request) (l Loaded, err error) {
		ctx, cancel := context.WithTimeout(ctx, loadLimit)
		defer cancel()
		in, err := json.Marshal(req)
		if err != nil {
			return l, fmt.Errorf("read spec: %w", err)
		}
		out, trouble := limited{most: maxRequest}, limited{most: 64 << 10}
		cmd := exec.CommandContext(ctx, exe, "internal", "load")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &trouble
		cmd.Env = append(os.Environ(), "GOGC=off", "GOMEMLIMIT=256MiB")
		cmd.WaitDelay = time.Second
		if err := cmd.Run(); err != nil {
			if ctx.Err() == context.DeadlineExceeded {
				return l, fmt.Errorf("read spec: it took longer than %s", loadLimit)
			}
			first, _, _ := strings.Cut(strings.TrimSpace(trouble.String()), "\n") // the rest is a crash's
			return l, fmt.Errorf("read spec: %w: %s", err, first)
		}
		return l, json.Unmarshal(out.Bytes(), &l)
	}
}

// LoadChild is that child: a request on in, a Loaded on out.
func LoadChild(ctx context.Context, in io.Reader, out io.Writer, eval spec.Eval) error {
	limitMemory(loadMemory)
	var req spec.Request
	if err := json.NewDecoder(in).Decode(&req); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	s, err := spec.Load(ctx, req, eval)
	return json.NewEncoder(out).Encode(AsLoaded(s, err))
}

// AsLoaded sorts what spec.Load returned: all complaints about the file, or the one error that has no place in it.
func AsLoaded(s *spec.Spec, err error) Loaded {
	l := Loaded{Spec: s}
	if err == nil {
		return l
	}
	for _, e := range flatten(err) {
		var c spec.Complaint
		if errors.As(e, &c) {
			l.Complaints = append(l.Complaints, c)
		} else if l.Error == "" {
			l.Error = e.Error()
		}
	}
	return l
}

// flatten lists the errors of a multierror, or the one error.
func flatten(err error) []error {
	var many *multierror.Error
	if errors.As(err, &many) {
		return many.Errors
	}
	return []error{err}
}
