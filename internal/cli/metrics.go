package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/openmetrics"
)

// Metrics prints what can be measured, or serves it to a scraper.
type Metrics struct{ Listen string }

func (m Metrics) Run(ctx context.Context, k *Kitt) error {
	if m.Listen == "" {
		text, err := k.scrape(ctx, openmetrics.Open)
		if err == nil {
			_, err = k.Out.Write(text)
		}
		return err
	}
	l, err := m.listen()
	if err != nil {
		return err
	}
	where := "http://" + l.Addr().String() + "/metrics"
	if l.Addr().Network() == "unix" {
		where = l.Addr().String() + ", path /metrics"
	}
	fmt.Fprintln(k.Err, "metrics at "+where)
	return serveUntil(ctx, l, k.scraper())
}

// scrape asks the daemon, in the form of a content type.
func (k *Kitt) scrape(ctx context.Context, kind string) ([]byte, error) {
	q := url.Values{}
	if kind == openmetrics.Open {
		q.Set("open", "1")
	}
	return k.API.Get(ctx, "/v1/scrape", q)
}

// scraper answers each scrape with what the daemon says then. While there is no daemon it says so with 503, and goes on.
func (k *Kitt) scraper() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		kind := openmetrics.ContentType(r.Header.Get("Accept"))
		text, err := k.scrape(r.Context(), kind)
		if err != nil {
			http.Error(w, "scrape kitt: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write(text)
	})
	return mux
}

// listen opens the address: a port alone is on loopback.
func (m Metrics) listen() (net.Listener, error) {
	const hint = "--listen 9469, --listen 127.0.0.1:9469, or --listen unix:/path/to/metrics.sock"
	if path, ok := strings.CutPrefix(m.Listen, "unix:"); ok {
		return listenUnix(path)
	}
	address := m.Listen
	if _, err := strconv.Atoi(address); err == nil {
		address = "127.0.0.1:" + address
	}
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return nil, usage("metrics: "+m.Listen+" is no address to listen at", hint)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return l, nil
}

// listenUnix listens at a socket that is only the user's. One that a dead kitt left is replaced, nothing else is.
func listenUnix(path string) (net.Listener, error) {
	if st, err := os.Lstat(path); err == nil && st.Mode()&fs.ModeSocket != 0 {
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = c.Close()
			return nil, fmt.Errorf("metrics: %s: somebody listens there", path)
		}
		_ = os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return l, nil
}

// serveUntil serves until ctx ends, and lets the answers under way end.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
	})
	err := srv.Serve(l)
	if !stop() {
		<-ended
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve metrics: %w", err)
}
