package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"kitt.sh/spec"
)

// mostBody is how much of an answer is read, in bytes: one that never ends must not fill the memory.
const mostBody = 64 << 10

func askTCP(ctx context.Context, p *spec.Probe, t Target) error {
	address := t.fill(p.TCP)
	if !strings.Contains(address, ":") {
		address = "127.0.0.1:" + address
	}
	var s search
	c, err := s.dial(ctx, t, "tcp", address)
	if err != nil {
		return fmt.Errorf("tcp %s: %w", address, timely(ctx, p, s.why(ctx, err)))
	}
	return c.Close()
}

func askHTTP(ctx context.Context, p *spec.Probe, t Target) error {
	address := t.fill(p.HTTP)
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("http %s: the address cannot be read", short(address))
	}
	name := "http " + u.Redacted()
	req, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", name, bare(err))
	}
	req.Header.Set("User-Agent", "kitt-probe")
	for header, value := range p.Headers {
		req.Header.Set(header, t.fill(value))
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	var s search
	tr := transport(t.fill(p.Socket), u.Hostname(), func(network, address string) (net.Conn, error) {
		return s.dial(ctx, t, network, address) // the context that it is given has no deadline
	})
	defer tr.CloseIdleConnections()
	answer, err := (&http.Client{Transport: tr, CheckRedirect: stay}).Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", name, timely(ctx, p, s.why(ctx, err)))
	}
	defer answer.Body.Close()
	if err := fits(answer, p); err != nil {
		return fmt.Errorf("%s: %w", name, timely(ctx, p, err))
	}
	return nil
}

// stay keeps a redirection from being followed: it is an answer, and a good one.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// transport has no connection of an earlier question: a program that takes no new ones is not well. The certificate of a
// program on this machine is not asked for.
func transport(socket, host string, dial func(network, address string) (net.Conn, error)) *http.Transport {
	tr := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: mostBody, DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
		return dial(network, address)
	}}
	if ip := net.ParseIP(host); socket != "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	if socket != "" {
		tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
			return dial("unix", socket)
		}
	}
	return tr
}

// fits says in what an answer is not the expected one.
func fits(answer *http.Response, p *spec.Probe) error {
	good := answer.StatusCode >= 200 && answer.StatusCode < 400
	if len(p.Status) > 0 {
		good = slices.Contains(p.Status, answer.StatusCode)
	}
	if !good {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	for name, pattern := range p.Header {
		if ok, _ := regexp.MatchString(pattern, answer.Header.Get(name)); !ok {
			return fmt.Errorf("header %s does not match %s", name, pattern)
		}
	}
	if p.Body == "" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostBody))
	if ok, _ := regexp.Match(p.Body, body); ok {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("its body does not match %s", p.Body)
}

// timely says that time was up, where that is why.
func timely(ctx context.Context, p *spec.Probe, err error) error {
	if _, known := err.(*untaken); known {
		return err
	}
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no answer within %s", p.Wait())
	}
	return bare(err)
}

// bare is the innermost cause, without the address and the verb that the reason names already.
func bare(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
