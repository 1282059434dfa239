// Package spec is the ground floor: what should be. Files go in, values come out; it cannot see a process.
//
// Load reads a Procfile, a kitt.hcl or a pm2 ecosystem file into one Spec. Everything is resolved there:
// paths are absolute, units are numbers, defaults are filled in, so that two Specs compare field by field.
package spec

import "time"

// A Spec is one project as its file describes it, resolved.
type Spec struct {
	Project   string      `json:"project"`            // name; by default the folder's
	File      string      `json:"file"`               // absolute path of the spec file
	Processes []Process   `json:"processes"`          // in the order of the file
	Logs      Logs        `json:"logs,omitzero"`      // what holds for the logs of all processes together
	Service   *Service    `json:"service,omitempty"`  // kitt itself is to be a service
	Sample    bool        `json:"sample,omitempty"`   // CPU and memory are sampled also while nobody looks
	Rollback  bool        `json:"rollback,omitempty"` // an edit that does not come up is taken back
	Notify    []Notify    `json:"notify,omitempty"`   // whom alerts are sent to
	Reads     []string    `json:"reads"`              // absolute paths of every file that was read or looked for; an edit of any is an edit of the spec
	Warnings  []Complaint `json:"warnings,omitempty"` // what was understood, but perhaps not as meant
	Differs   []Complaint `json:"differs,omitempty"`  // what a pm2 file says and kitt, on purpose, takes otherwise than pm2
}

// Service says that kitt itself is to start at boot or login.
type Service struct {
	System bool `json:"system,omitempty"` // as a service of the machine rather than of the user
	Origin Pos  `json:"origin,omitzero"`
}

// Logs bounds the stored output of a whole project. It changes live.
type Logs struct {
	MaxTotal int64 `json:"max_total,omitempty"` // bytes on the disk; beyond it the oldest closed segments go. 0: no bound
}

// A Process is what the spec names; it runs as Instances instances.
//
// The fields marked run are the command's own: an edit replaces the instances. All others change live.
type Process struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Namespace   string            `json:"namespace,omitempty"`    // pm2's word for a group of processes
	Command     []string          `json:"command"`                // run: argv; a first word without a slash is searched on the PATH of the process at its start
	Cwd         string            `json:"cwd"`                    // run: absolute
	Env         map[string]string `json:"env,omitempty"`          // run: the spec's own environment, over the captured one
	Unset       []string          `json:"unset,omitempty"`        // run: names that the captured environment must not hand down; sorted
	Step        map[string]int    `json:"step,omitempty"`         // run: variable -> base; instance n gets base+n-1 (PORT, increment_var)
	Ports       []int             `json:"ports,omitempty"`        // run: of port = "auto", the port that kitt gave each instance; instance n gets Ports[n-1] as PORT
	InstanceVar string            `json:"instance_var,omitempty"` // run: variable that holds n-1 (pm2: NODE_APP_INSTANCE)
	User        string            `json:"user,omitempty"`         // run: user name or uid; root only
	Group       string            `json:"group,omitempty"`        // run: group name or gid
	Umask       *int              `json:"umask,omitempty"`        // run: nil means the captured shell's default, 022
	Nice        int               `json:"nice,omitempty"`         // run: -20 to 19; 0 is kitt's own
	Rlimits     Rlimits           `json:"rlimits,omitempty"`      // run
	Each        []Each            `json:"each,omitempty"`         // run: set only where the file's values depend on instance.n; Each[n-1] overrides
	Kind        string            `json:"kind,omitempty"`         // KindTask: it runs once and ends; KindForwarder: see there; "" for ever
	Mode        string            `json:"mode,omitempty"`         // run: ModeFork, ModeNode or ModeCluster
	Stdin       bool              `json:"stdin,omitempty"`        // run: stdin can be typed into (kitt attach); else it is empty
	Listen      []Socket          `json:"listen,omitempty"`       // run: what kitt listens on for it, in the order of the descriptors
	Expose      string            `json:"expose,omitempty"`       // run, whether at all: address where kitt takes its connections and passes them on, as Socket.String has it
	Ready       Ready             `json:"ready,omitzero"`
	Alive       Alive             `json:"alive,omitzero"`
	Reload      Reload            `json:"reload,omitzero"`
	Instances   int               `json:"instances"`      // ModeCluster: workers
	Held        bool              `json:"held,omitempty"` // pm2 autostart=false: known, but started by hand only
	Restart     Restart           `json:"restart"`
	Stop        Stop              `json:"stop"`
	Log         Log               `json:"log"`
	Limits      Limits            `json:"limits,omitzero"`
	Watch       Watch             `json:"watch,omitzero"`
	Schedule    Schedule          `json:"schedule,omitzero"`
	DependsOn   map[string]string `json:"depends_on,omitempty"` // process -> started | ready | healthy | completed
	Cascade     bool              `json:"cascade,omitempty"`    // it begins anew when one that it depends on did
	OnWake      string            `json:"on_wake,omitempty"`    // WakeRestart; "": it runs on
	Origin      Pos               `json:"origin"`               // where it stands; not part of any comparison
	Origins     map[string]Pos    `json:"origins,omitempty"`    // field ("command", "env.PORT", "restart.policy") -> where its value came from; not compared
}

// Each is what differs in one instance of a process. Empty fields mean no difference.
type Each struct {
	Command []string          `json:"command,omitempty"`
	Cwd     string            `json:"cwd,omitempty"`
	Env     map[string]string `json:"env,omitempty"`
}

// Restart says what follows a death. All of it changes live.
type Restart struct {
	Policy     string        `json:"policy"`               // always | on-failure | on-abnormal | never
	BackoffMin time.Duration `json:"backoff_min"`          // 100ms; the pause before the first try
	BackoffMax time.Duration `json:"backoff_max"`          // 15s
	Factor     float64       `json:"factor"`               // 2; pm2's exp_backoff_restart_delay: 1.5
	Stable     time.Duration `json:"stable"`               // 30s; a life this long forgives the deaths before it
	Max        int           `json:"max"`                  // deaths within Within before it gives up; 0 = no limit
	Within     time.Duration `json:"within"`               // 10m, a sliding window
	MinUptime  time.Duration `json:"min_uptime,omitempty"` // only deaths younger than this count for Max; 0 = all (pm2's min_uptime)
	DoneCodes  []int         `json:"done_codes,omitempty"` // exit codes that end it for good (pm2's stop_exit_codes)
}

// Stop says how an instance is ended. All of it changes live.
type Stop struct {
	Signal  string        `json:"signal"`            // SIGTERM; always with SIG
	Timeout time.Duration `json:"timeout"`           // 10s until SIGKILL
	Message string        `json:"message,omitempty"` // sent over the channel instead of the signal, where there is one (pm2's shutdown_with_message)
	Command []string      `json:"command,omitempty"` // run first, with the instance's environment and KITT_PID
	Pre     []string      `json:"pre,omitempty"`     // run before all else of the stop, likewise

	PreTimeout   time.Duration `json:"pre_timeout,omitempty"`   // how long Pre may take; 0: Timeout
	SecondSignal string        `json:"second_signal,omitempty"` // sent once SecondAfter has passed; "": none
	SecondAfter  time.Duration `json:"second_after,omitempty"`  // from the first signal on; 0: half of Timeout

	Drain time.Duration `json:"drain,omitempty"` // before all else of the stop: how long its connections that came by Expose are waited for

	KillMode string `json:"kill_mode"` // tree | group | process: what is signalled, and what a crash leaves to be killed
}

// Log says what is kept of an instance's output. All of it changes live.
type Log struct {
	MaxSize    int64  `json:"max_size"`             // 10 MiB; bytes of a segment
	Keep       int    `json:"keep"`                 // 5; closed segments kept of each stream
	Compress   bool   `json:"compress"`             // true; closed segments are compressed
	Full       string `json:"full,omitempty"`       // block ("" too): the program waits while its log cannot be written | drop
	Timestamps bool   `json:"timestamps,omitempty"` // each piece of output has its own time, not only every 10 ms
	Dir        string `json:"dir,omitempty"`        // instead of kitt's own folder
	Off        bool   `json:"off,omitempty"`        // nothing is kept (pm2's disable_logs)
	Out        string `json:"out,omitempty"`        // pm2's out_file: absolute path of a copy; {n} stands for the instance's suffix
	Err        string `json:"err,omitempty"`        // pm2's error_file
	Combined   string `json:"combined,omitempty"`   // pm2's log_file: both streams
	Stamp      string `json:"stamp,omitempty"`      // Go time layout put before each line of the copies
	JSON       bool   `json:"json,omitempty"`       // pm2's log_type json: one object a line in the copies
}

// A Pos is a place in a file. Line and Col count from 1; 0 means not known.
type Pos struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"col,omitempty"`
}

// A Complaint is one thing wrong with a file, with its place, and the way out if there is one.
type Complaint struct {
	Pos
	Text   string `json:"text"`             // one line: what and why
	Hint   string `json:"hint,omitempty"`   // one line
	Source string `json:"source,omitempty"` // the line it stands on, for the caret under Col
}
