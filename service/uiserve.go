package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
	"kitt.sh/service/ui"
)

// uiIdle is how long the page's listener stays without anybody who looks.
const uiIdle = 30 * time.Minute

// What the page may ask of the API, and what it may change where it was opened with --control.
var (
	uiLooks = []string{"/v1/version", "/v1/status", "/v1/watch", "/v1/show", "/v1/events", "/v1/logs", "/v1/samples", "/v1/why", "/v1/pending",
		"/v1/history", "/v1/diff", "/v1/runs"}
	uiChanges = []string{"/v1/restart", "/v1/reload", "/v1/start", "/v1/stop", "/v1/scale", "/v1/run", "/v1/rollback", "/v1/follow"}
)

// A uiServer is the listener of kitt's page: none until somebody asks for it.
type uiServer struct {
	d    *Daemon
	door ui.Door
	wg   sync.WaitGroup

	mu   sync.Mutex
	srv  *http.Server // nil: nobody listens
	on   uiState
	used time.Time
	live int // requests under way: who looks at a stream uses it
}

// A uiState outlives the daemon, so that an open page goes on with the next one: run/ui.json, 0600.
type uiState struct {
	Address  string                `json:"address"` // 127.0.0.1:4321, or unix:/path
	Sessions map[string]ui.Session `json:"sessions"`
}

func newUIServer(d *Daemon) *uiServer { return &uiServer{d: d} }

func (u *uiServer) path() string { return filepath.Join(u.d.Dirs.Run, "ui.json") }

// run takes up the listener that a daemon before had open, ends one that nobody uses, and closes it at its end.
func (u *uiServer) run(ctx context.Context) error {
	u.resume()
	defer u.close(false)
	tick := time.NewTicker(time.Hour)
	tick.Stop() // nothing wakes while there is no page
	defer tick.Stop()
	for {
		if u.open() {
			tick.Reset(time.Minute)
		} else {
			tick.Stop()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-u.d.uiPokes:
		case now := <-tick.C:
			if u.idle(now) {
				u.close(true)
			}
		}
	}
}

func (u *uiServer) open() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.srv != nil
}

func (u *uiServer) idle(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.live == 0 && now.Sub(u.used) > uiIdle
}

// resume listens where the daemon before did, if that was not long ago.
func (u *uiServer) resume() {
	b, err := os.ReadFile(u.path())
	if err != nil {
		return
	}
	st, err := os.Stat(u.path())
	var was uiState
	if err != nil || json.Unmarshal(b, &was) != nil || time.Since(st.ModTime()) > uiIdle {
		_ = os.Remove(u.path())
		return
	}
	u.door.Restore(was.Sessions)
	if err := u.listen(was.Address); err != nil {
		u.d.Log.Warn("serve page", "err", err)
		_ = os.Remove(u.path())
	}
}

// listen begins to serve at an address, unless it does already.
func (u *uiServer) listen(address string) error {
	l, err := uiListener(address)
	if err != nil {
		return err
	}
	if address == "" || strings.HasSuffix(address, ":0") {
		address = l.Addr().String()
	}
	s := &ui.Server{API: u.d.routes(), Door: &u.door, Now: time.Now, Enter: u.save, Used: u.use, Looks: uiLooks, Changes: uiChanges}
	srv := &http.Server{Handler: u.counted(s.Handler()), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10}
	u.mu.Lock()
	u.srv, u.on, u.used = srv, uiState{Address: address}, time.Now()
	u.mu.Unlock()
	u.wg.Go(func() { _ = srv.Serve(l) }) // ended by close
	return nil
}

// uiListener listens on loopback or on a socket that only its owner may open; "" is a free port of loopback.
func uiListener(address string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return uiSocket(path)
	}
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(address)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n > 65535 {
		return nil, failure{2, fmt.Sprintf("serve page: %q is no address with a port", address), "for instance 127.0.0.1:9000, or a port alone"}
	}
	if ip := net.ParseIP(host); ip == nil && host != "localhost" || ip != nil && !ip.IsLoopback() {
		return nil, failure{2, fmt.Sprintf("serve page: %s is not loopback, and others could look", host),
			"from another machine: ssh -L 9000:127.0.0.1:9000 HOST, with kitt ui --listen 9000 there"}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, failure{1, "serve page: " + err.Error(), "kitt ui without --listen takes a free port"}
	}
	return l, nil
}

func uiSocket(path string) (net.Listener, error) {
	if !filepath.IsAbs(path) {
		return nil, failure{2, fmt.Sprintf("serve page: %q is no absolute path", path), ""}
	}
	if c, err := net.Dial("unix", path); err == nil {
		_ = c.Close()
		return nil, failure{1, "serve page: " + path + ": somebody listens there already", "another path"}
	}
	if st, err := os.Lstat(path); err == nil && st.Mode()&os.ModeSocket == 0 {
		return nil, failure{1, "serve page: " + path + ": it is there, and no socket", "another path"}
	}
	_ = os.Remove(path)
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, failure{1, "serve page: " + err.Error(), ""}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, failure{1, "serve page: " + err.Error(), ""}
	}
	return guarded{l}, nil
}

// counted counts the requests under way.
func (u *uiServer) counted(next http.Handler) http.Handler {
	count := func(n int) {
		u.mu.Lock()
		u.live, u.used = u.live+n, time.Now()
		u.mu.Unlock()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count(1)
		defer count(-1)
		next.ServeHTTP(w, r)
	})
}

// use notes that somebody looks, on the disk too, once a minute: the daemon to come goes by that.
func (u *uiServer) use() {
	now := time.Now()
	if st, err := os.Stat(u.path()); err == nil && now.Sub(st.ModTime()) > time.Minute {
		_ = os.Chtimes(u.path(), now, now)
	}
}

// save keeps who was let in.
func (u *uiServer) save() {
	u.mu.Lock()
	state := u.on
	u.mu.Unlock()
	state.Sessions = u.door.Sessions()
	b, err := json.Marshal(state)
	if err == nil {
		err = reconcile.Replace(u.path(), b, false)
	}
	if err != nil {
		u.d.Log.Warn("keep sessions of the page", "err", err)
	}
}

// close ends the listener; for good, or so that the next daemon takes it up.
func (u *uiServer) close(forGood bool) {
	u.mu.Lock()
	srv := u.srv
	u.srv = nil
	u.mu.Unlock()
	if srv != nil {
		_ = srv.Close()
	}
	u.wg.Wait()
	if forGood {
		_ = os.Remove(u.path())
		u.door.Restore(nil)
	}
}

// postUI opens the page, or closes it.
func (d *Daemon) postUI(w http.ResponseWriter, r *http.Request) {
	var in api.UI
	if !sent(w, r, &in) {
		return
	}
	u := d.ui
	if in.Stop {
		open := u.open()
		u.close(true)
		answer(w, api.UIOpen{Open: open})
		return
	}
	if err := u.ask(in); err != nil {
		refuse(w, err)
		return
	}
	select {
	case d.uiPokes <- struct{}{}:
	default:
	}
	u.mu.Lock()
	address := u.on.Address
	u.mu.Unlock()
	out := api.UIOpen{Open: true, Address: address, Token: u.door.Token(time.Now(), in.Control), Control: in.Control}
	u.save()
	d.events.add(api.Event{Kind: "page", Reason: "opened at " + address, By: who(r).String()})
	answer(w, out)
}

// ask listens where it is asked to, or goes on where it does.
func (u *uiServer) ask(in api.UI) error {
	u.mu.Lock()
	now, open := u.on.Address, u.srv != nil
	u.mu.Unlock()
	switch {
	case open && (in.Listen == "" || in.Listen == now):
		return nil
	case open:
		u.close(false) // who was let in stays so
	}
	err := u.listen(in.Listen)
	if err != nil && open {
		err = errors.Join(err, u.listen(now))
	}
	return err
}
