package cli

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.Local)

func before(d time.Duration) api.Time { return api.Time{Time: noon.Add(-d)} }

// A tried is a Kitt in a box: its output in buffers, its daemon a handler.
type tried struct {
	*Kitt
	out, err bytes.Buffer
}

// try returns a Kitt whose daemon is h; nil: kitt does not run.
func try(t *testing.T, h http.HandlerFunc) *tried {
	t.Helper()
	dir, err := os.MkdirTemp("", "kitt") // short: a socket's path must fit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := home.Dirs{Home: dir, Run: dir + "/run", State: dir + "/state", Logs: dir + "/logs"}
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	if h != nil {
		listenAt(t, d.API(), h)
	}
	k := &tried{}
	vars := map[string]string{}
	k.Kitt = &Kitt{Out: &k.out, Err: &k.err, In: strings.NewReader(""), Env: func(n string) string { return vars[n] }, Cwd: t.TempDir(),
		Environ: []string{"PATH=/bin", "SECRET=x", "TERM=xterm"}, Now: func() time.Time { return noon },
		Output: "table", Width: func() int { return 0 }, Dirs: d, API: &api.Client{Socket: d.API()}}
	return k
}

func listenAt(t *testing.T, socket string, h http.HandlerFunc) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l) // ended by Close
	t.Cleanup(func() { s.Close() })
}

// do runs a verb and returns its exit code; what it wrote is in out and err.
func (k *tried) do(v Verb) int { return k.doIn(context.Background(), v) }

func (k *tried) doIn(ctx context.Context, v Verb) int {
	k.out.Reset()
	k.err.Reset()
	return k.fail(v.Run(ctx, k.Kitt))
}

// says answers every request with text; asked is what came in.
func says(text string, asked *string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if asked != nil {
			*asked = r.Method + " " + r.URL.String() + " " + string(b)
		}
		io.WriteString(w, text)
	}
}

func refuses(code int, failure string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		io.WriteString(w, failure)
	}
}

// same compares texts line by line, and shows where they part.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n--- got\n%s--- want\n%s---\n%q", what, got, want, got)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
