package service

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// keepAlive is how often a stream of Server-Sent Events says that it still lives, while somebody listens.
const keepAlive = 15 * time.Second

// A teller sends objects one by one: one a line, or as Server-Sent Events where the request accepts those. What was told
// leaves with flush.
type teller struct {
	w     http.ResponseWriter
	out   *bufio.Writer
	sse   bool
	begun bool
}

func newTeller(w http.ResponseWriter, r *http.Request, room int) *teller {
	return &teller{w: w, out: bufio.NewWriterSize(w, room), sse: wantsSSE(r)}
}

// wantsSSE tells whether a client asked for Server-Sent Events by name.
func wantsSSE(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(accept, ",") {
			if kind, _, _ := strings.Cut(part, ";"); strings.EqualFold(strings.TrimSpace(kind), "text/event-stream") {
				return true
			}
		}
	}
	return false
}

// begin says what the answer is.
func (t *teller) begin() {
	if t.begun {
		return
	}
	t.begun = true
	t.w.Header().Set("Content-Type", "application/x-ndjson")
	if t.sse {
		t.w.Header().Set("Content-Type", "text/event-stream")
		t.w.Header().Set("Cache-Control", "no-store")
	}
}

// line sends an object as it was encoded, on one line with its break. Empty kind and id are left out.
func (t *teller) line(kind, id string, b []byte) {
	t.begin()
	if !t.sse {
		_, _ = t.out.Write(b)
		return
	}
	if id != "" {
		_, _ = t.out.WriteString("id: " + id + "\n")
	}
	_, _ = t.out.WriteString("event: " + kind + "\ndata: ")
	_, _ = t.out.Write(b)
	_ = t.out.WriteByte('\n')
}

// tell sends v.
func (t *teller) tell(kind, id string, v any) {
	if b, err := json.Marshal(v); err == nil { // our own types: it cannot fail
		t.line(kind, id, append(b, '\n'))
	}
}

// flush sends what was told, and the head at least.
func (t *teller) flush() {
	t.begin()
	_ = t.out.Flush()
	t.w.(http.Flusher).Flush()
}

// alive returns a clock for keep-alives, and its end. A stream of lines has none: it could not tell one.
func (t *teller) alive() (<-chan time.Time, func()) {
	if !t.sse {
		return nil, func() {}
	}
	tick := time.NewTicker(keepAlive)
	return tick.C, tick.Stop
}

// still says that the stream lives.
func (t *teller) still() {
	_, _ = t.out.WriteString(": still here\n\n")
	t.flush()
}

// lastSeen is the number that a client has seen last, by its Last-Event-ID, or by ?after=.
func lastSeen(r *http.Request) (seq uint64, ok bool) {
	said := r.Header.Get("Last-Event-ID")
	if said == "" {
		said = r.URL.Query().Get("after")
	}
	seq, err := strconv.ParseUint(said, 10, 53)
	return seq, err == nil
}

// next waits for one of a stream's reasons to go on: false means ctx is over.
func next[T any](ctx context.Context, t *teller, alive <-chan time.Time, news <-chan T) (v T, ok bool) {
	for {
		select {
		case <-ctx.Done():
			return v, false
		case <-alive:
			t.still()
		case v = <-news:
			return v, true
		}
	}
}
