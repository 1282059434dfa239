package spec

import (
	"slices"
	"time"
)

// A Probe asks a process from outside how it is. All that it names must hold at the same time. $NAME in HTTP, TCP, Socket and File
// is taken from the instance's environment. The words for times and counts are those of Kubernetes.
type Probe struct {
	HTTP             string            `json:"http,omitempty"`    // URL
	Socket           string            `json:"socket,omitempty"`  // unix socket that HTTP is asked through
	Status           []int             `json:"status,omitempty"`  // what the answer's status may be; none: 200 to 399
	Headers          map[string]string `json:"headers,omitempty"` // sent along
	Header           map[string]string `json:"header,omitempty"`  // patterns that headers of the answer match
	Body             string            `json:"body,omitempty"`    // pattern that its first 64 KiB match
	TCP              string            `json:"tcp,omitempty"`     // HOST:PORT, or a port of 127.0.0.1: a connection is taken
	Exec             []string          `json:"exec,omitempty"`    // ends with 0
	File             string            `json:"file,omitempty"`    // is there, and was changed since the process began, or within MaxAge
	MaxAge           time.Duration     `json:"max_age,omitempty"`
	InitialDelay     time.Duration     `json:"initial_delay,omitempty"`     // before the first question
	Period           time.Duration     `json:"period,omitempty"`            // from one question to the next; 0: the default
	Timeout          time.Duration     `json:"timeout,omitempty"`           // of one question; 0: 1s
	SuccessThreshold int               `json:"success_threshold,omitempty"` // good answers in a row; 0: 1
	FailureThreshold int               `json:"failure_threshold,omitempty"` // bad ones in a row; 0: 3
}

// Ready says when an instance counts as running. Message, Notify and FD are told by the program, once.
type Ready struct {
	Probe
	Message bool          `json:"message,omitempty"` // "ready" over its channel (pm2's wait_ready)
	Notify  bool          `json:"notify,omitempty"`  // READY=1 to $NOTIFY_SOCKET, as systemd takes it. An edit replaces
	FD      int           `json:"fd,omitempty"`      // 3: a newline on that descriptor, as s6 takes it. An edit replaces
	Log     string        `json:"log,omitempty"`     // pattern that a line of its output matches
	Stable  time.Duration `json:"stable,omitempty"`  // it has run so long
	Within  time.Duration `json:"within,omitempty"`  // how long it may take; 0: 3s for a message alone, else 60s
}

// Alive says when an instance that runs is to be ended and begun anew.
type Alive struct {
	Probe
	Watchdog     time.Duration `json:"watchdog,omitempty"`      // WATCHDOG=1 comes at least so often to $NOTIFY_SOCKET. An edit replaces
	StalledAfter time.Duration `json:"stalled_after,omitempty"` // no output for so long
	Dump         string        `json:"dump,omitempty"`          // signal that makes a stalled program write where it stands: SIGQUIT, SIGUSR1
}

// What holds where nothing is said.
const (
	readyPeriod  = time.Second
	alivePeriod  = 10 * time.Second
	probeTimeout = time.Second
	readyWithin  = time.Minute
	saidWithin   = 3 * time.Second // as pm2's listen_timeout
)

// Asks tells whether there is anything to ask from outside.
func (p *Probe) Asks() bool {
	return p.HTTP != "" || p.TCP != "" || len(p.Exec) > 0 || p.File != ""
}

// Wait is how long one question may take.
func (p *Probe) Wait() time.Duration { return cmpOr(p.Timeout, probeTimeout) }

// Good and Bad are how many answers in a row decide.
func (p *Probe) Good() int { return max(p.SuccessThreshold, 1) }

// Bad is how many failures in a row mean that it is so.
func (p *Probe) Bad() int {
	if p.FailureThreshold <= 0 {
		return 3
	}
	return p.FailureThreshold
}

func cmpOr(d, or time.Duration) time.Duration {
	if d <= 0 {
		return or
	}
	return d
}

// Every is the time between two questions.
func (r *Ready) Every() time.Duration { return cmpOr(r.Period, readyPeriod) }

// Every is the time between two questions.
func (a *Alive) Every() time.Duration { return cmpOr(a.Period, alivePeriod) }

// Needs are the things that a program must say by itself to be ready, in a fixed order: message, notify, fd, log.
func (r *Ready) Needs() (out []string) {
	for _, n := range []struct {
		name string
		on   bool
	}{{"message", r.Message}, {"notify", r.Notify}, {"fd", r.FD > 0}, {"log", r.Log != ""}} {
		if n.on {
			out = append(out, n.name)
		}
	}
	return out
}

// Probes tells whether kitt itself must do something to know that the process is ready; what its channel says comes by itself.
func (r *Ready) Probes() bool {
	return r.Asks() || r.Notify || r.FD > 0 || r.Log != "" || r.Stable > 0
}

// Probes tells whether there is anything that may make kitt end a life.
func (a *Alive) Probes() bool { return a.Asks() || a.Watchdog > 0 || a.StalledAfter > 0 }

// Notifies tells whether the program is given $NOTIFY_SOCKET.
func (p *Process) Notifies() bool { return p.Ready.Notify || p.Alive.Watchdog > 0 }

// Within is how long an instance may take to be ready; 0: it is ready at once.
func (p *Process) Within() time.Duration {
	switch {
	case !p.Ready.Message && p.Mode != ModeCluster && !p.Ready.Probes():
		return 0
	case p.Ready.Within > 0:
		return p.Ready.Within
	case p.Patient():
		return saidWithin
	}
	return readyWithin
}

// Patient tells whether an instance that is not ready in time counts as running all the same: as pm2 has it for those
// of which nothing but a message is asked.
func (p *Process) Patient() bool { return !p.Ready.Probes() }

// probeFields are the words of ready {} and alive {}.
var probeFields = slices.Concat(probing("ready", func(p *Process) *Probe { return &p.Ready.Probe }),
	probing("alive", func(p *Process) *Probe { return &p.Alive.Probe }), []field{
		{"ready.message", func(p *Process, v *hclValue) { p.Ready.Message = v.boolean(false) }},
		{"ready.notify", func(p *Process, v *hclValue) { p.Ready.Notify = v.boolean(false) }},
		{"ready.fd", func(p *Process, v *hclValue) { p.Ready.FD = v.integer(0) }},
		{"ready.log", func(p *Process, v *hclValue) { p.Ready.Log = v.text() }},
		{"ready.stable", func(p *Process, v *hclValue) { p.Ready.Stable = v.duration() }},
		{"ready.within", func(p *Process, v *hclValue) { p.Ready.Within = v.duration() }},
		{"alive.watchdog", func(p *Process, v *hclValue) { p.Alive.Watchdog = v.duration() }},
		{"alive.stalled_after", func(p *Process, v *hclValue) { p.Alive.StalledAfter = v.duration() }},
		{"alive.dump", func(p *Process, v *hclValue) { p.Alive.Dump = v.signal() }},
	})

func probing(block string, of func(*Process) *Probe) []field {
	word := func(name string, set func(*Probe, *hclValue)) field {
		return field{block + "." + name, func(p *Process, v *hclValue) { set(of(p), v) }}
	}
	return []field{
		word("http", func(b *Probe, v *hclValue) { b.HTTP = v.text() }),
		word("socket", func(b *Probe, v *hclValue) { b.Socket = v.path() }),
		word("status", func(b *Probe, v *hclValue) { b.Status = v.integers() }),
		word("headers", func(b *Probe, v *hclValue) { b.Headers = v.texts() }),
		word("header", func(b *Probe, v *hclValue) { b.Header = v.texts() }),
		word("body", func(b *Probe, v *hclValue) { b.Body = v.text() }),
		word("tcp", func(b *Probe, v *hclValue) { b.TCP = v.text() }),
		word("exec", func(b *Probe, v *hclValue) { b.Exec = v.command() }),
		word("file", func(b *Probe, v *hclValue) { b.File = v.path() }),
		word("max_age", func(b *Probe, v *hclValue) { b.MaxAge = v.duration() }),
		word("initial_delay", func(b *Probe, v *hclValue) { b.InitialDelay = v.duration() }),
		word("period", func(b *Probe, v *hclValue) { b.Period = v.duration() }),
		word("timeout", func(b *Probe, v *hclValue) { b.Timeout = v.duration() }),
		word("success_threshold", func(b *Probe, v *hclValue) { b.SuccessThreshold = v.integer(0) }),
		word("failure_threshold", func(b *Probe, v *hclValue) { b.FailureThreshold = v.integer(0) }),
	}
}

// texts is a map of texts.
func (v *hclValue) texts() map[string]string {
	if t := v.v.Type(); !t.IsObjectType() && !t.IsMapType() {
		v.complain(`write { NAME = "text" }`, "expected names and texts, got %s", v.shown())
		return nil
	}
	out := map[string]string{}
	for name, value := range v.v.AsValueMap() {
		if !value.IsNull() {
			out[name] = (&hclValue{v.h, v.field + "." + name, value, v.at}).text()
		}
	}
	return out
}
