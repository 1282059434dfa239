package api

// UI is the body of POST /v1/ui: opens the page for browsers, or closes it.
type UI struct {
	Listen  string `json:"listen,omitempty"`  // 127.0.0.1:9000, or unix:/path; empty: where it is open, else a free port of loopback
	Control bool   `json:"control,omitempty"` // who is let in may change something
	Stop    bool   `json:"stop,omitempty"`    // no more page
}

// UIOpen is the answer to it.
type UIOpen struct {
	Open    bool   `json:"open"` // of stop: it was open
	Address string `json:"address,omitempty"`
	Token   string `json:"token,omitempty"` // lets one browser in, once, within five minutes
	Control bool   `json:"control"`
}

// Outstanding is the answer to GET /v1/pending?project=: what its spec file says and is not so yet.
type Outstanding struct {
	Project string    `json:"project"`
	File    string    `json:"file"`
	Error   *Trouble  `json:"error"`             // why the file is not followed
	Lines   []Line    `json:"lines"`             // what apply would do, as of POST /v1/plan
	Excerpt []Excerpt `json:"excerpt,omitempty"` // the places of complaints
}

// An Excerpt is a few lines of a file around a complaint, with stars for what may be a secret.
type Excerpt struct {
	File  string   `json:"file"`
	First int      `json:"first"` // number of the first line
	Line  int      `json:"line"`  // the one complained of
	Col   int      `json:"col"`
	Text  string   `json:"text"`
	Hint  string   `json:"hint,omitempty"`
	Lines []string `json:"lines"`
}

// FollowFile is the body of POST /v1/follow: applies the file of a project as it is now.
type FollowFile struct {
	Project string `json:"project"`
}
