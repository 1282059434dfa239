package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kitt.sh/service/api"
)

// Events says which events are meant. The zero value means all that are kept.
type Events struct {
	Last   int       // so many of the last; 0: all
	Since  time.Time // what happened since
	After  uint64    // what has a greater Seq; 0: whatever it has
	Follow bool      // go on with what happens
}

// Events yields what happened, oldest first. Where it follows, each event comes once and none is missed, also over a new
// daemon.
func (c *Client) Events(ctx context.Context, e Events) iter.Seq2[api.Event, error] {
	return func(yield func(api.Event, error) bool) {
		q := url.Values{}
		set(q, "n", strconv.Itoa(e.Last), e.Last > 0)
		set(q, "since", stamp(e.Since), !e.Since.IsZero())
		set(q, "after", strconv.FormatUint(e.After, 10), e.After > 0)
		set(q, "follow", "1", e.Follow)
		for ev, err := range api.Follow[api.Event](ctx, c.wire, "/v1/events", q) {
			if err == nil {
				q.Set("after", strconv.FormatUint(ev.Seq, 10)) // of the next daemon, if this one goes away
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// Logs says which lines are meant. The zero value means the last hundred of all processes.
type Logs struct {
	Targets      []string
	Last         int // so many of the last, 1000 at most; 0: a hundred, or all since Since
	Since, Until time.Time
	Grep         string // a regular expression
	Level        string // at least this: warn
	Stream       string // out or err; "": both
	Cursor       string // go on where another answer ended, in place of Last and Since
	Follow       bool   // go on with what is written
}

// Logs yields lines in the order of time, and behind those that are stored a LogLine of Kind cursor: its Cursor goes on
// there at any later time. Where it follows and a new daemon comes, it goes on behind the last cursor: lines that came
// after that are told again.
func (c *Client) Logs(ctx context.Context, l Logs) iter.Seq2[api.LogLine, error] {
	return func(yield func(api.LogLine, error) bool) {
		q := l.query()
		for line, err := range api.Follow[api.LogLine](ctx, c.wire, "/v1/logs", q) {
			if err == nil && line.Cursor != "" {
				q.Set("cursor", line.Cursor)
				q.Del("n") // was about the past
			}
			if !yield(line, err) {
				return
			}
		}
	}
}

func (l Logs) query() url.Values {
	q := url.Values{}
	set(q, "targets", strings.Join(l.Targets, ","), len(l.Targets) > 0)
	set(q, "n", strconv.Itoa(l.Last), l.Last > 0)
	set(q, "since", stamp(l.Since), !l.Since.IsZero())
	set(q, "until", stamp(l.Until), !l.Until.IsZero())
	set(q, "grep", l.Grep, l.Grep != "")
	set(q, "level", l.Level, l.Level != "")
	set(q, "stream", l.Stream, l.Stream != "")
	set(q, "cursor", l.Cursor, l.Cursor != "")
	set(q, "follow", "1", l.Follow)
	return q
}

func set(q url.Values, name, value string, is bool) {
	if is {
		q.Set(name, value)
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
