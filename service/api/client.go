package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"kitt.sh/reconcile/keeper"
)

// DirHeader carries the folder that a verb was called in, so that the server finds the project of its spec file.
// LifeHeader carries KITT_LIFE of a caller that is itself a process of kitt's.
const (
	DirHeader  = "X-Kitt-Dir"
	LifeHeader = "X-Kitt-Life"
)

// ErrNotRunning says that nobody answers on the socket.
var ErrNotRunning = errors.New("kitt is not running")

// A Client speaks to the daemon. It holds no connection: each call dials, so that a daemon
// that was replaced in between is not noticed.
type Client struct {
	Socket string // path of api.sock
	Dir    string // the caller's working folder; may be empty
	Life   string // the caller's KITT_LIFE; may be empty
}

// A Refusal is an answer of the daemon that is not 200.
type Refusal struct{ Failure Failure }

func (r *Refusal) Error() string { return r.Failure.Error }

// Hint is the way out, or empty.
func (r *Refusal) Hint() string { return r.Failure.Hint }

// ExitCode is what the command is to exit with.
func (r *Refusal) ExitCode() int { return max(r.Failure.Code, 1) }

// Ping reports whether somebody listens: nil or ErrNotRunning, or why it cannot be told.
func (c *Client) Ping(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Get returns the whole answer to a GET of path, byte for byte.
// A daemon that goes away while it answers is asked again.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (b []byte, err error) {
	for begun := time.Now(); ; time.Sleep(pause) {
		if b, err = c.get(ctx, path, query); !errors.Is(err, ErrGone) || !again(ctx, begun) {
			return b, err
		}
	}
}

func (c *Client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	body, err := c.Open(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var b bytes.Buffer
	if a, ok := body.(*answer); ok && a.length > 0 {
		b.Grow(int(min(a.length, 64<<20)) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(body); err != nil {
		return nil, broken("read answer", err)
	}
	return b.Bytes(), nil
}

// Read decodes the answer to a GET of path into v.
func (c *Client) Read(ctx context.Context, path string, query url.Values, v any) error {
	b, err := c.Get(ctx, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("read answer: %s: %w", path, err)
	}
	return nil
}

// Post sends a Load or an Order to /v1/verb and yields the lines of its answer as they come.
// The last one is of type done; a stream that ends without it yields an error.
func (c *Client) Post(ctx context.Context, verb string, body any) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		b, err := json.Marshal(body)
		if err != nil {
			yield(Line{}, fmt.Errorf("write %s: %w", verb, err))
			return
		}
		done := false
		for line, err := range lines[Line](ctx, c, http.MethodPost, "/v1/"+verb, nil, b) {
			if line.Type == "moved" {
				c.await(ctx, body, line.Targets)(yield)
				return
			}
			done = done || line.Type == "done"
			if !yield(line, err) || err != nil {
				return
			}
		}
		if !done {
			yield(Line{}, ErrGone)
		}
	}
}

// Follow yields the objects of a GET that answers with one a line, as they come, until the server
// ends it, the caller stops, or ctx ends. Where the daemon goes away the next one is asked the same: the answer then
// begins anew.
func Follow[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for begun, last := time.Now(), time.Now(); ; time.Sleep(pause) {
			cut := false
			for v, err := range lines[T](ctx, c, http.MethodGet, path, query, nil) {
				if time.Since(last) > waitOut { // all was well for a while
					begun = time.Now()
				}
				last = time.Now()
				if cut = errors.Is(err, ErrGone) && again(ctx, begun); cut {
					break
				}
				if !yield(v, err) {
					return
				}
			}
			if !cut {
				return
			}
		}
	}
}

func lines[T any](ctx context.Context, c *Client, method, path string, query url.Values, body []byte) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		answer, err := c.Open(ctx, method, path, query, body)
		if err != nil {
			yield(none, err)
			return
		}
		defer answer.Close()
		for dec := json.NewDecoder(answer); ; {
			var v T
			switch err := dec.Decode(&v); {
			case err == io.EOF:
				return
			case err != nil:
				yield(none, broken("read answer", errors.Join(ctx.Err(), err)))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// patience is how long the beginning of an answer may take.
const patience = 30 * time.Second

// Replaced is the code of a refusal by a daemon that is just being replaced: the same again reaches the next one.
const Replaced = 3

// Open sends one request and returns the body of its answer, which the caller must close. A daemon that is just
// being replaced, or that goes away before it has read the request, is waited out, 3 s at most; so is one that goes
// away before it answers a GET, or a plan.
// The end of ctx breaks it off. The error is ErrNotRunning, ErrGone, a *Refusal, or one of the connection.
func (c *Client) Open(ctx context.Context, method, path string, query url.Values, body []byte) (io.ReadCloser, error) {
	begun, went := time.Now(), false
	for ; ; time.Sleep(pause) {
		answer, read, err := c.open(ctx, method, path, query, body)
		var r *Refusal
		switch {
		case errors.As(err, &r) && r.Failure.Code == Replaced:
		case errors.Is(err, ErrGone) && (method == http.MethodGet || path == "/v1/plan" || !read):
			went = true
		case errors.Is(err, ErrNotRunning) && went: // the keeper went as well; there may be another soon
		default:
			return answer, err
		}
		if !again(ctx, begun) {
			return nil, err
		}
	}
}

// open is one try. read is false where the daemon has certainly not read the whole request.
func (c *Client) open(ctx context.Context, method, path string, query url.Values, body []byte) (_ io.ReadCloser, read bool, _ error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, false, err
	}
	cut := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	res, read, err := exchange(conn, c.head(method, path, query, len(body)), body)
	if err != nil {
		cut()
		_ = conn.Close()
		return nil, read, broken("ask the daemon", errors.Join(ctx.Err(), err))
	}
	if _ = conn.SetReadDeadline(time.Time{}); ctx.Err() != nil {
		_ = conn.SetDeadline(time.Unix(1, 0))
	}
	answer := &answer{res.Body, res.ContentLength, conn, cut}
	if res.StatusCode != http.StatusOK {
		defer answer.Close()
		return nil, true, refusal(res)
	}
	return answer, true, nil
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", c.Socket)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOTDIR) {
		return nil, ErrNotRunning
	}
	if err != nil {
		return nil, fmt.Errorf("reach kitt: %w", err)
	}
	if uid := peer(conn); uid != os.Geteuid() { // it would be told our environment
		_ = conn.Close()
		return nil, fmt.Errorf("reach kitt: %s: who listens there is user %d, not you", c.Socket, uid)
	}
	return conn, nil
}

// peer is the user at the other end; -1 where that cannot be known.
func peer(conn net.Conn) (uid int) {
	uid = -1
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return uid
	}
	_ = raw.Control(func(fd uintptr) {
		if is, err := keeper.PeerUID(int(fd)); err == nil {
			uid = is
		}
	})
	return uid
}

// head is written by hand: net/http's Client costs more than the whole request does.
func (c *Client) head(method, path string, query url.Values, length int) []byte {
	var b bytes.Buffer
	b.WriteString(method + " " + path)
	if len(query) > 0 {
		b.WriteString("?" + query.Encode())
	}
	b.WriteString(" HTTP/1.1\r\nHost: kitt\r\nConnection: close\r\n")
	header(&b, DirHeader, c.Dir)
	header(&b, LifeHeader, c.Life)
	if length > 0 {
		b.WriteString("Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(length) + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// header leaves out what cannot stand in a header: a folder's name may hold a line break.
func header(b *bytes.Buffer, name, value string) {
	if value != "" && !strings.ContainsFunc(value, unicode.IsControl) {
		b.WriteString(name + ": " + value + "\r\n")
	}
}

// exchange sends a request and reads the head of its answer. read is false where part of the request was certainly
// not read by anyone: it could not be sent, or the connection was closed over it (which Linux tells by ECONNRESET).
func exchange(conn net.Conn, head, body []byte) (res *http.Response, read bool, err error) {
	packet := net.Buffers{head, body}
	_, unsent := packet.WriteTo(conn)
	if unsent != nil && !errors.Is(unsent, syscall.EPIPE) { // refused early: the answer says why
		return nil, false, unsent
	}
	res, err = http.ReadResponse(bufio.NewReaderSize(conn, 64<<10), nil)
	return res, unsent == nil && !errors.Is(err, syscall.ECONNRESET), err
}

func refusal(res *http.Response) error {
	r := &Refusal{}
	b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if json.Unmarshal(b, &r.Failure) != nil || r.Failure.Error == "" {
		r.Failure = Failure{Error: "the daemon answered " + res.Status, Code: 1}
		if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusMethodNotAllowed {
			r.Failure = Failure{Error: "the daemon answered " + res.Status + ": it is of another version and does not know this request", Hint: "kitt version shows both; kitt upgrade", Code: 1}
		}
	}
	return r
}

// An answer closes its connection with its body.
type answer struct {
	io.ReadCloser
	length int64 // below 0: not known
	conn   net.Conn
	cut    func() bool
}

func (a *answer) Close() error {
	a.cut()
	return a.conn.Close() // not the body first: that would read on to its end
}
