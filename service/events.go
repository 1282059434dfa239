package service

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"kitt.sh/reconcile/failpoint"
	"kitt.sh/service/api"
)

// maxEvents is the size at which the event log begins anew; the one before is kept.
const maxEvents = 8 << 20

// Events is the event log: one JSON object a line, appended, bounded to two files of 8 MiB (0600).
// It is not synced: after a power cut its last lines may be missing.
type Events struct {
	mu     sync.Mutex
	f      *os.File
	size   int64
	seq    uint64
	path   string
	live   fanout[*api.Event] // who falls behind reads the file instead
	ends   *ends              // see told
	caught bool
	exits  map[[2]string]int // id and how it ended -> how often, since the daemon's start
}

// openEvents opens the log in dir and finds its last number. A log that cannot be opened still numbers and
// passes on events.
func openEvents(dir string) (*Events, error) {
	e := &Events{path: filepath.Join(dir, "events.jsonl"), live: fanout[*api.Event]{room: 64}}
	f, err := os.OpenFile(e.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return e, fmt.Errorf("open events: %w", err)
	}
	e.f = f
	if st, err := f.Stat(); err == nil {
		e.size = st.Size()
	}
	endLine(f, e.size)
	if last := e.tail(1); len(last) == 1 {
		e.seq = last[0].Seq
	}
	return e, nil
}

// endLine ends a line that a crash left torn, so that the next event has its own.
func endLine(f *os.File, size int64) {
	last := []byte{'\n'}
	if size > 0 {
		_, _ = f.ReadAt(last, size-1)
	}
	if last[0] != '\n' {
		_, _ = f.Write([]byte{'\n'})
	}
}

// add numbers, times, keeps and passes on an event.
func (e *Events) add(ev api.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seq++
	ev.Seq = e.seq
	ev.Reason = shortened(ev.Reason)
	e.counted(ev)
	if ev.At.IsZero() {
		ev.At = api.Time{Time: time.Now()}
	}
	e.write(ev)
	failpoint.Here("daemon.event.written")
	e.live.send(&ev)
}

// shortened keeps a reason to what can be read, and the log's lines to what is read back.
func shortened(s string) string {
	const most = 4 << 10
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// write appends an event. A full disk loses events, never processes.
func (e *Events) write(ev api.Event) {
	b, err := json.Marshal(ev)
	if err != nil || e.f == nil {
		return
	}
	n, _ := e.f.Write(append(b, '\n'))
	if e.size += int64(n); e.size < maxEvents {
		return
	}
	if os.Rename(e.path, e.path+".1") != nil {
		return
	}
	f, err := os.OpenFile(e.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	e.f.Close()
	e.f, e.size = f, 0
}

// last is the number of the last event.
func (e *Events) last() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.seq
}

// between returns the events after one number and up to another.
func (e *Events) between(after, to uint64) (out []api.Event) {
	e.mu.Lock()
	n := int(min(e.seq-after, 1_000_000))
	e.mu.Unlock()
	for _, ev := range e.tail(n) {
		if ev.Seq > after && ev.Seq <= to {
			out = append(out, ev)
		}
	}
	return out
}

// Close closes the log. Later events are numbered but not kept.
func (e *Events) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.f != nil {
		e.f.Close()
		e.f = nil
	}
}
