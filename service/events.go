package service

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
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

// tail returns the last n events, oldest first; of the present file alone where these suffice.
func (e *Events) tail(n int) []api.Event {
	var all []api.Event
	for i, path := range []string{e.path, e.path + ".1"} {
		if i == 0 || len(all) < n {
			all = append(readEvents(path, n-len(all)), all...)
		}
	}
	return all
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

// readEvents reads the last n events of a file, from as near to its end as that takes.
func readEvents(path string, n int) []api.Event {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil
	}
	for window := int64(n+1) * 512; ; window *= 4 {
		from := max(0, st.Size()-window)
		if out := scanEvents(f, from); len(out) > n || from == 0 {
			return out[max(0, len(out)-n):]
		}
	}
}

// scanEvents reads the events of f from an offset on. Lines that are torn are passed over.
func scanEvents(f *os.File, from int64) (out []api.Event) {
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil
	}
	r := bufio.NewReaderSize(f, 64<<10)
	for long := false; ; {
		line, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull { // no event is that long: somebody else wrote it
			long = true
			continue
		}
		var ev api.Event
		if !long && json.Unmarshal(line, &ev) == nil && ev.Seq > 0 && ev.Seq < 1<<53 { // more is nobody's count
			out = append(out, ev)
		}
		if long = false; err != nil {
			return out
		}
	}
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
