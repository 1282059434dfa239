package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/failpoint"
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
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("start %s: %w", in.ID, err)
	}
	if r.living(in) {
		return nil
	}
	name := reconcile.LifeName(in.ID, in.Generation, strconv.FormatUint(uint64(rand.Uint32()), 36))
	m := newMeta(in, h)
	s, note, err := r.prepare(in, name, &m)
	defer r.ungive(name) // from here on the life itself tells its port
	if err == nil {
		err = r.invited(ctx, &s, in, name)
	}
	if err == nil {
		err = r.listen(ctx, s)
	}
	if err == nil {
		r.noteHeld(in)
		m.Note, m.Asleep = note, 1+int64(Asleep())
		m.World = r.stopWorld(name, in)
		s.Life, s.Meta = name, m.bytes()
		err = r.spawn(ctx, s, in)
	}
	if err == nil {
		return nil
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

// invited tells a program where to say how it is, and how often.
func (r *Runtime) invited(ctx context.Context, s *keeper.Spawn, in reconcile.Instance, life string) error {
	if !in.Process.Notifies() || r.Invite == nil {
		return nil
	}
	path, err := r.Invite(ctx, life)
	if err != nil {
		return refusal{text: err.Error(), retry: true}
	}
	s.Env = append(s.Env, "NOTIFY_SOCKET="+path)
	if w := in.Process.Alive.Watchdog; w > 0 {
		s.Env = append(s.Env, "WATCHDOG_USEC="+strconv.FormatInt(w.Microseconds(), 10))
	}
	return nil
}

// spawn has the keeper begin a life. Its answer is waited for even if ctx ends: the keeper carries out what it was
// asked, and a life that nobody knows of would get a twin.
func (r *Runtime) spawn(ctx context.Context, s keeper.Spawn, in reconcile.Instance) error {
	failpoint.Here("daemon.start.before")
	l, err := r.Keeper.Spawn(context.WithoutCancel(ctx), s)
	failpoint.Here("daemon.start.after")
	r.mu.Lock()
	if err != nil {
		delete(r.worlds, s.Life)
	} else if r.worlds[s.Life] == nil {
		r.worlds[s.Life] = r.worldOf(in)
	}
	r.mu.Unlock()
	if err == nil {
		r.put(l)
	}
	return r.unheard(err)
}

// living tells whether a life of the instance lives already; of one that begins beside another, the same once more.
func (r *Runtime) living(in reconcile.Instance) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lives[in.ID] {
		if alive(l) && (!in.Beside || l.Generation == in.Generation && l.Run == in.Run) {
			return true
		}
	}
	return false
}

// A world is what a life runs in, and its stop command with it.
type world struct {
	Env  map[string]string   `json:"-"` // never recorded: a later daemon asks the process itself
	Cwd  string              `json:"cwd"`
	User *syscall.Credential `json:"user,omitempty"` // nil: kitt's own
}

// enter resolves the world of an instance, and tells where its PATH came from.
func (r *Runtime) enter(in reconcile.Instance) (w world, pathFrom string, err error) {
	_, cwd, own := in.Process.For(in.ID.N)
	env, pathFrom := environ(in, own, r.Identity(in.ID))
	w = world{Env: env, Cwd: cwd}
	return w, pathFrom, w.asUser(in.Process.User, in.Process.Group, own)
}

// prepare resolves an instance into a spawn: program, environment, user, log folder.
// note is what is done otherwise than recorded, if anything.
func (r *Runtime) prepare(in reconcile.Instance, life string, m *meta) (s keeper.Spawn, note string, err error) {
	if in.Process.Fronts() != "" {
		s, err = r.forwards(in)
		return s, "", err
	}
	argv, _, _ := in.Process.For(in.ID.N)
	w, pathFrom, err := r.enter(in)
	if err != nil {
		return s, "", err
	}
	if err := enterable(w.Cwd); err != nil {
		return s, "", err
	}
	if m.Port, err = r.given(in, life); err != nil {
		return s, "", err
	} else if m.Port > 0 {
		w.Env["PORT"] = strconv.Itoa(m.Port)
	}
	path, note, err := find(argv[0], w.Cwd, w.Env)
	if err != nil {
		return s, "", notFound(argv[0], err, w.Env["PATH"], pathFrom)
	}
	s = keeper.Spawn{Argv: argv, Path: path, Cwd: w.Cwd, Umask: 0o022, KillMode: in.Process.Stop.KillMode, Log: r.log(in), Env: list(w.Env)}
	if in.Process.Umask != nil {
		s.Umask = *in.Process.Umask
	}
	if w.User != nil {
		s.SetUser, s.UID, s.GID, s.Groups = true, w.User.Uid, w.User.Gid, w.User.Groups
	}
	r.listening(&s, in)
	if err = r.channelled(&s, in); err == nil {
		err = r.bind(&s, in, w.User != nil)
	}
	return s, note, err
}

// enterable says why cwd cannot be entered.
func enterable(cwd string) error {
	st, err := os.Stat(cwd)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return refusal{text: "enter cwd: " + err.Error(), hint: "let kitt's user into the folders above it (chmod +x), or mend cwd in the spec"}
	case err != nil:
		return refusal{text: "enter cwd: " + err.Error(), hint: "make the folder, or mend cwd in the spec"}
	case !st.IsDir():
		return refusal{text: "enter cwd: " + cwd + ": not a folder", hint: "name a folder as cwd in the spec"}
	}
	return nil
}

// notFound words a program that cannot be found, with the PATH that was searched and where it came from.
func notFound(word string, err error, path, from string) refusal {
	switch {
	case errors.Is(err, errFolder):
		return refusal{text: err.Error(), hint: "name a program in it"}
	case errors.Is(err, fs.ErrPermission):
		return refusal{text: err.Error(), hint: "is it executable (chmod +x)?"}
	case strings.Contains(word, "/"):
		return refusal{text: err.Error(), hint: "is it built? a relative path is looked up from cwd"}
	}
	return refusal{text: fmt.Sprintf("%v; searched %s (%s)", err, path, from),
		hint: "kitt apply from a shell in which `" + word + "` works, or give its full path"}
}

// explain makes the keeper's refusal one with a way out. What is no refusal, a lost connection, stays an error.
func explain(err error, s keeper.Spawn) (refusal, error) {
	var e *keeper.Error
	if !errors.As(err, &e) {
		return refusal{}, err
	}
	no := refusal{text: e.Text}
	switch e.Errno {
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE:
		no.hint, no.retry = "the machine is short of processes, memory or files", true
	case syscall.ENOSPC, syscall.EDQUOT:
		no.hint, no.retry = "the disk of kitt's run folder is full", true
	case syscall.ENOEXEC:
		no.hint = "a script needs a first line like #!/bin/sh, a program must be built for this machine"
	case syscall.E2BIG:
		no.hint = "its arguments and environment together are too large"
	default:
		no.hint, no.retry = explainStage(e, s)
	}
	return no, nil
}

// explainStage is the way out where the number alone does not tell it.
func explainStage(e *keeper.Error, s keeper.Spawn) (hint string, retry bool) {
	who := "kitt's user"
	if s.SetUser {
		who = "uid " + strconv.FormatUint(uint64(s.UID), 10)
	}
	switch e.Stage {
	case "chdir":
		return "let " + who + " into the folder (chmod +x), or mend cwd in the spec", false
	case "set user":
		return "leave user out, or install kitt with --system", false
	case "exec":
	case "spawn":
		return "", false
	default: // kitt's own files
		return "", true
	}
	switch e.Errno {
	case syscall.ENOENT:
		return "the interpreter named in the first line of " + s.Path + " may be missing", false
	case syscall.ETXTBSY:
		return "it is being written", true
	case syscall.EACCES:
		return "can " + who + " enter " + s.Cwd + " and execute the program, and its interpreter if it is a script?", false
	}
	return "", false
}

// log says where the bytes of an instance go, and how many are kept.
func (r *Runtime) log(in reconcile.Instance) keeper.Log {
	l := in.Process.Log
	if l.Off {
		return keeper.Log{}
	}
	return keeper.Log{Dir: r.Folder(in), MaxSize: l.MaxSize, Keep: l.Keep, Drop: l.Full == "drop", Stamps: l.Timestamps}
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
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(o, nil)
}
