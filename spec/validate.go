package spec

import (
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxName      = 64   // bytes; a name becomes a folder's
	maxInstances = 1000 // of one process: more is a slip of the finger
)

var (
	policies   = []string{"always", "on-failure", "on-abnormal", "never"}
	killModes  = []string{"tree", "group", "process"}
	fulls      = []string{"block", "drop"}
	conditions = []string{"started", "ready", "healthy", "completed"}
)

// validate complains of everything in the spec that no place to run things could make true.
func (r *reading) validate() {
	if text := nameFault(r.spec.Project, true); text != "" {
		at := r.named
		if at.Line == 0 {
			at = Pos{File: r.spec.File, Line: 1}
		}
		r.complain(at, "give it another: project = \"NAME\" in kitt.hcl", "project %q: %s", r.spec.Project, text)
	}
	for i := range r.spec.Processes {
		r.validateProcess(&r.spec.Processes[i])
	}
	r.validateNames()
	r.validateAddresses()
	r.validateOrder()
	r.validateNotify()
}

// Validate complains of everything in a spec that came from elsewhere than Load and could not be made true.
func Validate(s *Spec) error {
	r := newReading(Request{})
	own := *s
	own.Warnings = nil
	r.spec = &own
	r.validate()
	_, err := r.finish()
	return err
}

func (r *reading) validateProcess(p *Process) {
	loose := p.Fronts() != "" || formatOf(filepath.Base(r.spec.File)) >= formatJSON
	if text := nameFault(p.Name, loose); text != "" {
		r.complain(p.Origin, "", "process %q: %s", p.Name, text)
	}
	if (len(p.Command) == 0 || p.Command[0] == "") && !r.complainedAt(p.at("command")) {
		r.complain(p.at("command"), "", "process %q: no command", p.Name)
	}
	if !filepath.IsAbs(p.Cwd) {
		r.complain(p.at("cwd"), "", "process %q: cwd %q is not absolute", p.Name, p.Cwd)
	}
	if p.Instances < 0 || p.Instances > maxInstances {
		r.complain(p.at("instances"), "", "process %q: instances: %d is not between 0 and %d", p.Name, p.Instances, maxInstances)
	}
	r.validateMode(p)
	r.validateListen(p)
	r.validateExpose(p)
	r.validatePorts(p)
	r.validateRun(p)
	r.validateLives(p)
	r.validateLimits(p)
	r.validateWatch(p)
	r.validateProbes(p)
	r.validateReload(p)
	r.validateSchedule(p)
	r.validateStop(p)
	r.validateWake(p)
}

// validateRun looks for what no kernel takes: a NUL in words, an = in the name of a variable.
func (r *reading) validateRun(p *Process) {
	words := append([]string{p.Cwd, p.User, p.Group}, slices.Concat(p.Command, p.Stop.Command, p.Stop.Pre)...)
	if slices.ContainsFunc(words, func(w string) bool { return strings.ContainsRune(w, 0) }) {
		r.complain(p.at("command"), "", "process %q: a NUL byte in its command, cwd or user", p.Name)
	}
	for name, value := range p.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			r.complain(p.at("env."+name), "", "process %q: env %q cannot be handed to a program", p.Name, name)
		}
	}
}

func (r *reading) validateLives(p *Process) {
	r.oneOf(p, "restart.policy", p.Restart.Policy, policies)
	r.oneOf(p, "kill_mode", p.Stop.KillMode, killModes)
	if _, ok := parseSignal(p.Stop.Signal); !ok {
		r.complain(p.at("stop.signal"), didYouMean(p.Stop.Signal, sigNames()), "stop.signal: %q is not a signal", p.Stop.Signal)
	}
	for field, d := range map[string]time.Duration{"restart.backoff_min": p.Restart.BackoffMin, "restart.backoff_max": p.Restart.BackoffMax,
		"restart.stable": p.Restart.Stable, "restart.within": p.Restart.Within, "restart.min_uptime": p.Restart.MinUptime, "stop.timeout": p.Stop.Timeout} {
		if d < 0 {
			r.complain(p.at(field), "", "%s: %s is less than nothing", field, d)
		}
	}
	switch {
	case p.Restart.Max < 0:
		r.complain(p.at("restart.max"), "0 means no limit", "restart.max: %d is less than nothing", p.Restart.Max)
	case p.Restart.Max > 0 && p.Restart.Within == 0:
		r.complain(p.at("restart.within"), "", "restart.within: a limit of deaths needs a window longer than 0")
	case p.Restart.BackoffMax < p.Restart.BackoffMin:
		r.complain(p.at("restart.backoff_max"), "", "restart.backoff_max: %s is less than backoff_min, %s", p.Restart.BackoffMax, p.Restart.BackoffMin)
	case p.Restart.Factor < 1:
		r.complain(p.at("restart.factor"), "", "restart.factor: %g is less than 1", p.Restart.Factor)
	}
	if p.Log.Full != "" {
		r.oneOf(p, "log.full", p.Log.Full, fulls)
	}
	if p.Log.MaxSize < 4096 || p.Log.Keep < 0 {
		r.complain(p.at("log.max_size"), "max_size is at least 4096 bytes, keep at least 0", "log: max_size %d, keep %d cannot hold a log", p.Log.MaxSize, p.Log.Keep)
	}
}

// complainedAt keeps a field that could not be read from being complained of twice.
func (r *reading) complainedAt(at Pos) bool {
	return slices.ContainsFunc(r.errs, func(c Complaint) bool { return c.File == at.File && c.Line == at.Line })
}

func (r *reading) oneOf(p *Process, field, got string, words []string) {
	if slices.Contains(words, got) {
		return
	}
	hint := didYouMean(got, words)
	if hint == "" {
		hint = "write " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	}
	r.complain(p.at(field), hint, "%s: %q is not one of %s", field, got, listed(words))
}

// validateNames complains of a name that two processes have; readers that know better have said so already.
func (r *reading) validateNames() {
	first := map[string]Pos{}
	for _, p := range r.spec.Processes {
		if at, twice := first[p.Name]; twice {
			r.complain(p.Origin, "", "process %q is already on line %d", p.Name, at.Line)
			continue
		}
		first[p.Name] = p.Origin
	}
}

// nameFault says why name cannot be one, or nothing. A loose name may hold what pm2's do.
func nameFault(name string, loose bool) string {
	switch {
	case name == "":
		return "a name is needed"
	case len(name) > maxName:
		return fmt.Sprintf("a name has at most %d bytes, this has %d", maxName, len(name))
	case !utf8.ValidString(name):
		return "a name is UTF-8"
	case name[0] == '.' || name[0] == '-':
		return "a name does not start with a dot or a dash"
	case strings.Contains(name, "/"):
		return "a name holds no slash"
	case strings.IndexFunc(name, unicode.IsControl) >= 0:
		return "a name holds no control characters"
	case strings.TrimSpace(name) != name:
		return "a name does not start or end with a space"
	}
	odd := func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_-:", c)
	}
	if i := strings.IndexFunc(name, odd); i >= 0 && !loose {
		c, _ := utf8.DecodeRuneInString(name[i:])
		return fmt.Sprintf("a name is of letters, digits, _ - and :, not %q", c)
	}
	return ""
}

// at is where a field was set, or else the process itself.
func (p *Process) at(field string) Pos {
	if at, ok := p.Origins[field]; ok {
		return at
	}
	return p.Origin
}

func sigNames() []string {
	out := make([]string, len(signals))
	for i, s := range signals {
		out[i] = "SIG" + s
	}
	sort.Strings(out)
	return out
}
