package api

import "time"

// A Revision is one spec as it was applied.
type Revision struct {
	N         int      `json:"revision"` // from 1
	At        Time     `json:"at"`
	Why       string   `json:"why"` // applied, edited, rolled back to 3
	By        string   `json:"by,omitempty"`
	File      string   `json:"file"`
	Processes int      `json:"processes"`         // how many it names
	Changes   []string `json:"changes,omitempty"` // against the one before: "+worker", "-old", "web: command, env.PORT"
	Good      bool     `json:"good"`              // all came up
	Current   bool     `json:"current"`
}

// History is the answer to GET /v1/history?project=: the revisions that are kept, oldest first.
type History struct {
	Project   string     `json:"project"`
	Revisions []Revision `json:"revisions"`
}

// Diff is the answer to GET /v1/diff?project=&from=&to=: what differs between two revisions.
type Diff struct {
	Project   string        `json:"project"`
	From      int           `json:"from"`
	To        int           `json:"to"`
	Processes []ProcessDiff `json:"processes"`
}

// A ProcessDiff is one process that differs.
type ProcessDiff struct {
	Process string   `json:"process"`
	Verb    string   `json:"verb"` // add edit remove
	Changes []Change `json:"changes,omitempty"`
}

// Rollback is the body of POST /v1/rollback.
type Rollback struct {
	Project  string        `json:"project,omitempty"`
	Revision int           `json:"revision,omitempty"` // 0: the last that came up whole
	Wait     bool          `json:"wait"`
	Timeout  time.Duration `json:"timeout"`
}
