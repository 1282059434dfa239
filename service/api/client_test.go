package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serve answers on a unix socket as the daemon would, and returns a client for it.
func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "api.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l) // ended by Close
	t.Cleanup(func() { s.Close() })
	return &Client{Socket: socket, Dir: "/my földer", Life: "shop/web.1#2.x"}
}

func TestAnAbsentDaemonIsNotRunning(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	for _, socket := range []string{filepath.Join(dir, "none.sock"), stale, filepath.Join(stale, "x")} {
		if err := (&Client{Socket: socket}).Ping(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v, want ErrNotRunning", socket, err)
		}
	}
}

func TestGetReturnsTheBytesUntouched(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Method+" "+r.URL.String()+" "+r.Header.Get(DirHeader)+" "+r.Header.Get(LifeHeader)+"{ }\n ")
	})
	b, err := c.Get(t.Context(), "/v1/status", url.Values{"project": {"a b"}})
	if want := "GET /v1/status?project=a+b /my földer shop/web.1#2.x{ }\n "; err != nil || string(b) != want {
		t.Fatalf("got %q, %v; want %q", b, err, want)
	}
}

func TestAFolderThatWouldBreakTheHeadersIsLeftOut(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get(DirHeader)+r.Header.Get("X-Evil"))
	})
	c.Dir = "/a\r\nX-Evil: yes"
	if b, err := c.Get(t.Context(), "/", nil); err != nil || len(b) != 0 {
		t.Fatalf("got %q, %v", b, err)
	}
}

func TestARefusalCarriesHintAndCode(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(404)
		if r.URL.Path == "/known" {
			io.WriteString(w, `{"error":"no process \"x\"","hint":"kitt ls","code":4}`)
		}
	})
	var r *Refusal
	_, err := c.Get(t.Context(), "/known", nil)
	if !errors.As(err, &r) || r.Error() != `no process "x"` || r.Hint() != "kitt ls" || r.ExitCode() != 4 {
		t.Errorf("got %v", err)
	}
	_, err = c.Get(t.Context(), "/bare", nil)
	if !errors.As(err, &r) || !strings.Contains(r.Error(), "404") || r.ExitCode() != 1 {
		t.Errorf("got %v", err)
	}
}

func TestPost(t *testing.T) {
	tests := []struct {
		name, answer, texts, err string
	}{
		{"lines come in order, to the last", `{"type":"note","text":"a"}` + "\n" + `{"type":"done","text":"b"}` + "\n", "a b", ""},
		{"a stream that breaks off is told", `{"type":"note","text":"a"}` + "\n", "a", "went away while it answered"},
		{"a stream that is no JSON is told", "<html>", "", "read answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if b, _ := io.ReadAll(r.Body); string(b) != `{"targets":["web"],"wait":true,"timeout":5}` {
					t.Errorf("body %s", b)
				}
				io.WriteString(w, tt.answer)
			})
			var texts []string
			var last error
			for line, err := range c.Post(t.Context(), "restart", Order{Targets: []string{"web"}, Wait: true, Timeout: 5}) {
				if last = err; err == nil {
					texts = append(texts, line.Text)
				}
			}
			if got := strings.Join(texts, " "); got != tt.texts || (last == nil) != (tt.err == "") ||
				last != nil && !strings.Contains(last.Error(), tt.err) {
				t.Fatalf("got %q, %v; want %q, %q", got, last, tt.texts, tt.err)
			}
		})
	}
}

func TestADaemonThatIsReplacedIsAskedAgain(t *testing.T) {
	asked := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
			return
		}
		io.WriteString(w, "here")
	})
	if b, err := c.Get(t.Context(), "/v1/version", nil); err != nil || string(b) != "here" {
		t.Fatalf("got %q, %v", b, err)
	}
}

func TestTheEndOfTheContextBreaksAStreamOff(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"seq":1}`+"\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for e, err := range Follow[Event](ctx, c, "/v1/events", nil) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			return
		}
		if e.Seq == 1 {
			stop()
		}
	}
	t.Fatal("the stream ended by itself")
}
