package client

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"os"
	"runtime"
	"strings"

	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

// What orders and answers are made of, and what may go wrong.
type (
	Order   = api.Order
	Load    = api.Load
	Line    = api.Line
	Refusal = api.Refusal
)

// ErrNotRunning says that no kitt runs; ErrGone that its daemon went away after it was asked, so that what it was asked
// for may be done or not.
var (
	ErrNotRunning = api.ErrNotRunning
	ErrGone       = api.ErrGone
)

// A Client asks one kitt. The zero Client is of no use: see Open and At.
type Client struct{ wire *api.Client }

// Open returns a Client of the kitt that `kitt` would speak to: that of KITT_HOME, else the user's. It does not look
// whether it runs. Names are looked up first in the project whose spec file lies in the working folder, and in a process
// that kitt keeps in its own.
func Open() (*Client, error) {
	dirs, err := home.Resolve("", os.Getenv, runtime.GOOS)
	if err != nil {
		return nil, fmt.Errorf("find kitt: %w", err)
	}
	cwd, _ := os.Getwd() // without one no project is nearer than others
	return &Client{&api.Client{Socket: dirs.API(), Dir: cwd, Life: os.Getenv("KITT_LIFE")}}, nil
}

// At returns a Client of the kitt that listens on a socket.
func At(socket string) *Client { return &Client{&api.Client{Socket: socket}} }

// Version is that of the daemon, and its pid.
func (c *Client) Version(ctx context.Context) (v api.Version, err error) {
	return v, c.wire.Read(ctx, "/v1/version", nil, &v)
}

// Status is what runs, and how it is: of the targets (web, web.1, shop/web, a namespace), or of all.
func (c *Client) Status(ctx context.Context, targets ...string) (*api.Status, error) {
	s := &api.Status{}
	if err := c.wire.Read(ctx, "/v1/status", meant(targets), s); err != nil {
		return nil, err
	}
	return s, nil
}

// Show is everything about one process. Values of its environment are "***".
func (c *Client) Show(ctx context.Context, name string) (*api.Show, error) {
	s := &api.Show{}
	if err := c.wire.Read(ctx, "/v1/show", url.Values{"name": {name}}, s); err != nil {
		return nil, err
	}
	return s, nil
}

// Plan yields what Apply would do.
func (c *Client) Plan(ctx context.Context, l Load) iter.Seq2[Line, error] {
	return c.wire.Post(ctx, "plan", l)
}

// Apply makes a spec the project's own. Load.File names a spec file that kitt is to read; where that is new to kitt, Environ
// and Capture say what its processes inherit:
//
//	client.Load{File: path, Request: spec.Request{Env: env}, Capture: true, Wait: true, Timeout: time.Minute}
func (c *Client) Apply(ctx context.Context, l Load) iter.Seq2[Line, error] {
	return c.wire.Post(ctx, "apply", l)
}

// Restart restarts processes.
func (c *Client) Restart(ctx context.Context, o Order) iter.Seq2[Line, error] {
	return c.wire.Post(ctx, "restart", o)
}

// Reload replaces processes one by one, each once its successor is ready, where they can be; else it restarts them.
func (c *Client) Reload(ctx context.Context, o Order) iter.Seq2[Line, error] {
	return c.wire.Post(ctx, "reload", o)
}

// Start starts processes, and lifts their holds.
func (c *Client) Start(ctx context.Context, o Order) iter.Seq2[Line, error] {
	return c.wire.Post(ctx, "start", o)
}

// Stop stops processes and holds them: over reboots, until Start or Apply, or for Order.For.
func (c *Client) Stop(ctx context.Context, o Order) iter.Seq2[Line, error] {
	return c.wire.Post(ctx, "stop", o)
}

// Scale sets how many instances processes have: Order.Scale{"web": 3}.
func (c *Client) Scale(ctx context.Context, o Order) iter.Seq2[Line, error] {
	return c.wire.Post(ctx, "scale", o)
}

// Watch yields how everything is, and then what became otherwise, until ctx ends. After a new daemon has come Status is
// there again: what was seen before is to be forgotten.
func (c *Client) Watch(ctx context.Context, targets ...string) iter.Seq2[api.Watch, error] {
	return api.Follow[api.Watch](ctx, c.wire, "/v1/watch", meant(targets))
}

// Last reads a stream of Lines to its end and returns the last one. What did not come to a good end is a *Refusal.
func Last(lines iter.Seq2[Line, error]) (last Line, err error) {
	for line, err := range lines {
		if err != nil {
			return last, err
		}
		last = line
	}
	if last.Code != 0 {
		return last, &Refusal{Failure: api.Failure{Error: last.Text, Hint: last.Hint, Code: last.Code}}
	}
	return last, nil
}

func meant(targets []string) url.Values {
	if len(targets) == 0 {
		return nil
	}
	return url.Values{"targets": {strings.Join(targets, ",")}}
}
