package service

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/service/home"
	"kitt.sh/service/ui"
)

func TestThePageListensWhereNobodyElseIs(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, says := range map[string]string{
		"": "", "127.0.0.1:0": "", "localhost:0": "", "127.8.9.10:0": "", "unix:" + dir + "/s": "",
		"0.0.0.0:0": "not loopback", "[::]:0": "not loopback", ":9000": "not loopback", "10.1.2.3:9000": "not loopback", "example.org:9000": "not loopback",
		"127.0.0.1": "no address with a port", "127.0.0.1:70000": "no address with a port", "127.0.0.1:http": "no address with a port", "x": "no address with a port",
		"unix:relative": "no absolute path", "unix:" + file: "no socket", "unix:" + dir + "/none/s": "no such file", taken.Addr().String(): "in use",
	} {
		l, err := uiListener(address)
		if err == nil {
			if host, _, _ := net.SplitHostPort(l.Addr().String()); l.Addr().Network() == "tcp" && !net.ParseIP(host).IsLoopback() {
				t.Errorf("%q listens at %s", address, l.Addr())
			}
			l.Close()
		}
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", address, err, says)
		}
	}
}

func TestTheSocketOfThePageIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := uiListener("unix:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if _, err := uiListener("unix:" + path); err == nil || !strings.Contains(err.Error(), "somebody listens") {
		t.Errorf("twice: %v", err)
	}
}

// pageOf is the page of a daemon that was not begun.
func pageOf(t *testing.T, run string) *uiServer {
	t.Helper()
	d := &Daemon{Dirs: home.Dirs{Run: run}, Log: slog.New(slog.DiscardHandler), uiPokes: make(chan struct{}, 1)}
	u := newUIServer(d)
	t.Cleanup(func() { u.close(false) })
	return u
}

func TestThePageGoesOnWithTheNextDaemon(t *testing.T) {
	run := t.TempDir()
	first := pageOf(t, run)
	if err := first.ask(api.UI{}); err != nil {
		t.Fatal(err)
	}
	first.door.Restore(map[string]ui.Session{"digest": {Used: time.Now()}})
	first.save()
	if st, err := os.Stat(first.path()); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", st, err)
	}
	address := first.on.Address
	first.close(false)
	next := pageOf(t, run)
	next.resume()
	if res, err := http.Get("http://" + address + "/"); err != nil || res.StatusCode != 200 || len(next.door.Sessions()) != 1 {
		t.Errorf("%v, %v", err, next.door.Sessions())
	}
	next.close(false)
	long := time.Now().Add(-uiIdle - time.Minute)
	if err := os.Chtimes(next.path(), long, long); err != nil {
		t.Fatal(err)
	}
	late := pageOf(t, run)
	if late.resume(); late.open() {
		t.Error("a page that nobody used is open again")
	}
	if _, err := os.Stat(late.path()); err == nil {
		t.Error("its state is still there")
	}
}

func TestAPageThatNobodyUsesIsIdle(t *testing.T) {
	u := pageOf(t, t.TempDir())
	if err := u.ask(api.UI{}); err != nil {
		t.Fatal(err)
	}
	if now := time.Now(); u.idle(now) || !u.idle(now.Add(uiIdle+time.Minute)) {
		t.Error("idle too soon, or never")
	}
	u.live = 1 // somebody looks at a stream
	if u.idle(time.Now().Add(time.Hour)) {
		t.Error("idle though somebody looks")
	}
}
