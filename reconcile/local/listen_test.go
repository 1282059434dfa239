package local

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

func listener(t *testing.T) reconcile.Instance {
	t.Helper()
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd = "web", []string{"/bin/true", "x"}, t.TempDir()
	p.Listen = []spec.Socket{{Name: "web", Address: "tcp://127.0.0.1:3000"}, {Name: "admin", Address: "unix:/a b.sock", Mode: 0o660}}
	return reconcile.Instance{ID: reconcile.ID{Project: "shop", Process: "web", N: 1}, Process: &p, Generation: 1,
		Captured: map[string]string{"PATH": "/bin", "LISTEN_FDS": "7", "LISTEN_PID": "8", "LISTEN_FDNAMES": "of:somebody"}}
}

// A program is told of its sockets as sd_listen_fds has it; its channel stands behind them.
func TestAProgramIsToldOfItsSockets(t *testing.T) {
	in := listener(t)
	in.Process.Mode = spec.ModeNode
	s, _, err := New(&scripted{}, "", "/bin/kitt", t.TempDir()).prepare(in, "", &meta{})
	if err != nil {
		t.Fatal(err)
	}
	want := []keeper.Socket{{Owner: "shop/web", Addr: "tcp://127.0.0.1:3000"}, {Owner: "shop/web", Addr: "unix:/a b.sock", Mode: 0o660}}
	if !slices.Equal(s.Listen, want) {
		t.Errorf("sockets %+v", s.Listen)
	}
	if got := strings.Join(s.Argv, " "); got != "kitt internal exec listen /bin/true /bin/true x" || s.Path != keeper.Image("/bin/kitt") {
		t.Errorf("%s runs %s", s.Path, got)
	}
	var told []string
	for _, e := range s.Env {
		if strings.HasPrefix(e, "LISTEN_") || strings.HasPrefix(e, "NODE_CHANNEL_FD") {
			told = append(told, e)
		}
	}
	if got := strings.Join(told, " "); got != "LISTEN_FDS=2 LISTEN_FDNAMES=web:admin NODE_CHANNEL_FD=5" {
		t.Errorf("told %s", got)
	}
	in.Process.Mode, in.Process.Listen = spec.ModeFork, nil
	s, _, err = New(&scripted{}, "", "/bin/kitt", t.TempDir()).prepare(in, "", &meta{})
	if err != nil || s.Path != "/bin/true" || slices.ContainsFunc(s.Env, func(e string) bool { return strings.HasPrefix(e, "LISTEN_") }) {
		t.Errorf("without sockets: %v, %s, %s", err, s.Path, s.Env)
	}
}

// What the keeper refuses is a start that cannot be, with a way out, and never a program without its sockets.
func TestNoStartWithoutTheSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	at := l.Addr().String()
	if runtime.GOOS != "linux" {
		t.Skip("who has a port is not seen here")
	}
	for _, row := range []struct {
		err        error
		text, hint string
		retry      bool
		spawn      bool // it is the spawn that is refused
	}{
		{&keeper.Error{Stage: "listen on", Errno: syscall.EADDRINUSE, Text: "listen on tcp://127.0.0.1:3000: in use"}, "listen on tcp://127.0.0.1:3000: in use", "end what listens there", true, false},
		{&keeper.Error{Stage: "listen on", Errno: syscall.EACCES, Text: "listen on tcp://127.0.0.1:80: denied"}, "denied", "only root may listen below port 1024", false, false},
		{&keeper.Error{Stage: "listen on", Errno: syscall.EACCES, Text: "listen on unix:/x: denied"}, "denied", "write to its folder", false, false},
		{&keeper.Error{Stage: "listen on", Errno: syscall.ENOENT, Text: "listen on unix:/x: none"}, "none", "make its folder", false, false},
		{&keeper.Error{Stage: "listen on", Errno: syscall.EADDRINUSE, Text: "listen on tcp://" + at + ": in use"}, " by process " + strconv.Itoa(os.Getpid()) + " (", "end what listens there", true, true},
		{&keeper.Error{Stage: "serve", Text: "serve: unknown request"}, "the keeper that runs is of a kitt that holds no sockets", "kitt upgrade", false, false},
	} {
		k := &scripted{err: row.err}
		if row.spawn {
			k.err, k.spawn = nil, func(context.Context, keeper.Spawn) (keeper.Life, error) { return keeper.Life{}, row.err }
		}
		r := New(k, "", "/bin/kitt", t.TempDir())
		r.seen = true
		if err := r.Start(t.Context(), listener(t), reconcile.History{}); err != nil {
			t.Fatal(err)
		}
		have, _ := r.Observe(t.Context())
		if len(have) != 1 || have[0].State != reconcile.NoStart {
			t.Fatalf("%v: %+v", row.err, have)
		}
		if x := have[0].Exit; !strings.Contains(x.Text, row.text) || !strings.Contains(x.Hint, row.hint) || x.Retry != row.retry {
			t.Errorf("%v: %q, hint %q, retry %v", row.err, x.Text, x.Hint, x.Retry)
		}
		var no Refusal
		if err := r.Listen(t.Context(), nil); !row.spawn && (!errors.As(err, &no) || !strings.Contains(no.Hint, row.hint)) {
			t.Errorf("%v: Listen: %v", row.err, err)
		}
	}
}
