package service

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"time"

	"kitt.sh/service/api"
)

// A record is one event as it lies in the log: 100,000 are passed on without being taken apart.
type record struct {
	seq  uint64
	at   time.Time
	line []byte // with its line break
}

// tail returns the last n events, oldest first; of the present file alone where these suffice.
func (e *Events) tail(n int) (out []api.Event) {
	for _, r := range e.records(n) {
		var ev api.Event
		if json.Unmarshal(r.line, &ev) == nil {
			out = append(out, ev)
		}
	}
	return out
}

// records are the last n events as they lie there.
func (e *Events) records(n int) []record {
	var all []record
	for i, path := range []string{e.path, e.path + ".1"} {
		if i == 0 || len(all) < n {
			all = append(readRecords(path, n-len(all)), all...)
		}
	}
	return all
}

// readRecords reads the last n events of a file, from as near to its end as that takes.
func readRecords(path string, n int) []record {
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
		text := make([]byte, st.Size()-from)
		got, _ := f.ReadAt(text, from)
		if out := parseRecords(text[:got]); len(out) > n || from == 0 {
			return out[max(0, len(out)-n):]
		}
	}
}

// parseRecords cuts a part of the log into events. What is torn, or was never one, is passed over.
func parseRecords(text []byte) []record {
	out := make([]record, 0, len(text)/128)
	for line := range bytes.Lines(text) {
		if r, ok := parseRecord(line); ok {
			out = append(out, r)
		}
	}
	return out
}

// mostEvent is how long no event is: somebody else wrote that line.
const mostEvent = 64 << 10

// parseRecord looks at a line as this kitt writes it, and takes apart any other.
func parseRecord(line []byte) (r record, ok bool) {
	if len(line) > mostEvent {
		return r, false
	}
	if r, ok := ownRecord(line); ok {
		return r, true
	}
	var ev api.Event
	if json.Unmarshal(line, &ev) != nil || ev.Seq == 0 || ev.Seq >= 1<<53 { // more is nobody's count
		return r, false
	}
	b, err := json.Marshal(ev)
	return record{ev.Seq, ev.At.Time, append(b, '\n')}, err == nil
}

// ownRecord reads {"seq":7,"at":"2026-01-31T15:04:05.000Z", at the head of a line that is JSON.
func ownRecord(line []byte) (r record, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"seq":`))
	if !ok {
		return r, false
	}
	digits, rest, ok := bytes.Cut(rest, []byte(`,"at":"`))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 0 || !bytes.HasSuffix(line, []byte("}\n")) {
		return r, false
	}
	seq, err := strconv.ParseUint(string(digits), 10, 53)
	at, err2 := time.Parse(time.RFC3339Nano, string(rest[:end]))
	if err != nil || err2 != nil || seq == 0 || !json.Valid(line) {
		return r, false
	}
	return record{seq, at, line}, true
}
