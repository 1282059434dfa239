package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// stub writes a program that stands in for kitt: it notes its arguments, says something, and exits.
func stub(t *testing.T, code string) (exe, calls string) {
	t.Helper()
	dir := t.TempDir()
	exe, calls = filepath.Join(dir, "kitt"), filepath.Join(dir, "calls")
	text := "#!/bin/sh\necho \"$@\" >>'" + calls + "'\necho restarting\nexit " + code + "\n"
	if err := os.WriteFile(exe, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return exe, calls
}

func TestBridge(t *testing.T) {
	good, calls := stub(t, "0")
	bad, _ := stub(t, "3")
	managed := map[string]string{"KITT_PROCESS": "kitt-bridge", "KITT_EXE": good, "KITT_LIFE": "kitt/kitt-bridge.1#2.ab"}
	broken := map[string]string{"KITT_PROCESS": "kitt-bridge", "KITT_EXE": bad}
	rows := []struct {
		name         string
		env          map[string]string
		method, path string
		origin       string
		code         int
		has          string
	}{
		{"the front page says what it is", managed, "GET", "/", "", 200, "kitt-bridge: an example of kitt"},
		{"health tells name and life", managed, "GET", "/health", "", 200, `"name":"kitt-bridge"`},
		{"health works without kitt", nil, "GET", "/health", "", 200, `"name":"bridge"`},
		{"a restart is accepted and says what it did", managed, "POST", "/restart", "", 202, "restart kitt-bridge"},
		{"a restart that kitt refuses is told", broken, "POST", "/restart", "", 502, "exit status 3"},
		{"without kitt there is no restart", nil, "POST", "/restart", "", 409, "not run by kitt"},
		{"a page in a browser cannot restart it", managed, "POST", "/restart", "http://evil.example", 403, "browser"},
		{"looking at /restart restarts nothing", managed, "GET", "/restart", "", 405, ""},
		{"other paths are not found", managed, "GET", "/nope", "", 404, ""},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			var log bytes.Buffer
			b := &bridge{getenv: env(r.env), out: &log, start: time.Now()}
			req, w := httptest.NewRequest(r.method, r.path, nil), httptest.NewRecorder()
			if r.origin != "" {
				req.Header.Set("Origin", r.origin)
			}
			b.handler().ServeHTTP(w, req)
			if w.Code != r.code || !strings.Contains(w.Body.String(), r.has) {
				t.Errorf("%s %s: %d %q, want %d with %q", r.method, r.path, w.Code, w.Body, r.code, r.has)
			}
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d lines logged, want 1: %q", n, &log)
			}
		})
	}
	if got, _ := os.ReadFile(calls); string(got) != "restart kitt-bridge\n" {
		t.Errorf("kitt was called with %q, want one restart", got)
	}
}

// TestRun serves over a real socket, and ends as SIGTERM would end it.
func TestRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "bridge.addr")
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var out bytes.Buffer
	var err error
	wg.Go(func() { err = run(ctx, env(map[string]string{"BRIDGE_ADDR_FILE": file}), &out) })
	url := address(t, file)

	resp, get := http.Get(url + "/health")
	if get != nil {
		t.Fatal(get)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	var h health
	if err := json.Unmarshal(body, &h); err != nil || h.PID != os.Getpid() {
		t.Errorf("health is %s (%v), want pid %d", body, err, os.Getpid())
	}

	stop()
	wg.Wait()
	if err != nil {
		t.Errorf("run: %v, want a clean end", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the file with the address is still there after the end")
	}
	for _, want := range []string{"listening on " + url, "GET /health 200", "stopping", "stopped"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output has no %q: %q", want, &out)
		}
	}
}

func TestRunTakesThePortThatIsAskedFor(t *testing.T) {
	err := run(t.Context(), env(map[string]string{"BRIDGE_PORT": "99999"}), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "99999") {
		t.Errorf("run: %v, want a complaint about port 99999", err)
	}
}

// address waits for the file with the address.
func address(t *testing.T, file string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(file); err == nil {
			return strings.TrimSpace(string(b))
		}
	}
	t.Fatal("no address within 10 s")
	return ""
}
