package api

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// stranger serves as a daemon of another version.
func stranger(t *testing.T, mux *http.ServeMux) *Client {
	t.Helper()
	sock := t.TempDir() + "/s"
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: mux}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return &Client{Socket: sock}
}

func TestADaemonOfAnotherVersion(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("view") == TableView {
			_, _ = io.WriteString(w, "k\t7\t8\t9.9\t/usr/bin/kitt\tmore\nz\tof a newer one\n")
			return
		}
		_, _ = io.WriteString(w, `{"keeper":{"pid":7,"mood":"fine"},"daemon":{"pid":8,"version":"9.9"},"weather":[1],"instances":[]}`)
	})
	mux.HandleFunc("POST /v1/restart", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"type":"song","text":"of a newer one"}`+"\n"+`{"type":"done","text":"all up","pitch":3}`+"\n")
	})
	c := stranger(t, mux)
	var s Status
	if err := c.Read(t.Context(), "/v1/status", nil, &s); err != nil || s.Daemon.Version != "9.9" {
		t.Errorf("%v %+v", err, s)
	}
	b, err := c.Get(t.Context(), "/v1/status", url.Values{"view": {TableView}})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := ParseTable(b); err != nil || s.Daemon.Replaced != "/usr/bin/kitt" {
		t.Errorf("%v %+v", err, s)
	}
	if s, err := ParseTable([]byte("k\t7\t8\t0.9\n")); err != nil || s.Daemon.Version != "0.9" {
		t.Errorf("an older one's table: %v %+v", err, s)
	}
	last := Line{}
	for line, err := range c.Post(t.Context(), "restart", Order{}) {
		if err != nil {
			t.Fatal(err)
		}
		last = line
	}
	if last.Text != "all up" {
		t.Errorf("%+v", last)
	}
	for _, path := range []string{"/v1/horoscope", "/v2/status"} {
		_, err = c.Get(t.Context(), path, nil)
		var r *Refusal
		if !errors.As(err, &r) || !strings.Contains(err.Error(), "another version") || !strings.Contains(r.Hint(), "kitt upgrade") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestAWaitGoesOnWithTheNextDaemon(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/restart", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"type":"progress","total":1}`+"\n"+`{"type":"moved","targets":["shop/web.1"]}`+"\n")
	})
	asked := ""
	mux.HandleFunc("POST /v1/await", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = string(b)
		_, _ = io.WriteString(w, `{"type":"done","text":"up"}`+"\n")
	})
	var got []string
	for line, err := range stranger(t, mux).Post(t.Context(), "restart", Order{Targets: []string{"web"}, Wait: true, Timeout: 5}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line.Type)
	}
	if strings.Join(got, " ") != "progress done" || !strings.Contains(asked, `"shop/web.1"`) || !strings.Contains(asked, `"timeout":5`) {
		t.Errorf("%v, asked for %s", got, asked)
	}
}
