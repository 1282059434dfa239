package service

import (
	"context"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/reconcile/local"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// FuzzEvents: any bytes as the event log are passed over or read, and the log goes on.
func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"seq":1,"at":"2026-01-31T12:00:00.000Z","kind":"exit","id":"shop/web.1","exit":{"code":1,"signal":"","at":null}}`+"\n"), []byte(""))
	f.Add([]byte(`{"seq":9}`+"\n"+`{"se`), []byte(`{"seq":1}`+"\n"))
	f.Add([]byte(`{"seq":18446744073709551615}`+"\n"), []byte("\n\n\x00"))
	f.Add([]byte("["), []byte("null\n[]\n3\n"))
	f.Fuzz(func(t *testing.T, now, before []byte) {
		dir := t.TempDir()
		for name, b := range map[string][]byte{"events.jsonl": now, "events.jsonl.1": before} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		e, err := openEvents(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		e.add(api.Event{Kind: "start", Reason: "it goes on"})
		if got := e.tail(1); len(got) != 1 || got[0].Reason != "it goes on" && got[0].Seq != e.seq {
			t.Fatalf("after it: %+v", got)
		}
		e.between(0, e.seq)
		e.tail(1000)
	})
}

// FuzzKeptSpec: any bytes as a kept spec are a spec or an error; a spec is kept as it is, its values elsewhere.
func FuzzKeptSpec(f *testing.F) {
	f.Add([]byte(`{"version":2,"spec":{"project":"shop","processes":[{"name":"web","command":["x"],"env":{"A":"00"},"each":[{"env":{"B":"00"}}]}]}}`))
	f.Add([]byte(`{"project":"shop","processes":[{"name":"web","command":["x"],"env":{"A":"old"}}]}`))
	f.Add([]byte(`{"version":3}`))
	f.Add([]byte(`{"version":2,"spec":{"processes":[{"env":null},null]}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSpec(b, map[string]string{"00": "value"})
		if err != nil {
			return
		}
		kept, values := referred(s, []byte("0123456789abcdef"))
		for _, p := range kept.Processes {
			for k, v := range p.Env {
				if len(v) != 32 {
					t.Fatalf("%s is kept as %q", k, v)
				}
			}
		}
		if err := resolved(&kept, values); err != nil {
			t.Fatal(err)
		}
		for i, p := range s.Processes {
			for k, v := range p.Env {
				if kept.Processes[i].Env[k] != v {
					t.Fatalf("%s was %q and became %q", k, v, kept.Processes[i].Env[k])
				}
			}
		}
	})
}

// deaf is a keeper that says yes to everything and does nothing.
func deaf(t testing.TB) *keeper.Client {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	end := os.NewFile(uintptr(fds[1]), "keeper")
	go func() { // ends with the client
		defer end.Close()
		head := make([]byte, 9)
		for {
			if _, err := io.ReadFull(end, head); err != nil {
				return
			}
			if _, err := io.CopyN(io.Discard, end, int64(binary.BigEndian.Uint32(head))-5); err != nil {
				return
			}
			_, _ = end.Write(append([]byte{0, 0, 0, 5, 65}, head[5:]...))
		}
	}()
	c, err := keeper.Attach(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// FuzzRequests: any request is answered with something that a client of ours understands, and no answer holds a value
// of an environment, but the one that was asked for.
func FuzzRequests(f *testing.F) {
	for _, path := range []string{"/v1/status", "/v1/status?view=table&targets=web,x/y.9", "/v1/show?name=web.1", "/v1/environ?name=web", "/v1/events?n=-1&since=x",
		"/v1/logs/wait?targets=web", "/v1/logs?n=5&since=1h&until=0s&grep=x&level=warn&stream=err&cursor=e30", "/v1/watch?every=1ms&targets=web",
		"/v1/events?after=3&n=2", "/v1/openapi.json", "/v1/version", "/v1/nothing", "/v1/status?project=%00&targets=%zz"} {
		f.Add("GET", path, "")
	}
	f.Add("POST", "/v1/apply", `{"spec":{"project":"shop","file":"/s/kitt.hcl","processes":[{"name":"web","command":["true"],"instances":1}]},"request":{"path":"/s"},"wait":true,"timeout":1000000}`)
	f.Add("POST", "/v1/apply", `{"spec":{"project":"../x","processes":[{"name":"","instances":-1}]}}`)
	f.Add("POST", "/v1/plan", `{"spec":{"project":"shop","processes":[{"name":"web","instances":1000000000}]}}`)
	f.Add("POST", "/v1/restart", `{"targets":["web","web.1","shop/web"],"all":true,"timeout":-1}`)
	f.Add("POST", "/v1/scale", `{"scale":{"web":-5,"no":1000000000000}}`)
	f.Add("POST", "/v1/stop", `{"targets":["web"],"for":-9223372036854775808,"message":"\u001b[2J"}`)
	f.Add("POST", "/v1/down", `{"project":"shop"}`)
	f.Add("POST", "/v1/delete", `[`)
	f.Add("POST", "/v1/plan", `{"file":"/x/kitt.hcl","timeout":"1m"}`)
	f.Fuzz(func(t *testing.T, method, target, body string) {
		r, err := http.NewRequest(method, "http://kitt"+target, strings.NewReader(body))
		if err != nil || r.URL.Host != "kitt" || strings.Contains(target, "shutdown") || strings.Contains(target, "reveal") {
			return
		}
		d := answering(t)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		w := httptest.NewRecorder()
		guard(d.routes()).ServeHTTP(w, r.WithContext(ctx))
		if strings.Contains(w.Body.String(), "swordfish99") && !strings.Contains(target+body, "swordfish99") {
			t.Fatalf("%s %s %s: %s", method, target, body, w.Body)
		}
		if w.Code >= 500 && w.Body.Len() == 0 {
			t.Fatalf("%s %s %s: %d and no word", method, target, body, w.Code)
		}
		if n := len(d.wants(time.Now(), d.specs)); n > 100_000 {
			t.Fatalf("%d instances are wanted", n)
		}
	})
}

// answering is a daemon with one project, whose world is a fake.
func answering(t *testing.T) *Daemon {
	dir := t.TempDir()
	d := booted(t, dir)
	d.Keeper = deaf(t)
	d.rt = local.New(d.Keeper, dir, "/kitt", dir+"/logs")
	t.Cleanup(d.rt.Close)
	d.taps = newTaps(d.Keeper)
	d.leave = func(error) {}
	d.Load = func(context.Context, spec.Request) (Loaded, error) { return Loaded{Spec: shop("web")}, nil }
	d.rested = make(chan struct{})
	close(d.rested)
	s := shop("web")
	s.Processes[0].Env = map[string]string{"TOKEN": "swordfish99"}
	if _, err := d.adopt(s, cause{why: "applied"}); err != nil {
		t.Fatal(err)
	}
	if err := d.commit(func(in *reconcile.Intents) error {
		in.Projects["shop"] = &reconcile.Project{File: s.File}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	d.rewant(nil)
	return d
}
