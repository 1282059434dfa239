package service

import (
	"context"
	"encoding/json"
	"errors"
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

// routes is the whole API.
func (d *Daemon) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/version", d.getVersion)
	mux.HandleFunc("GET /v1/status", d.getStatus)
	mux.HandleFunc("GET /v1/show", d.getShow)
	mux.HandleFunc("GET /v1/metrics", d.getMetrics)
	mux.HandleFunc("GET /v1/scrape", d.getScrape)
	mux.HandleFunc("GET /v1/explain", d.getShow)
	mux.HandleFunc("GET /v1/environ", d.getEnviron)
	mux.HandleFunc("GET /v1/events", d.streaming(d.getEvents))
	mux.HandleFunc("GET /v1/logs/wait", d.streaming(d.getLogs))
	mux.HandleFunc("POST /v1/apply", d.postLoad(d.apply))
	mux.HandleFunc("POST /v1/plan", d.postLoad(func(_ context.Context, l api.Load, out *lines) error {
		return d.plan(l, out.say)
	}))
	for _, verb := range []string{"restart", "reload", "start", "stop", "delete", "down", "scale", "reset", "send"} {
		mux.HandleFunc("POST /v1/"+verb, d.postOrder(verb))
	}
	mux.HandleFunc("POST /v1/run", d.postOrder("run"))
	mux.HandleFunc("GET /v1/runs", d.getRuns)
	mux.HandleFunc("GET /v1/listing", d.getListing)
	mux.HandleFunc("POST /v1/signal", d.postSignal)
	mux.HandleFunc("POST /v1/flush", d.postFlush)
	mux.HandleFunc("POST /v1/shutdown", d.postShutdown)
	mux.HandleFunc("POST /v1/await", d.postAwait)
	mux.HandleFunc("POST /v1/announce", d.postAnnounce)
	return mux
}

func (d *Daemon) getVersion(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"version": d.Version, "pid": os.Getpid()})
}

// answer sends v as JSON, with a newline at its end.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client went away: its own affair
}

// refuse sends an error as a Failure.
func refuse(w http.ResponseWriter, err error) {
	f := asFailure(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(httpStatus(f.Code))
	_ = json.NewEncoder(w).Encode(f)
}

// who is the caller of a request: the socket's peer, and what the client says of where it runs.
func who(r *http.Request) caller {
	c, _ := r.Context().Value(callerKey{}).(caller)
	c.life, c.dir = r.Header.Get("X-Kitt-Life"), r.Header.Get("X-Kitt-Dir")
	return c
}

// postLoad serves a verb that takes a Load and answers with lines.
func (d *Daemon) postLoad(verb func(context.Context, api.Load, *lines) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var l api.Load
		if err := json.NewDecoder(r.Body).Decode(&l); err != nil {
			refuse(w, failure{2, "read request: " + err.Error(), ""})
			return
		}
		if err := spec.Validate(&l.Spec); err != nil {
			refuse(w, failure{6, "read request: " + err.Error(), "kitt check"})
			return
		}
		s := &lines{w: w}
		if err := verb(r.Context(), l, s); err != nil {
			s.fail(err)
		}
	}
}

// postOrder serves a verb on processes.
func (d *Daemon) postOrder(verb string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var o api.Order
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			refuse(w, failure{2, "read request: " + err.Error(), ""})
			return
		}
		c := who(r)
		o.Project = d.near(r, o.Project)
		s := &lines{w: w}
		if err := d.order(r.Context(), verb, o, c, s); err != nil {
			s.fail(err)
		}
	}
}

// lines streams api.Lines, one JSON object a line. They leave with flush, or with the answer's end.
type lines struct {
	w     http.ResponseWriter
	begun bool
}

func (l *lines) say(line api.Line) {
	if !l.begun {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.begun = true
	}
	_ = json.NewEncoder(l.w).Encode(line)
}

// flush sends what was said, if anything was.
func (l *lines) flush() {
	if l.begun {
		l.w.(http.Flusher).Flush()
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
