package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/reconcile/logs"
)

// refusal is a start that cannot be: the reason, and the way out if there is one.
type refusal struct {
	text, hint string
	retry      bool
}

func (r refusal) Error() string { return r.text }

// Start begins a life. A program that cannot run is no error: Observe then shows a life in NoStart, with the reason.
func (r *Runtime) Start(ctx context.Context, in reconcile.Instance, h reconcile.History) error {
	if r.living(in.ID) {
		return nil
	}
	name := reconcile.LifeName(in.ID, in.Generation, strconv.FormatUint(uint64(rand.Uint32()), 36))
	m := newMeta(in, h)
	s, err := r.prepare(in)
	if err == nil {
		s.Life, s.Meta = name, m.bytes()
		var l keeper.Life
		if l, err = r.Keeper.Spawn(ctx, s); err == nil {
			r.put(l)
			return nil
		}
	}
	var no refusal
	if !errors.As(err, &no) {
		if no, err = explain(err, s); err != nil {
			return fmt.Errorf("start %s: %w", in.ID, err)
		}
	}
	r.putNoStart(in, name, m, no)
	return nil
}

// living tells whether a life of the instance lives already.
func (r *Runtime) living(id reconcile.ID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lives[id] {
		if l.State == reconcile.Running || l.State == reconcile.Stopping {
			return true
		}
	}
	return false
}

// prepare resolves an instance into a spawn: program, environment, user, log folder.
func (r *Runtime) prepare(in reconcile.Instance) (keeper.Spawn, error) {
	argv, cwd, own := in.Process.For(in.ID.N)
	env, pathFrom := environ(in, own, r.identity(in.ID))
	if st, err := os.Stat(cwd); err != nil {
		return keeper.Spawn{}, refusal{text: "enter cwd: " + err.Error(), hint: "make the folder, or mend cwd in the spec"}
	} else if !st.IsDir() {
		return keeper.Spawn{}, refusal{text: "enter cwd: " + cwd + ": not a folder"}
	}
	path, err := lookPath(argv[0], cwd, env["PATH"])
	if err != nil {
		return keeper.Spawn{}, notFound(argv[0], err, env["PATH"], pathFrom)
	}
	s := keeper.Spawn{Argv: argv, Path: path, Cwd: cwd, Umask: 0o022, KillMode: in.Process.Stop.KillMode, Log: r.log(in)}
	if in.Process.Umask != nil {
		s.Umask = *in.Process.Umask
	}
	if err := asUser(in.Process.User, in.Process.Group, &s, env); err != nil {
		return s, err
	}
	s.Env = list(env)
	if len(in.Process.Stop.Command) > 0 {
		r.mu.Lock()
		r.worlds[in.ID] = world{env, cwd}
		r.mu.Unlock()
	}
	return s, nil
}

// notFound words a program that cannot be found, with the PATH that was searched and where it came from.
func notFound(word string, err error, path, from string) refusal {
	if strings.Contains(word, "/") || os.IsPermission(errors.Unwrap(err)) {
		return refusal{text: err.Error(), hint: "is it built, and executable (chmod +x)?"}
	}
	return refusal{text: fmt.Sprintf("%v; searched %s (%s)", err, path, from),
		hint: "kitt apply from a shell in which `" + word + "` works, or give its full path"}
}

// explain sorts a keeper's refusal: what the spec must mend becomes a refusal, all else stays an error to retry.
func explain(err error, s keeper.Spawn) (refusal, error) {
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return refusal{text: err.Error(), hint: "the machine is short of processes, memory or files", retry: true}, nil
	case errors.Is(err, syscall.ENOEXEC):
		return refusal{text: err.Error(), hint: "a script needs a first line like #!/bin/sh, a program must be built for this machine"}, nil
	case errors.Is(err, syscall.ENOENT):
		return refusal{text: err.Error(), hint: "the interpreter named in the first line of " + s.Path + " may be missing"}, nil
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.E2BIG):
		return refusal{text: err.Error()}, nil
	}
	return refusal{}, err
}

// log says where the bytes of an instance go, and how many are kept.
func (r *Runtime) log(in reconcile.Instance) keeper.Log {
	l := in.Process.Log
	if l.Off {
		return keeper.Log{}
	}
	return keeper.Log{Dir: r.Folder(in), MaxSize: l.MaxSize, Keep: l.Keep}
}

// Folder is where the streams of an instance are stored.
func (r *Runtime) Folder(in reconcile.Instance) string {
	root := r.Logs
	if in.Process != nil && in.Process.Log.Dir != "" {
		root = in.Process.Log.Dir
	}
	return logs.Folder(root, in.ID.Project, in.ID.Process, in.ID.N)
}

// putNoStart remembers a life that could not begin.
func (r *Runtime) putNoStart(in reconcile.Instance, name string, m meta, no refusal) {
	now := time.Now()
	o := reconcile.Observed{ID: in.ID, Life: name, Generation: in.Generation, State: reconcile.NoStart, Started: now,
		Exit: reconcile.Exit{How: "nostart", Text: no.text, Hint: no.hint, Retry: no.retry, At: now}}
	m.fill(&o)
	r.set(o)
}
