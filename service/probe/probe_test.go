package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

// program answers as each of its paths says.
func program(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/fine", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Kind", "good")
		io.WriteString(w, "all is "+r.Header.Get("X-Word")+r.Host)
	})
	mux.HandleFunc("/bad", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/bad", http.StatusFound) })
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/floods", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func TestAsk(t *testing.T) {
	s := program(t)
	began := time.Now()
	dir := t.TempDir()
	socket, fresh, old := filepath.Join(dir, "s"), filepath.Join(dir, "fresh"), filepath.Join(dir, "old")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go http.Serve(l, s.Config.Handler) // ends with l
	for _, name := range []string{fresh, old} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	os.Chtimes(old, began, began.Add(-time.Hour))
	address := strings.TrimPrefix(s.URL, "http://")
	_, port, _ := net.SplitHostPort(address)
	gone := unused(t)
	target := Target{Began: began, Now: time.Now, Env: func(name string) string { return map[string]string{"PORT": port}[name] },
		Run: func(ctx context.Context, argv []string) (string, error) {
			switch argv[0] {
			case "well":
				return "", nil
			case "hangs":
				<-ctx.Done()
				return "", ctx.Err()
			}
			return "\n  no \x1b[31mdatabase\nmore\n", fmt.Errorf("run x: %w", errors.New("exit status 4"))
		}}
	for _, tt := range []struct {
		name string
		p    spec.Probe
		says string
	}{
		{"a good answer", spec.Probe{HTTP: s.URL + "/fine"}, ""},
		{"a variable of the instance", spec.Probe{HTTP: "http://127.0.0.1:$PORT/fine"}, ""},
		{"a bad status", spec.Probe{HTTP: s.URL + "/bad"}, "http URL/bad: status 503"},
		{"which may be the good one", spec.Probe{HTTP: s.URL + "/bad", Status: []int{200, 503}}, ""},
		{"a redirection is an answer and not followed", spec.Probe{HTTP: s.URL + "/moved"}, ""},
		{"what does not end is not waited for", spec.Probe{HTTP: s.URL + "/hangs", Timeout: 50 * time.Millisecond}, "http URL/hangs: no answer within 50ms"},
		{"what never ends is not read to its end", spec.Probe{HTTP: s.URL + "/floods", Body: "x", Timeout: 2 * time.Second}, "http URL/floods: its body does not match x"},
		{"the body", spec.Probe{HTTP: s.URL + "/fine", Body: "all is .*well", Headers: map[string]string{"X-Word": "well"}}, ""},
		{"another host", spec.Probe{HTTP: s.URL + "/fine", Body: "shop.test", Headers: map[string]string{"Host": "shop.test"}}, ""},
		{"a header", spec.Probe{HTTP: s.URL + "/fine", Header: map[string]string{"x-kind": "^go"}}, ""},
		{"another header", spec.Probe{HTTP: s.URL + "/fine", Header: map[string]string{"x-kind": "^bad"}}, "http URL/fine: header x-kind does not match ^bad"},
		{"a socket", spec.Probe{HTTP: "http://any/fine", Socket: socket}, ""},
		{"a password is not told", spec.Probe{HTTP: "http://ada:secret@" + gone + "/"}, "http http://ada:xxxxx@GONE/: connection refused"},
		{"a port that answers", spec.Probe{TCP: "$PORT"}, ""},
		{"one that does not", spec.Probe{TCP: gone}, "tcp GONE: connection refused"},
		{"a file that was changed", spec.Probe{File: fresh}, ""},
		{"one that is not there", spec.Probe{File: fresh + "x"}, "file DIR/freshx: it is not there"},
		{"one that was changed before", spec.Probe{File: old}, "file DIR/old: not changed since it began"},
		{"one that is too old", spec.Probe{File: old, MaxAge: time.Minute}, "file DIR/old: not changed for 1h0m0s"},
		{"one that is young enough", spec.Probe{File: old, MaxAge: 2 * time.Hour}, ""},
		{"a command", spec.Probe{Exec: []string{"well"}}, ""},
		{"one that fails, with its first words", spec.Probe{Exec: []string{"sh", "-c", "check it"}}, "exec check it: exit status 4: no  [31mdatabase"},
		{"one that hangs", spec.Probe{Exec: []string{"hangs"}, Timeout: 20 * time.Millisecond}, "exec hangs: no end within 20ms"},
		{"all must hold", spec.Probe{HTTP: s.URL + "/fine", File: fresh + "x"}, "file DIR/freshx: it is not there"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := Ask(t.Context(), &tt.p, target); err != nil {
				got = strings.NewReplacer(s.URL, "URL", gone, "GONE", dir, "DIR").Replace(err.Error())
			}
			if got != tt.says {
				t.Errorf("\n got %s\nwant %s", got, tt.says)
			}
		})
	}
}

// unused is an address at which nobody listens.
func unused(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestCount(t *testing.T) {
	var c Count
	for i, good := range []bool{true, true, false, false, false, true} {
		c = c.Add(good)
		if want := []Count{{1, 0}, {2, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}}[i]; c != want {
			t.Errorf("after %d: %+v, want %+v", i+1, c, want)
		}
	}
}

func TestSlept(t *testing.T) {
	now := time.Now()
	if Slept(now, now.Add(time.Hour)) {
		t.Error("an hour awake is taken for a sleep")
	}
	for _, row := range []struct {
		wall, awake time.Duration
		slept       bool
	}{{time.Hour, time.Minute, true}, {time.Minute, time.Minute, false}, {-time.Hour, time.Minute, false}, {3 * time.Second, 2 * time.Second, false}} {
		if asleep(row.wall, row.awake) != row.slept {
			t.Errorf("%+v", row)
		}
	}
}

func BenchmarkHTTP(b *testing.B) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer s.Close()
	p := spec.Probe{HTTP: s.URL + "/"}
	for b.Loop() {
		if err := Ask(b.Context(), &p, Target{}); err != nil {
			b.Fatal(err)
		}
	}
}
