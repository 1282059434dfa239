package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// hook VAR FILE: a service that takes webhooks on loopback and writes each to FILE, its path and its body on a line; its address
// goes into VAR. While FILE.down is there it answers 503.
func hook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: hook var file")
	}
	path, mu := ts.MkAbs(args[1]), sync.Mutex{}
	ts.Check(os.WriteFile(path, nil, 0o600))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		if _, err := os.Stat(path + ".down"); err == nil {
			http.Error(w, "down for "+r.URL.Path, http.StatusServiceUnavailable)
			return
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
		if err == nil {
			_, _ = f.WriteString(r.URL.Path + " " + string(body) + "\n")
			f.Close()
		}
		_, _ = io.WriteString(w, "ok")
	}))
	ts.Defer(srv.Close)
	ts.Setenv(args[0], srv.URL)
}
