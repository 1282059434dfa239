package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// A bridge answers the requests. All that it knows of kitt is in the environment that kitt gave it.
type bridge struct {
	getenv func(string) string
	out    io.Writer
	start  time.Time
}

// health is the answer of /health. Life tells one run of the program from the next.
type health struct {
	Name   string  `json:"name"`
	PID    int     `json:"pid"`
	Life   string  `json:"life,omitempty"`
	Uptime float64 `json:"uptime"` // seconds
}

func (b *bridge) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.about)
	mux.HandleFunc("GET /health", b.health)
	mux.HandleFunc("POST /restart", b.restart)
	return b.logged(mux)
}

func (b *bridge) about(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "%s: an example of kitt.\nGET /health says how it is; POST /restart restarts it through kitt.\n", b.name())
}

func (b *bridge) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, health{b.name(), os.Getpid(), b.getenv("KITT_LIFE"), time.Since(b.start).Seconds()})
}

// restart asks kitt for a new life of this very program. kitt answers once the wish is on disk, so the caller
// hears of it although the program that tells them is about to end.
func (b *bridge) restart(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" { // a page in a browser may not restart things
		answer(w, http.StatusForbidden, map[string]string{"error": "not from a browser"})
		return
	}
	process := b.getenv("KITT_PROCESS")
	if process == "" {
		answer(w, http.StatusConflict, map[string]string{"error": "not run by kitt: KITT_PROCESS is not set"})
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 10*time.Second)
	defer cancel()
	argv := []string{b.kitt(), "restart", process}
	text, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	said := map[string]string{"did": strings.Join(argv, " "), "kitt": strings.TrimSpace(string(text))}
	if err != nil {
		said["error"] = err.Error()
		answer(w, http.StatusBadGateway, said)
		return
	}
	answer(w, http.StatusAccepted, said)
}

func (b *bridge) name() string {
	if n := b.getenv("KITT_PROCESS"); n != "" {
		return n
	}
	return "bridge"
}

// kitt is the program that started this one, or the one on the PATH.
func (b *bridge) kitt() string {
	if exe := b.getenv("KITT_EXE"); exe != "" {
		return exe
	}
	return "kitt"
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(v)
}

// logged writes one line a request.
func (b *bridge) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t, seen := time.Now(), &recorder{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(seen, r)
		fmt.Fprintf(b.out, "%s %s %d %s\n", r.Method, r.URL.Path, seen.code, time.Since(t).Round(time.Microsecond))
	})
}

// A recorder remembers the status code that went by.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}
