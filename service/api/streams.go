package api

import "encoding/json"

// Version is the answer to GET /v1/version.
type Version struct {
	PID     int    `json:"pid"`
	Version string `json:"version"`
}

// Watch is one object of GET /v1/watch: first Status alone, then what became otherwise.
type Watch struct {
	Status    *Status    `json:"status,omitempty"`
	Instances []Instance `json:"instances,omitempty"` // the rows that are new or became otherwise, whole
	Gone      []string   `json:"gone,omitempty"`      // ids in full of those that are no more: shop/web.2
	Specs     []Spec     `json:"specs,omitempty"`     // all of them, where one became otherwise
}

// A LogLine is one object of GET /v1/logs: a line that a process wrote, or behind those that are stored a cursor.
type LogLine struct {
	Kind     string          `json:"kind,omitempty"` // cursor: no line, but where to go on
	ID       string          `json:"id,omitempty"`
	Stream   string          `json:"stream,omitempty"` // out or err
	At       *Time           `json:"at,omitempty"`     // when it came in, to about 10 ms
	Text     string          `json:"text"`             // without its line break; bytes that are no UTF-8 become U+FFFD. Of a cursor: what could not be read
	Process  string          `json:"process,omitempty"`
	Instance int             `json:"instance,omitempty"` // from 1 on
	Level    string          `json:"level,omitempty"`    // trace, debug, info, warn, error or fatal, where the line names one
	Message  string          `json:"message,omitempty"`  // of a line that is JSON or logfmt
	Fields   json.RawMessage `json:"fields,omitempty"`   // an object: what such a line has but level, message and time
	Cursor   string          `json:"cursor,omitempty"`   // for ?cursor= of another request
	More     bool            `json:"more,omitempty"`     // the answer was full: there is more behind the cursor already
}

// LogNews is one object of GET /v1/logs/wait: where logs lie, or that there is more of them.
type LogNews struct {
	Sources *[]LogSource `json:"sources,omitempty"`
	Poke    bool         `json:"poke,omitempty"`
}

// A LogSource is where the stored streams of one instance lie.
type LogSource struct {
	ID   string `json:"id"`
	Out  string `json:"out"`
	Err  string `json:"err"`
	Full string `json:"full"` // the id in full
}

// Announcement is the body of POST /v1/announce.
type Announcement struct {
	Stay bool `json:"stay"` // the coming end of the service leaves the processes running
}
