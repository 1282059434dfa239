package port

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// unitLines reads a unit: each assignment of each section, in order. A backslash at a line's end joins the next line.
func unitLines(text string) (out [][3]string) {
	section := ""
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			if next := strings.TrimSpace(lines[i]); next == "" || next[0] != '#' && next[0] != ';' {
				line = strings.TrimSuffix(line, `\`) + " " + next
			}
		}
		if line[0] == '[' && strings.HasSuffix(line, "]") {
			section = line[1 : len(line)-1]
			continue
		}
		if word, value, ok := strings.Cut(line, "="); ok {
			out = append(out, [3]string{section, strings.TrimSpace(word), strings.TrimSpace(value)})
		}
	}
	return out
}

// A unitReader reads one .service.
type unitReader struct {
	at    Place
	p     Process
	notes []string
	exec  []string // ExecStart lines, prefixes taken off
}

func (r *unitReader) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// readSystemd reads a .service; of a .target only which instances it wants.
func readSystemd(text []byte, at Place, p *Project) error {
	base := filepath.Base(at.File)
	if name, ok := strings.CutSuffix(base, ".target"); ok {
		return readTarget(string(text), name, p)
	}
	if name, ok := strings.CutSuffix(base, ".timer"); ok {
		return readTimer(string(text), name, p)
	}
	name := strings.TrimSuffix(strings.TrimSuffix(base, ".service"), "@")
	if stem, n, ok := strings.Cut(name, "@"); ok && n != "" {
		name = stem
	}
	r := &unitReader{at: at, p: fresh(name, at)}
	r.p.Cwd = "/" // systemd's own
	r.p.Restart.Policy = "never"
	for _, l := range unitLines(string(text)) {
		r.line(l[0], l[1], l[2])
	}
	r.command()
	if r.p.Description == r.p.Name {
		r.p.Description = ""
	}
	if strings.HasSuffix(base, "@.service") {
		r.note("a template: instances says how many run, KITT_INSTANCE which one it is")
	}
	p.add(r.p, r.notes...)
	return nil
}

// readTarget counts Wants=web@1.service web@2.service for the processes that are there already.
func readTarget(text, name string, p *Project) error {
	counts := map[string]int{}
	for _, l := range unitLines(text) {
		if l[1] != "Wants" && l[1] != "Requires" {
			continue
		}
		for _, unit := range strings.Fields(l[2]) {
			stem, _, _ := strings.Cut(strings.TrimSuffix(unit, ".service"), "@")
			counts[FitName(unitUnescape(stem))]++
		}
	}
	for i := range p.Processes {
		if n := counts[p.Processes[i].Name]; n > 0 {
			p.Processes[i].Instances = min(n, 1000)
		}
	}
	if p.Name = FitName(unitUnescape(name)); len(p.Processes) == 0 {
		p.note("", "a target alone: name its .service files before it")
	}
	return nil
}

func (r *unitReader) line(section, word, value string) {
	switch section + "." + word {
	case "Unit.Description":
		r.p.Description = r.specifiers(value)
	case "Unit.After", "Unit.Requires", "Unit.Wants", "Unit.BindsTo", "Unit.Requisite":
		r.after(word, value)
	case "Unit.StartLimitBurst":
		if n, err := strconv.Atoi(value); err == nil {
			r.p.Restart.Max = min(max(0, n), 1<<20)
		}
	case "Unit.StartLimitIntervalSec", "Unit.StartLimitInterval", "Service.StartLimitInterval":
		if d, ok := unitTime(value); ok && d > 0 {
			r.p.Restart.Within = d
		} else {
			r.p.Restart.Max = 0
		}
	case "Unit.Documentation", "Unit.Before", "Unit.PartOf", "Install.WantedBy", "Install.Alias", "Install.RequiredBy", "Service.RemainAfterExit", "Service.SyslogIdentifier":
	default:
		if section == "Service" {
			r.service(word, value)
			return
		}
		r.note("%s=%s has no counterpart", word, value)
	}
}

// after makes an order of what is among the files; the rest of a boot is none of kitt's business.
func (r *unitReader) after(word, value string) {
	for _, unit := range strings.Fields(value) {
		name, ok := strings.CutSuffix(unit, ".service")
		stem, _, _ := strings.Cut(name, "@")
		switch {
		case !ok, strings.HasPrefix(stem, "systemd-"), stem == "network", stem == "syslog":
		default:
			if r.p.DependsOn == nil {
				r.p.DependsOn = map[string]string{}
			}
			r.p.DependsOn[unitUnescape(stem)] = "started"
		}
	}
}

var unitPolicies = map[string]string{"no": "never", "always": "always", "on-failure": "on-failure", "on-abnormal": "on-abnormal", "on-abort": "on-abnormal", "on-watchdog": "never", "on-success": "always"}

func (r *unitReader) service(word, value string) {
	switch word {
	case "ExecStart":
		if value == "" {
			r.exec = nil
			return
		}
		r.exec = append(r.exec, value)
	case "Type":
		if value == "forking" || value == "dbus" {
			r.note("Type=%s: kitt runs programs in the foreground; take its option for that", value)
		}
	case "WorkingDirectory":
		dir := strings.TrimPrefix(r.specifiers(value), "-")
		if dir == "~" {
			dir = r.at.Home
		}
		if filepath.IsAbs(dir) {
			r.p.Cwd = dir
		}
	case "Environment":
		r.environment(value)
	case "EnvironmentFile":
		r.p.EnvFile = append(r.p.EnvFile, r.specifiers(value))
		if value == "" {
			r.p.EnvFile = nil
		}
	case "UnsetEnvironment":
		r.p.Unset = append(r.p.Unset, r.words(value)...)
	case "User":
		r.p.User = r.specifiers(value)
	case "Group":
		r.p.Group = r.specifiers(value)
	default:
		if !r.limit(word, value) {
			r.lives(word, value)
		}
	}
}

func (r *unitReader) lives(word, value string) {
	d, isTime := unitTime(value)
	switch word {
	case "UMask":
		if n, err := strconv.ParseUint(value, 8, 32); err == nil && n <= 0o777 {
			mask := int(n)
			r.p.Umask = &mask
		}
	case "Restart":
		if r.p.Restart.Policy = unitPolicies[value]; r.p.Restart.Policy == "" {
			r.p.Restart.Policy = "never"
		}
		if value == "on-success" || value == "on-watchdog" || value == "on-abort" {
			r.note("Restart=%s becomes restart.policy %s", value, r.p.Restart.Policy)
		}
	case "RestartSec":
		if isTime {
			r.p.Restart.BackoffMin = d
			r.p.Restart.BackoffMax = max(d, r.p.Restart.BackoffMax)
		}
	case "RestartMaxDelaySec":
		if isTime {
			r.p.Restart.BackoffMax = max(d, r.p.Restart.BackoffMin)
		}
	case "SuccessExitStatus", "RestartPreventExitStatus":
		for _, one := range strings.Fields(value) {
			if n, err := strconv.Atoi(one); err == nil && n != 0 {
				r.p.Restart.DoneCodes = sortedCodes(append(r.p.Restart.DoneCodes, n))
			}
		}
	case "KillSignal":
		if sig, ok := spec.ParseSignal(value); ok {
			r.p.Stop.Signal = sig
		}
	case "TimeoutStopSec", "TimeoutSec":
		if isTime {
			r.p.Stop.Timeout = d
		}
	case "KillMode":
		if value == "process" || value == "none" {
			r.p.Stop.KillMode = "process"
		}
	case "ExecStop":
		if words := r.words(strings.TrimLeft(value, "@-:+!")); len(words) > 0 {
			r.p.Stop.Command = shellAgain(words)
		}
		if strings.Contains(value, "$MAINPID") {
			r.p.Stop.Command = nil
			r.note("ExecStop=%s: kitt's stop signals it anyway", value)
		}
	case "StandardOutput", "StandardError":
		r.output(word, value)
	case "RestartSteps", "TimeoutStartSec":
	default:
		r.note("%s=%s has no counterpart", word, value)
	}
}

func (r *unitReader) output(word, value string) {
	kind, file, _ := strings.Cut(value, ":")
	switch {
	case (kind == "file" || kind == "append" || kind == "truncate") && filepath.IsAbs(file):
		if file = r.specifiers(file); word == "StandardOutput" {
			r.p.Log.Out = file
		} else {
			r.p.Log.Err = file
		}
	case kind == "null" && word == "StandardOutput":
		r.p.Log.Off = true
	}
}

func (r *unitReader) environment(value string) {
	if value == "" {
		r.p.Env = map[string]string{}
	}
	for _, w := range r.words(value) {
		if name, v, ok := strings.Cut(w, "="); ok {
			r.p.Env[name] = v
		}
	}
}

func (r *unitReader) words(value string) (out []string) {
	for _, w := range unitWords(value) {
		out = append(out, r.specifiers(w))
	}
	return out
}

// specifiers puts in what % stands for.
func (r *unitReader) specifiers(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		i++
		switch text[i] {
		case '%':
			b.WriteByte('%')
		case 'n', 'N', 'p', 'P':
			b.WriteString(r.p.Name)
		case 'h':
			b.WriteString(r.at.Home)
		case 'i', 'I':
			b.WriteString("1")
			r.note("%%%c is 1 here for all instances; instance.n says which one it is", text[i])
		default:
			b.WriteString(text[i-1 : i+1])
			r.note("%%%c has no counterpart", text[i])
		}
	}
	return b.String()
}

// unitTime reads systemd's spans: 5, 5s, 1min 30s, 500ms. infinity is a year.
func unitTime(text string) (time.Duration, bool) {
	if text == "infinity" {
		return 8760 * time.Hour, true
	}
	units := map[string]time.Duration{"": time.Second, "s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
		"ms": time.Millisecond, "msec": time.Millisecond, "us": time.Microsecond, "usec": time.Microsecond, "m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
		"h": time.Hour, "hr": time.Hour, "hour": time.Hour, "hours": time.Hour, "d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour}
	total, rest := time.Duration(0), strings.TrimSpace(text)
	if rest == "" {
		return 0, false
	}
	for rest != "" {
		i := len(rest) - len(strings.TrimLeft(rest, "0123456789."))
		n, err := strconv.ParseFloat(rest[:i], 64)
		rest = strings.TrimLeft(rest[i:], " ")
		j := len(rest) - len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz"))
		unit, ok := units[rest[:j]]
		if err != nil || !ok || n*float64(unit) > float64(1000*24*time.Hour) {
			return 0, false
		}
		total += time.Duration(n * float64(unit))
		rest = strings.TrimLeft(rest[j:], " ")
	}
	return min(total, 1000*24*time.Hour), true
}
