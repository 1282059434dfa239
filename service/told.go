package service

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"time"

	"kitt.sh/service/api"
)

// ends are the lives whose ends the event log tells, and when the oldest event in it was.
type ends struct {
	lives  map[string]bool
	oldest time.Time
}

// told says whether a daemon before this one has told the end of a life, as the log was when this was first asked. An end
// from before the oldest event was told, and has been dropped from the log since. After caughtUp nothing was told before.
func (e *Events) told(life string, at time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.caught {
		return false
	}
	if e.ends == nil {
		e.ends = &ends{lives: map[string]bool{}}
		e.ends.read(e.path + ".1")
		e.ends.read(e.path)
	}
	return e.ends.lives[life] || at.Before(e.ends.oldest)
}

// caughtUp is called once all lives that there were at the beginning are known.
func (e *Events) caughtUp() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ends, e.caught = nil, true
}

func (s *ends) read(path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 0, 64<<10), 1<<20)
	for sc.Scan() {
		if !s.oldest.IsZero() && !bytes.Contains(sc.Bytes(), []byte(`"life":`)) {
			continue
		}
		var ev api.Event
		if json.Unmarshal(sc.Bytes(), &ev) != nil {
			continue
		}
		if s.oldest.IsZero() {
			s.oldest = ev.At.Time
		}
		if ev.Life != "" {
			s.lives[ev.Life] = true
		}
	}
}
