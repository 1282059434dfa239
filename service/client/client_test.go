package client_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"kitt.sh/service/client"
)

// TestMain serves as a daemon of few words, at the place where Open looks; internal/e2e tries the real one.
func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "k")
	if err != nil {
		panic(err)
	}
	os.Setenv("KITT_HOME", home)
	code := serving(filepath.Join(home, "run"), words(), m.Run)
	os.RemoveAll(home)
	os.Exit(code)
}

func serving(dir string, h http.Handler, run func() int) int {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		panic(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "api.sock"))
	if err != nil {
		panic(err)
	}
	srv := &http.Server{Handler: h}
	var serve sync.WaitGroup
	serve.Go(func() { _ = srv.Serve(l) })
	code := run()
	_ = srv.Close()
	serve.Wait()
	return code
}

func words() http.Handler {
	mux := http.NewServeMux()
	say := func(pattern string, status int, text string) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		})
	}
	say("GET /v1/status", 200, `{"instances":[{"id":"web.1","phase":"running"},{"id":"worker.1","phase":"waiting"}]}`)
	say("POST /v1/restart", 200, `{"type":"action","verb":"restart","id":"web.1"}`+"\n"+`{"type":"done","text":"1 instance is up"}`+"\n")
	say("POST /v1/stop", 404, `{"error":"find wbe: no such process","hint":"there are web, worker","code":4}`)
	say("POST /v1/scale", 200, `{"type":"done","text":"web.2 is not ready","code":5}`+"\n")
	say("GET /v1/logs", 200, `{"id":"web.1","stream":"err","text":"warn: low on space"}`+"\n"+`{"kind":"cursor","cursor":"abc","text":""}`+"\n")
	say("GET /v1/events", 200, `{"seq":1,"kind":"start","id":"shop/web.1","reason":"applied"}`+"\n"+`{"seq":2,"kind":"exit","id":"shop/web.1","reason":"exit 3"}`+"\n")
	return mux
}

func TestABadEndIsARefusal(t *testing.T) {
	c, err := client.Open()
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Last(c.Scale(t.Context(), client.Order{Scale: map[string]int{"web": 2}}))
	if r, ok := err.(*client.Refusal); !ok || r.ExitCode() != 5 || err.Error() != "web.2 is not ready" {
		t.Errorf("%v", err)
	}
}

// TestAStreamGoesOnWithTheNextDaemon: what was told by one that went away is not asked of the next one.
func TestAStreamGoesOnWithTheNextDaemon(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.RequestURI())
		n := len(asked)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/x-ndjson")
		if strings.HasPrefix(r.URL.Path, "/v1/events") {
			fmt.Fprintf(w, `{"seq":%d,"kind":"exit"}`+"\n", 6+n)
		} else {
			fmt.Fprintf(w, `{"text":"line"}`+"\n"+`{"kind":"cursor","cursor":"c%d","text":""}`+"\n", n)
		}
		w.(http.Flusher).Flush()
		if n%2 == 1 {
			panic(http.ErrAbortHandler)
		}
	})
	dir := t.TempDir()
	serving(dir, h, func() int {
		c := client.At(filepath.Join(dir, "api.sock"))
		var seqs []uint64
		for ev, err := range c.Events(t.Context(), client.Events{Last: 5, Follow: true}) {
			if err != nil {
				t.Fatal(err)
			}
			seqs = append(seqs, ev.Seq)
		}
		for _, err := range c.Logs(t.Context(), client.Logs{Last: 7, Follow: true}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if fmt.Sprint(seqs) != "[7 8]" {
			t.Errorf("%v", seqs)
		}
		return 0
	})
	want := []string{"/v1/events?follow=1&n=5", "/v1/events?after=7&follow=1&n=5", "/v1/logs?follow=1&n=7", "/v1/logs?cursor=c3&follow=1"}
	if !slices.Equal(asked, want) {
		t.Errorf("asked for\n%s, want\n%s", strings.Join(asked, "\n"), strings.Join(want, "\n"))
	}
}

func TestNoKittRuns(t *testing.T) {
	c := client.At(filepath.Join(t.TempDir(), "none"))
	if _, err := c.Status(t.Context()); err != client.ErrNotRunning {
		t.Errorf("status: %v", err)
	}
	for _, err := range c.Events(t.Context(), client.Events{}) {
		if err != client.ErrNotRunning {
			t.Errorf("events: %v", err)
		}
	}
}
