package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// enoughEvents is how many of the last events are looked through for an exit before all of them are.
const enoughEvents = 2000

// lastWords is how much later than its exit the last words of a life may be stored.
const lastWords = 50 * time.Millisecond

// crash prints the last lines before the last exit of the named that nobody asked for, else before the last of all, and
// that exit.
func (l Logs) crash(ctx context.Context, k *Kitt, where url.Values, q logQuery, p *logPrinter) error {
	sources, err := l.sources(ctx, k, where)
	if err != nil {
		return err
	}
	full := map[string]logSource{}
	for _, s := range sources {
		full[s.Full] = s
	}
	exit, err := crashOf(ctx, k, full)
	if err != nil {
		return err
	}
	if exit == nil {
		whose := "kitt knows of no exit"
		if len(l.Names) > 0 {
			whose += " of " + listed(l.Names)
		}
		return &trouble{text: "find crash: " + whose, hint: strings.TrimSpace("kitt logs " + strings.Join(l.Names, " ")), code: codeFailed}
	}
	s := full[exit.ID]
	q.Until = exit.At.Time.Add(lastWords)
	w := l.weaver(ctx, k, q, p)
	w.until = exit.At.Time
	p.join([]logSource{s})
	w.join([]logSource{s})
	reader, err := openLogs([]logSource{s}, q)
	if err != nil {
		return err
	}
	defer reader.Close()
	err = w.end(ctx, reader.Read(ctx, w.print(ctx)), false)
	if err == nil && !l.Raw && w.told < exit.Seq { // the lines are of somebody who reads no markers, or there are none
		err = p.event(*exit, s.ID)
	}
	return p.end(err)
}

// sources asks where the streams of the named lie.
func (l Logs) sources(ctx context.Context, k *Kitt, where url.Values) ([]logSource, error) {
	for n, err := range api.Follow[logNews](ctx, k.API, "/v1/logs/wait", where) {
		if err != nil || n.Sources != nil {
			return n.Sources, err
		}
	}
	return nil, ctx.Err()
}

// crashOf is the last exit of one of these that nobody asked for, else the last of all; nil if none is known.
func crashOf(ctx context.Context, k *Kitt, of map[string]logSource) (exit *api.Event, err error) {
	for _, n := range []int{enoughEvents, 0} {
		seen, crashed := 0, false
		for ev, err := range api.Follow[api.Event](ctx, k.API, "/v1/events", url.Values{"n": {strconv.Itoa(n)}}) {
			if err != nil {
				return nil, fmt.Errorf("find crash: %w", err)
			}
			seen++
			if _, ours := of[ev.ID]; !ours || ev.Kind != "exit" {
				continue
			}
			if crash := isCrash(ev); crash || !crashed {
				exit, crashed = &ev, crash
			}
		}
		if crashed || seen < n || n == 0 {
			return exit, ctx.Err()
		}
	}
	return exit, ctx.Err()
}

// isCrash tells whether an exit was neither asked for nor in order.
func isCrash(ev api.Event) bool {
	return !strings.Contains(ev.Reason, ", as asked") && (ev.Exit == nil || ev.Exit.Code == nil || *ev.Exit.Code != 0)
}
