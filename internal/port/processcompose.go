package port

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A pcReader reads one process of a process-compose file.
type pcReader struct {
	at    Place
	p     Process
	notes []string
}

func (r *pcReader) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// readProcessCompose reads a process-compose.yaml.
func readProcessCompose(text []byte, at Place, p *Project) error {
	root, err := parseYAML(text)
	if err != nil {
		return err
	}
	processes := root.get("processes")
	if !processes.isMap() {
		return errors.New("read process-compose file: no processes in it")
	}
	words, top := root.members()
	for _, word := range words {
		switch word {
		case "processes", "version", "environment", "is_strict", "log_level", "log_length", "name", "env_file":
		default:
			p.note("", "%s has no counterpart", word)
		}
	}
	p.Name = composeProject(root, p.Name)
	names, all := processes.members()
	for _, name := range names {
		r := &pcReader{at: at, p: fresh(name, at)}
		r.environment(top["environment"])
		r.process(all[name])
		p.add(r.p, r.notes...)
	}
	return nil
}

func (r *pcReader) process(v value) {
	r.p.Restart.Policy = "never" // its own
	words, fields := v.members()
	for _, word := range words {
		if f := fields[word]; f.given() {
			r.field(word, f)
		}
	}
}

func (r *pcReader) field(word string, v value) {
	switch word {
	case "command":
		if line := r.dollars(v.text()); line != "" {
			r.p.Command = spec.ShellCommand(line)
		}
	case "entrypoint":
		r.p.Command = shellAgain(v.texts())
	case "working_dir":
		r.p.Cwd = r.at.resolve(r.dollars(v.text()))
	case "environment":
		r.environment(v)
	case "env_file":
		for _, f := range v.texts() {
			r.p.EnvFile = append(r.p.EnvFile, r.at.resolve(f))
		}
	case "availability":
		r.availability(v)
	case "depends_on":
		r.dependsOn(v)
	case "shutdown":
		r.shutdown(v)
	case "replicas":
		if n, ok := v.number(); ok {
			r.p.Instances = n
		}
	case "disabled":
		r.p.Held = v.yes()
	case "namespace":
		if r.p.Namespace = v.text(); r.p.Namespace == "default" {
			r.p.Namespace = ""
		}
	case "description":
		r.p.Description = v.text()
	case "log_location":
		r.p.Log.Combined = r.at.resolve(r.dollars(v.text()))
	case "schedule":
		r.schedule(v)
	case "readiness_probe":
		r.probe(word, &r.p.Ready.Probe, v)
	case "liveness_probe":
		r.probe(word, &r.p.Alive.Probe, v)
	case "ready_log_line":
		r.logLine(v)
	case "is_tty", "disable_ansi_colors", "is_elevated":
	default:
		r.note("%s has no counterpart", word)
	}
}

// dollars reads $$ as $, as process-compose does; the shell looks the rest up.
func (r *pcReader) dollars(text string) string {
	if strings.Contains(text, "{{") {
		r.note("a template {{ }} is not filled in")
	}
	return strings.ReplaceAll(text, "$$", "$")
}

func (r *pcReader) environment(v value) {
	for _, one := range v.list() {
		name, text, given := strings.Cut(one.text(), "=")
		if !given {
			continue
		}
		out, missing := interpolate(text, r.at.Env)
		for _, m := range missing {
			r.note("%s is not set: empty here", m)
		}
		r.p.Env[name] = out
	}
}

var pcPolicies = map[string]string{"always": "always", "on_failure": "on-failure", "exit_on_failure": "never", "exit_on_end": "never", "no": "never", "": "never"}

func (r *pcReader) availability(v value) {
	words, fields := v.members()
	for _, word := range words {
		f := fields[word]
		n, isNumber := f.number()
		switch {
		case word == "restart":
			policy, known := pcPolicies[f.text()]
			if r.p.Restart.Policy = policy; !known {
				r.p.Restart.Policy = "never"
			}
			if strings.HasPrefix(f.text(), "exit_on") {
				r.note("restart: %s: what ends here ends nothing else", f.text())
			}
		case word == "backoff_seconds" && isNumber:
			r.p.Restart.BackoffMin = seconds(n)
			r.p.Restart.BackoffMax = max(r.p.Restart.BackoffMax, seconds(n))
		case word == "max_restarts" && isNumber:
			r.p.Restart.Max = n
		default:
			r.note("availability.%s has no counterpart", word)
		}
	}
}

var pcConditions = map[string]string{"": "started", "process_started": "started", "process_healthy": "healthy", "process_log_ready": "ready", "process_completed": "completed", "process_completed_successfully": "completed"}

func (r *pcReader) dependsOn(v value) {
	r.p.DependsOn = map[string]string{}
	names, values := v.members()
	for _, name := range names {
		text := values[name].get("condition").text()
		condition, known := pcConditions[text]
		if !known {
			condition = "started"
		}
		if !known || text == "process_log_ready" {
			r.note("depends_on %s: %s has no counterpart", name, text)
		}
		r.p.DependsOn[name] = condition
	}
}

func (r *pcReader) shutdown(v value) {
	if line := v.get("command").text(); line != "" {
		r.p.Stop.Command = spec.ShellCommand(r.dollars(line))
	}
	if n, ok := v.get("timeout_seconds").number(); ok && n > 0 {
		r.p.Stop.Timeout = min(seconds(n), 8760*time.Hour)
	}
	if text := v.get("signal").text(); text != "" {
		if sig, ok := spec.ParseSignal(numbered(text)); ok {
			r.p.Stop.Signal = sig
		} else {
			r.note("shutdown.signal %s is not known here", text)
		}
	}
	if v.get("parent_only").yes() {
		r.p.Stop.KillMode = "process"
	}
}

// numbered names the signals whose numbers are the same everywhere.
func numbered(text string) string {
	n, err := strconv.Atoi(text)
	if name, ok := map[int]string{1: "HUP", 2: "INT", 3: "QUIT", 6: "ABRT", 9: "KILL", 14: "ALRM", 15: "TERM"}[n]; ok && err == nil {
		return name
	}
	return text
}
