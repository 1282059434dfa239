package forward

import "encoding/json"

// A Table is all that a forwarder is told, as one line of JSON over its channel.
type Table struct {
	Kitt   string   `json:"kitt"` // Targets
	Rev    uint64   `json:"rev"`  // echoed in answers
	To     []Target `json:"to"`
	Refuse bool     `json:"refuse,omitempty"` // nothing of To will come up: whoever comes is turned away
}

// A Target is one life behind the forwarder.
type Target struct {
	Life  string `json:"life"`
	Addr  string `json:"addr"`            // host:port
	Drain bool   `json:"drain,omitempty"` // it gets no new connections
}

// An Answer is what a forwarder says: which table it goes by, and how many connections each life of it has.
type Answer struct {
	Kitt string         `json:"kitt"` // Forwards
	Rev  uint64         `json:"rev"`
	Open map[string]int `json:"open"`
}

// What the lines of a channel are called.
const (
	Targets  = "targets"
	Forwards = "forwards"
)

// ParseTable reads a line; false where it is none.
func ParseTable(line []byte) (t Table, ok bool) {
	err := json.Unmarshal(line, &t)
	return t, err == nil && t.Kitt == Targets
}

// least is the target with the fewest connections among those that take new ones and were not tried, from at on in the row; -1
// if there is none.
func (t *Table) least(open map[string]int, tried map[string]bool, at int) int {
	best := -1
	for i := range t.To {
		k := (at + i) % len(t.To)
		if to := &t.To[k]; to.Drain || tried[to.Life] {
			continue
		}
		if best < 0 || open[t.To[k].Life] < open[t.To[best].Life] {
			best = k
		}
	}
	return best
}

// takes tells whether any target takes new connections.
func (t *Table) takes() bool { return t.least(nil, nil, 0) >= 0 }
