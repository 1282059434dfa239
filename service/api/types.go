// Package api holds the words on the wire between kitt's daemon and everyone else: JSON over HTTP/1.1 on a
// unix socket (KITT_HOME/run/api.sock, 0600, same uid only). docs/json.md restates these forms for users.
//
// Times are RFC 3339 with milliseconds, memory is bytes, cpu is cores.
package api

import (
	"encoding/json"
	"slices"
	"time"

	"kitt.sh/spec"
)

// Status is the answer to GET /v1/status, and what `kitt status -o json` prints, byte for byte.
type Status struct {
	Keeper    Keeper     `json:"keeper"`
	Daemon    Daemon     `json:"daemon"`
	Specs     []Spec     `json:"specs"`
	Instances []Instance `json:"instances"`
}

type Keeper struct {
	PID int `json:"pid"`
}

type Daemon struct {
	PID      int    `json:"pid"`
	Version  string `json:"version"`
	Service  string `json:"service,omitempty"`  // what of kitt's own service is not as it should be; kitt apply mends it
	Replaced string `json:"replaced,omitempty"` // where this one was started from there is another build now; its path
}

// A Spec is one project: the file it follows and what is wrong with that file now, if anything.
type Spec struct {
	Project string   `json:"project"`
	File    string   `json:"file"`
	Error   *Trouble `json:"error"`
	Alerts  []string `json:"alerts,omitempty"` // of its notify blocks, why what they tell does not arrive
}

// Notify is one block of the answer to GET /v1/notify. No secret is in it.
type Notify struct {
	Project   string            `json:"project"`
	Name      string            `json:"name"`
	Kind      string            `json:"kind"` // webhook exec mail desktop
	On        []string          `json:"on"`
	Processes []string          `json:"processes"`
	Settings  map[string]string `json:"settings"` // as in the file; a secret is where it is found: "env SLACK_URL"
	Sent      int               `json:"sent"`     // messages
	Last      Time              `json:"last"`     // when the last one arrived
	Waiting   int               `json:"waiting"`  // alerts that are not sent yet
	Trouble   string            `json:"trouble"`  // why they do not arrive; "" where they do
	Since     Time              `json:"since"`    // since when
}

// Trouble is why a spec file is not followed at the moment.
type Trouble struct {
	Text       string           `json:"text"`       // one line: file:line:column: what and why
	Complaints []spec.Complaint `json:"complaints"` // all of them
	Hint       string           `json:"hint,omitempty"`
	Since      Time             `json:"since"`
	RolledBack int              `json:"rolled_back,omitempty"` // the revision that the project was rolled back to: nothing is wrong with the file
}

// An Instance is one row of the table.
type Instance struct {
	ID         string  `json:"id"` // web.1; shop/web.1 only where two projects clash
	Project    string  `json:"project"`
	Process    string  `json:"process"`
	N          int     `json:"n"`
	Number     *int    `json:"pm_id,omitempty"` // a small number that it keeps as long as it is listed; nil: none yet
	Phase      string  `json:"phase"`           // waiting starting running stopping done failed held
	Ready      bool    `json:"ready"`
	PID        int     `json:"pid"`            // 0 when nothing runs
	Since      Time    `json:"since"`          // when it came into this phase
	Generation uint64  `json:"generation"`     // grows with each restart asked for
	Restarts   int     `json:"restarts"`       // lives begun because the one before had died, or kitt itself had ended it
	Exit       *Exit   `json:"exit"`           // the last death
	Reason     string  `json:"reason"`         // plain words; "" when all is as it should be
	Hint       string  `json:"hint,omitempty"` // the way out of what the reason says, if there is one
	Says       string  `json:"says,omitempty"` // what the program says of itself, by STATUS= of sd_notify: its words, not kitt's; at most 200 bytes
	CPU        float64 `json:"cpu"`            // cores, over the whole tree
	Memory     int64   `json:"memory"`         // bytes, over the whole tree
	Log        Log     `json:"log"`
	Adopted    bool    `json:"adopted,omitempty"` // its keeper died: until its next restart its end may not be known exactly
	Port       int     `json:"port,omitempty"`    // TCP port that it has by its spec, or by expose for as long as it runs
}

type Exit struct {
	Code   *int   `json:"code"`   // null unless it exited by itself
	Signal string `json:"signal"` // "SIGKILL"; "" unless a signal ended it; both empty: nobody saw it
	At     Time   `json:"at"`
}

// Log names the folders of the stored streams (current, @START.log[.zst], current.idx).
type Log struct {
	Out string `json:"out"`
	Err string `json:"err"`
}

// Time marshals as RFC 3339 with milliseconds, in UTC; the zero time as null.
type Time struct{ time.Time }

// Load is the body of POST /v1/apply and POST /v1/plan: a spec that the client has read, or a file that the daemon is
// to read.
type Load struct {
	File    string        `json:"file,omitempty"` // absolute path of a spec file, or its folder; then spec is left out, and the daemon reads it as request says
	Spec    spec.Spec     `json:"spec,omitzero"`
	Request spec.Request  `json:"request,omitzero"` // how it was read, so that a later edit is read the same way
	Only    []string      `json:"only,omitempty"`   // processes that are meant and waited for; the others stay as they are. Empty: all
	Capture bool          `json:"capture"`          // Request.Env is a shell's: keep it as the project's captured environment
	Wait    bool          `json:"wait"`
	Timeout time.Duration `json:"timeout"` // of the wait; nanoseconds, or text as "1m30s"
}

// Means tells whether a process is among those that l is about.
func (l Load) Means(process string) bool {
	return len(l.Only) == 0 || slices.Contains(l.Only, process) || slices.Contains(l.Only, spec.Fronted(process))
}

// Order is the body of POST /v1/{restart,start,stop,delete,down,scale,reset,shutdown}.
type Order struct {
	Project string          `json:"project,omitempty"` // where names are looked up first
	Targets []string        `json:"targets,omitempty"` // web, web.1, shop/web, shop/web.1, all, /regexp/, a namespace, a pm_id
	All     bool            `json:"all,omitempty"`     // every process of every project
	Scale   map[string]int  `json:"scale,omitempty"`
	For     time.Duration   `json:"for,omitempty"`     // stop: how long the hold lasts, nanoseconds or "2h"; 0 = until start
	Message string          `json:"message,omitempty"` // stop: why
	Wait    bool            `json:"wait"`
	Timeout time.Duration   `json:"timeout"`         // of the wait; nanoseconds, or text as "1m30s"
	Value   json.RawMessage `json:"value,omitempty"` // send: the message; without one, Message goes to stdin
}

// Signal is the body of POST /v1/signal.
type Signal struct {
	Project string   `json:"project,omitempty"`
	Targets []string `json:"targets,omitempty"`
	All     bool     `json:"all,omitempty"`
	Signal  string   `json:"signal"`         // with SIG
	Tree    bool     `json:"tree,omitempty"` // every process of its tree, not only its first
}

// A Line is one object of the NDJSON stream that answers a Load or an Order.
//
//	action    Verb, ID, Reason: something is about to be done (plan: would be)
//	note      Text, Hint: something worth knowing
//	progress  Up, Total, Pending: how far the waiting is; sent at each change
//	moved     Targets: another daemon takes over, ask it to await these; the last line in place of done
//	done      Text; Code is the exit code of the command; always the last line, with Hint
type Line struct {
	Type    string    `json:"type"`
	Verb    string    `json:"verb,omitempty"` // start stop restart replace tune forget hold lift scale
	ID      string    `json:"id,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Changes []Change  `json:"changes,omitempty"`
	Text    string    `json:"text,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Up      int       `json:"up,omitempty"`
	Total   int       `json:"total,omitempty"`
	Pending []Pending `json:"pending,omitempty"`
	Code    int       `json:"code,omitempty"`
	Targets []string  `json:"targets,omitempty"`
}

// A Change is one field that differs. Values of env are never shown, only their names.
type Change struct {
	Field string `json:"field"` // "env.PORT", "restart.policy"
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
	Live  bool   `json:"live"` // applied without a restart
}

// Pending is an instance that is not up yet, or not down, and why.
type Pending struct {
	ID     string `json:"id"`
	Phase  string `json:"phase"`
	Reason string `json:"reason"`
	Final  bool   `json:"final,omitempty"` // nothing more will happen by itself
}

// An Event is one line of GET /v1/events?follow=1&since=RFC3339 (NDJSON) and of the event log on disk.
type Event struct {
	Seq    uint64 `json:"seq"`
	At     Time   `json:"at"`
	Kind   string `json:"kind"`         // start exit stop restart apply hold lift scale tune gaveup watch memory wake spec-error spec-ok daemon keeper
	ID     string `json:"id,omitempty"` // always in full: shop/web.1
	Reason string `json:"reason,omitempty"`
	PID    int    `json:"pid,omitempty"`
	Life   string `json:"life,omitempty"` // exit: which life of the instance ended
	Exit   *Exit  `json:"exit,omitempty"`
	By     string `json:"by,omitempty"` // "uid 501 pid 812"
}

// A Run is one run of a job that is over: an object of GET /v1/runs?targets=backup&n=20, which answers with a list.
type Run struct {
	ID      string  `json:"id"` // in full
	Life    string  `json:"life"`
	Started Time    `json:"started"`
	Ended   Time    `json:"ended"`
	Took    float64 `json:"took"` // seconds
	Exit    *Exit   `json:"exit"`
	Text    string  `json:"text"` // the exit in words
}

// Show is the answer to GET /v1/show?name=web: everything about one process.
type Show struct {
	Process   Process    `json:"process"` // env values are replaced by "***"
	File      string     `json:"file"`
	Instances []Instance `json:"instances"`
	Events    []Event    `json:"events"` // the last twenty
	Tree      []Proc     `json:"tree"`
	Cluster   *Cluster   `json:"cluster,omitempty"` // of a process in mode cluster
	Metrics   []Metric   `json:"metrics,omitempty"` // what the programs sent over their channels, by instance and name
}

// Listing is the answer to GET /v1/listing: instances, and the settings of their processes.
type Listing struct {
	Instances []Instance         `json:"instances"`
	Processes map[string]Process `json:"processes"`          // by shop/web; env values are replaced by "***"
	Deleted   []string           `json:"deleted,omitempty"`  // shop/web: processes that are held out by delete
	Clusters  map[string]Cluster `json:"clusters,omitempty"` // by shop/web: the workers of those in mode cluster
	Memory    map[int]int64      `json:"memory,omitempty"`   // bytes, by pid, of the processes of clusters
}

// Environ is the answer to GET /v1/environ?name=web: what an instance is started with.
type Environ struct {
	ID   string `json:"id"`
	Vars []Var  `json:"vars"` // sorted by name
}

// Var is one variable. Value is there only with ?reveal=1.
type Var struct {
	Name  string  `json:"name"`
	From  string  `json:"from"` // captured: of the shell that ran kitt apply; spec; kitt
	Value *string `json:"value,omitempty"`
}

// Proc is one process of an instance's tree.
type Proc struct {
	ID      string  `json:"id"`
	PID     int     `json:"pid"`
	Parent  int     `json:"parent"`
	Command string  `json:"command"` // the program's name only: arguments may hold secrets
	CPU     float64 `json:"cpu"`
	Memory  int64   `json:"memory"`
}

// Failure is the body of any answer that is not 200.
type Failure struct {
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
	Code  int    `json:"code"` // the exit code of the command

	Ports map[string]int `json:"ports,omitempty"` // of apply and plan: read the file with these as the request's ports, and ask again
}
