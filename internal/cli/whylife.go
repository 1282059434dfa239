package cli

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// A lifeEnd is how the event log tells that a life ended. The zero value is no end.
type lifeEnd struct {
	began, at time.Time
	reason    string
	asked     bool // kitt ended it
}

// logBehind is how long after an exit the event log may not have it yet; looksMost is how often it is looked for.
const logBehind, looksMost = 2 * time.Second, 6

// endsOf is the last end of each instance, by its full id. Those whose begin the log no longer has are left out: what they
// wrote cannot be told from what the life before wrote.
func (k *Kitt) endsOf(ctx context.Context, rows []api.Instance) (ends map[string]lifeEnd, err error) {
	due := map[string]time.Time{}
	for _, in := range rows {
		if in.Exit != nil {
			due[fullID(in)] = in.Exit.At.Time
		}
	}
	for n, seen, looks := enoughEvents, 0, 1; len(ends) < len(due); looks++ {
		if ends, seen, err = endsIn(api.Follow[api.Event](ctx, k.API, "/v1/events", url.Values{"n": {strconv.Itoa(n)}}), due); err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		late := slices.ContainsFunc(rows, func(in api.Instance) bool {
			_, ok := ends[fullID(in)]
			return in.Exit != nil && !ok && k.Now().Sub(in.Exit.At.Time) < logBehind
		})
		switch {
		case late && looks < looksMost:
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(50 * time.Millisecond):
			}
		case n == 0 || seen < n:
			return ends, nil
		default:
			n = 0 // all of them
		}
	}
	return ends, nil
}

// endsIn reads events for the ends of these ids at these times. It counts them. They are taken by their times, as the exit of
// a short life may be noted before its start.
func endsIn(events iter.Seq2[api.Event, error], due map[string]time.Time) (ends map[string]lifeEnd, seen int, err error) {
	begun, before := map[string]time.Time{}, map[string]time.Time{} // the last start up to that time, and the last exit before it
	ends = map[string]lifeEnd{}
	for ev, err := range events {
		if err != nil {
			return nil, seen, err
		}
		seen++
		at, ok := due[ev.ID]
		switch {
		case !ok:
		case ev.Kind == "start" && !ev.At.After(at):
			begun[ev.ID] = later(begun[ev.ID], ev.At.Time)
		case ev.Kind != "exit" || ev.Exit == nil:
		case ev.Exit.At.Equal(at):
			ends[ev.ID] = lifeEnd{at: at, reason: ev.Reason, asked: strings.Contains(ev.Reason, ", as asked")}
		case ev.Exit.At.Before(at):
			before[ev.ID] = later(before[ev.ID], ev.Exit.At.Time)
		}
	}
	for id, end := range ends {
		if end.began = begun[id]; end.began.IsZero() || end.began.Before(before[id]) {
			delete(ends, id)
			continue
		}
		ends[id] = end
	}
	return ends, seen, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// fullID is an instance's id with its project.
func fullID(in api.Instance) string {
	return in.Project + "/" + in.Process + "." + strconv.Itoa(in.N)
}
