package service

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/service/api"
)

// A gate looks whether what an edit brought comes up, where the spec says rollback = true, and puts the last good revision
// back where it does not. Who waits for a kitt apply is told there; a saved file, and an apply that nobody waits for, are
// looked at here.
type gate struct {
	d    *Daemon
	asks chan gated
}

// A gated revision is one to look at.
type gated struct {
	project string
	n       int
}

func newGate(d *Daemon) *gate { return &gate{d: d, asks: make(chan gated, 64)} }

// watch asks for a look at the present revision of a project. The caller holds mu.
func (g *gate) watch(project string) {
	if g == nil || g.d.specs[project] == nil || !g.d.specs[project].Rollback { // nil: the daemon does not run yet
		return
	}
	c, err := g.d.chronicle(project)
	if err != nil || c.last().N == 0 || c.last().Good {
		return
	}
	select {
	case g.asks <- gated{project, c.last().N}:
	default:
		g.d.Log.Warn("watch what comes up", "project", project, "err", "too many edits at once")
	}
}

// run looks at each that is asked for until ctx ends, and waits for the looks under way.
func (g *gate) run(ctx context.Context) error {
	var looks sync.WaitGroup
	defer looks.Wait()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case a := <-g.asks:
			looks.Go(func() { g.look(ctx, a) })
		}
	}
}

// look waits as kitt apply does.
func (g *gate) look(ctx context.Context, a gated) {
	d := g.d
	acts, stop := d.actions.listen()
	defer stop()
	w := wait{d: d, acts: acts, out: &lines{}, since: time.Now(), settle: settleTime, timeout: gateTime,
		mine: func(id reconcile.ID) bool { return id.Project == a.project }}
	switch code, text, _ := w.run(ctx); {
	case ctx.Err() != nil || code == codeMoved:
	case code == 0:
		d.markGood(a.project)
	default:
		if _, err := d.putBack(ctx, a, text); err != nil {
			d.Log.Warn("roll back", "project", a.project, "err", err)
		}
	}
}

// gateTime is how long all of a saved file may take to come up, as with kitt apply.
const gateTime = time.Minute

// putBack puts the last good revision in the place of one that did not come up, unless there is a newer one by now (then it is
// 0). It returns the number that is followed again.
func (d *Daemon) putBack(ctx context.Context, a gated, why string) (int, error) {
	first, rest, _ := strings.Cut(why, "\n")
	if one, _, _ := strings.Cut(strings.TrimSpace(rest), "\n"); one != "" {
		first = one
	}
	n, err := d.rollBack(ctx, rollTo{project: a.project, from: a.n, why: fmt.Sprintf("revision %d did not come up: %s", a.n, first)})
	if err == nil && n > 0 {
		d.events.add(api.Event{Kind: "rollback", ID: a.project, Reason: fmt.Sprintf("to revision %d: revision %d did not come up: %s", n, a.n, first)})
	}
	return n, err
}

// gate puts the last good revision back after an apply that failed, waits for it, and says so in the apply's last words.
func (w *wait) gate(ctx context.Context, project, text, hint string) (string, string) {
	w.d.mu.Lock()
	s := w.d.specs[project]
	c, err := w.d.chronicle(project)
	w.d.mu.Unlock()
	if s == nil || !s.Rollback || err != nil {
		return text, hint
	}
	n, err := w.d.putBack(ctx, gated{project, c.last().N}, text)
	if err != nil || n == 0 {
		return text, hint // there is none to go back to
	}
	w.since = time.Now()
	head := fmt.Sprintf("rolled back to revision %d: ", n)
	if code, after, _ := w.run(ctx); code != 0 {
		head = fmt.Sprintf("rolled back to revision %d, which does not come up either (%s): ", n, strings.SplitN(after, "\n", 2)[0])
	}
	return head + text, hint
}
