package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/service/api"
	"kitt.sh/service/home"
)

// drainMost is how long the requests that a daemon has accepted may take before its successor gets its place. The
// keeper waits a little longer.
const drainMost = 2500 * time.Millisecond

// moving is closed when another daemon is about to take this one's place. The zero moving is ready.
type moving struct {
	once, end sync.Once
	ch        chan struct{}
}

func (m *moving) done() chan struct{} {
	m.once.Do(func() { m.ch = make(chan struct{}) })
	return m.ch
}

func (m *moving) begin() { m.end.Do(func() { close(m.done()) }) }

func (m *moving) under() bool {
	select {
	case <-m.done():
		return true
	default:
		return false
	}
}

// calls are the connections that were accepted and not answered yet.
type calls struct{ sync.WaitGroup }

func (c *calls) note(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.Add(1)
	case http.StateClosed, http.StateHijacked:
		c.Done()
	}
}

// makeWay stops accepting as soon as another daemon is to come: from then on clients queue at the listener, of which
// the keeper has the other copy. It ends with ctx.
func (d *Daemon) makeWay(ctx context.Context) {
	select {
	case <-d.moving.done():
		_ = d.API.Close()
	case <-ctx.Done():
	}
}

// drain answers what was accepted, and returns when that is done. Those who wait for processes, and those who follow,
// go on with the next daemon. (Server.Shutdown will not do: it drops a request that it has just read.)
func (d *Daemon) drain(srv *http.Server) error {
	srv.SetKeepAlivesEnabled(false)
	late := time.AfterFunc(drainMost, func() { _ = srv.Close() })
	defer late.Stop()
	d.calls.Wait()
	return errReplaced
}

// streaming ends a request that goes on for ever when another daemon is to come: the client asks that one again.
func (d *Daemon) streaming(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, stop := context.WithCancel(r.Context())
		var watching sync.WaitGroup
		watching.Go(func() { // ended by ctx
			select {
			case <-d.moving.done():
				stop()
			case <-ctx.Done():
			}
		})
		next(w, r.WithContext(ctx))
		stop()
		watching.Wait()
		if d.moving.under() && r.Context().Err() == nil {
			panic(http.ErrAbortHandler) // cut off, not ended: the client asks the next daemon
		}
	}
}

// postAwait goes on with the waiting of an order whose daemon was replaced: targets are instances in full.
func (d *Daemon) postAwait(w http.ResponseWriter, r *http.Request) {
	var o api.Order
	if !sent(w, r, &o) {
		return
	}
	ids := map[string]bool{}
	for _, id := range o.Targets {
		ids[id] = true
	}
	acts, stop := d.actions.listen()
	defer stop()
	d.settled(r.Context()) // before the first look at the lives, nothing is as it should be
	out := newLines(w, r)
	follow := wait{d: d, acts: acts, out: out, since: time.Now(), timeout: o.Timeout, skip: !o.Wait,
		mine: func(id reconcile.ID) bool { return ids[id.String()] }}
	code, text, hint := follow.run(r.Context())
	follow.finish(code, text, hint)
}

// codeMoved is a wait's, when another daemon is to go on with it. No command ends with it.
const codeMoved = -1

// finish says the last line of a wait.
func (w *wait) finish(code int, text, hint string) {
	if code != codeMoved {
		w.out.say(api.Line{Type: "done", Text: text, Hint: hint, Code: code})
		return
	}
	line := api.Line{Type: "moved"}
	for _, v := range w.views {
		line.Targets = append(line.Targets, v.ID.String())
	}
	w.out.say(line)
}

// upgraded takes in what the keeper tells of an upgrade.
func (d *Daemon) upgraded(e keeper.Event) {
	if e.Kind == "upgrade" {
		d.events.add(api.Event{Kind: "upgrade", Reason: "making way for " + e.Text})
		d.moving.begin()
		return
	}
	d.events.add(api.Event{Kind: "upgrade", Reason: e.Text})
}

// program notices that another build lies where this one was started from.
type program struct {
	mu    sync.Mutex
	seen  os.FileInfo
	other bool
}

// replaced is path if another build lies there than the one that runs as image, else "". A file is read only when it
// has changed.
func (p *program) replaced(path, image string) string {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() {
		return "" // it is just being replaced, or is gone
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || !os.SameFile(p.seen, st) || p.seen.Size() != st.Size() || !p.seen.ModTime().Equal(st.ModTime()) {
		same, err := SameFile(path, image)
		p.seen, p.other = st, err == nil && !same
	}
	if p.other {
		return path
	}
	return ""
}

// replaced is the path of a build that could be upgraded to, or "".
func (d *Daemon) replaced() string {
	if d.Image == "" {
		return ""
	}
	return d.program.replaced(d.Exe, d.Image)
}

// sayReplaced tells whoever applies that kitt itself is not what lies on the disk. Nothing is upgraded by itself.
func (d *Daemon) sayReplaced(say func(api.Line)) {
	if path := d.replaced(); path != "" {
		say(api.Line{Type: "note", Text: fmt.Sprintf("%s is another build than the kitt that runs (%s)", path, d.Version), Hint: "kitt upgrade"})
	}
}

// SameFile tells whether two files hold the same bytes.
func SameFile(a, b string) (bool, error) {
	fa, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	sa, errA := fa.Stat()
	sb, errB := fb.Stat()
	if err := errors.Join(errA, errB); err != nil || os.SameFile(sa, sb) || sa.Size() != sb.Size() {
		return err == nil && os.SameFile(sa, sb), err
	}
	bufA, bufB := make([]byte, 1<<17), make([]byte, 1<<17)
	for {
		n, err := io.ReadFull(fa, bufA)
		m, _ := io.ReadFull(fb, bufB)
		if n != m || !bytes.Equal(bufA[:n], bufB[:m]) {
			return false, nil
		}
		if err != nil { // the end: both are of one size
			return true, nil
		}
	}
}

// Preflight tells whether this program can take the place of a kitt that runs in these folders and passes over the
// given version of a handover. It changes nothing.
func Preflight(d home.Dirs, handover int) error {
	if err := keeper.Preflight(d.Run, handover); err != nil {
		return err
	}
	if _, err := reconcile.LoadIntents(d.State + "/desired.json"); errors.Is(err, reconcile.ErrNewer) {
		return err
	}
	return nil
}
