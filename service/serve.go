package service

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"kitt.sh/reconcile/failpoint"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// listen answers the API until ctx ends.
func (d *Daemon) listen(ctx context.Context) error {
	srv := &http.Server{Handler: guard(d.resting(d.routes())), IdleTimeout: time.Minute, ReadHeaderTimeout: 10 * time.Second, ConnState: d.calls.note,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			uid, pid := peer(c)
			return context.WithValue(ctx, callerKey{}, caller{uid: uid, pid: pid})
		}}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	d.background.Go(func() { d.makeWay(ctx) })
	err := srv.Serve(guarded{d.API})
	if errors.Is(err, net.ErrClosed) && d.moving.under() {
		return d.drain(srv)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return ctx.Err()
	}
	return err
}

type callerKey struct{}

// guarded accepts only connections of our own user.
type guarded struct{ net.Listener }

func (g guarded) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, _ := peer(c); uid == os.Geteuid() {
			return c, nil
		}
		_ = c.Close()
	}
}

// maxRequest is what a request may hold: a large spec, with room.
const maxRequest = 64 << 20

// guard refuses what no client of ours sends: a browser, which gets here only where somebody led this socket to a
// port, says where its page came from. And it bounds what is read of a request.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || r.Host != "kitt" && r.Host != "localhost" {
			refuse(w, failure{1, "serve: a browser's page is not let in", "host: kitt, without Origin"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		next.ServeHTTP(w, r)
	})
}

func (d *Daemon) getVersion(w http.ResponseWriter, _ *http.Request) {
	answer(w, api.Version{Version: d.Version, PID: os.Getpid()})
}

// answer sends v as JSON, with a newline at its end.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client went away: its own affair
}

// refuse sends an error as a Failure.
func refuse(w http.ResponseWriter, err error) {
	f := asFailure(err)
	refuseAs(w, httpStatus(f.Code), f)
}

func refuseAs(w http.ResponseWriter, status int, f api.Failure) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(f)
}

// who is the caller of a request: the socket's peer, and what the client says of where it runs.
func who(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	c.life, c.dir = r.Header.Get("X-Kitt-Life"), r.Header.Get("X-Kitt-Dir")
	return c
}

// load serves a verb that takes a Load and answers with lines.
func load(verb func(*Daemon, context.Context, api.Load, *lines) error) func(*Daemon, http.ResponseWriter, *http.Request) {
	return func(d *Daemon, w http.ResponseWriter, r *http.Request) {
		var l api.Load
		if !sent(w, r, &l) {
			return
		}
		if err := d.readFor(r.Context(), &l); err != nil {
			refuse(w, err)
			return
		}
		if err := spec.Validate(&l.Spec); err != nil {
			refuse(w, failure{6, "read request: " + err.Error(), "kitt check"})
			return
		}
		d.coverLoad(r.Context(), &l)
		s := newLines(w, r)
		if err := verb(d, r.Context(), l, s); err != nil {
			s.fail(err)
		}
	}
}

// order serves a verb on processes.
func order(verb string) func(*Daemon, http.ResponseWriter, *http.Request) {
	return func(d *Daemon, w http.ResponseWriter, r *http.Request) {
		var o api.Order
		if !sent(w, r, &o) {
			return
		}
		c := who(r)
		o.Project = d.near(r, o.Project)
		s := newLines(w, r)
		if err := d.order(r.Context(), verb, o, c, s); err != nil {
			s.fail(err)
		}
	}
}

// sent reads the body of a request into v, or refuses it.
func sent(w http.ResponseWriter, r *http.Request, v any) bool {
	err := json.NewDecoder(r.Body).Decode(v)
	switch {
	case err == nil:
		return true
	case errors.Is(err, io.EOF):
		refuse(w, failure{2, "read request: nothing was sent", `a JSON object is: {"targets": ["web"]}, or {}`})
	default:
		refuse(w, failure{2, "read request: " + err.Error(), "GET /v1/openapi.json says what is meant"})
	}
	return false
}

// lines streams api.Lines. They leave with flush, or with the answer's end.
type lines struct{ *teller } // without one nobody listens

func newLines(w http.ResponseWriter, r *http.Request) *lines { return &lines{newTeller(w, r, 4<<10)} }

func (l *lines) say(line api.Line) {
	if l.teller == nil {
		return
	}
	l.tell("line", "", line)
	_ = l.out.Flush()
}

// flush sends what was said, if anything was.
func (l *lines) flush() {
	if l.teller != nil && l.begun {
		l.teller.flush()
		failpoint.Here("daemon.reply.flushed")
	}
}

// fail ends the stream with an error: as the answer's own, or as its last line if there were lines already.
func (l *lines) fail(err error) {
	if !l.begun {
		refuse(l.w, err)
		return
	}
	f := asFailure(err)
	l.say(api.Line{Type: "done", Text: f.Error, Hint: f.Hint, Code: f.Code})
}
