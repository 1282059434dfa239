package port

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A composeReader reads one service of a compose file.
type composeReader struct {
	at    Place
	p     Process
	notes []string
}

func (r *composeReader) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// readCompose reads the services that say their command. What an image brings along cannot be known here.
func readCompose(text []byte, at Place, p *Project) error {
	root, err := parseYAML(text)
	if err != nil {
		return err
	}
	services := root.get("services")
	if !services.isMap() {
		return errors.New("read compose file: no services in it")
	}
	p.Name = composeProject(root, p.Name)
	names, all := services.members()
	for _, name := range names {
		s := all[name]
		r := &composeReader{at: at, p: fresh(name, at)}
		r.service(s)
		if len(r.p.Command) == 0 {
			p.note("", "%s: what it runs is in its image: left out", name)
			continue
		}
		p.add(r.p, r.notes...)
	}
	return nil
}

func composeProject(root value, or string) string {
	if name := root.get("name").text(); name != "" {
		return FitName(name)
	}
	return or
}

func (r *composeReader) service(s value) {
	r.p.Restart.Policy = "never" // compose's own
	words, fields := s.members()
	r.p.Command = shellAgain(append(r.words(fields["entrypoint"]), r.words(fields["command"])...))
	for _, word := range words {
		if v := fields[word]; v.given() {
			r.field(word, v)
		}
	}
}

// words are argv: a list as it is, text split as compose does, without a shell.
func (r *composeReader) words(v value) (out []string) {
	if v.isList() {
		for _, one := range v.texts() {
			out = append(out, r.expand(one))
		}
		return out
	}
	out, err := splitWords(r.expand(v.text()))
	if err != nil {
		r.note("command: %s", err)
	}
	return out
}

func (r *composeReader) field(word string, v value) {
	switch word {
	case "command", "entrypoint":
	case "image", "build":
		if !strings.Contains(v.text(), imageWanted) {
			r.note("%s: it runs on this machine, not in a container", word)
		}
	case "working_dir":
		r.p.Cwd = r.at.resolve(r.expand(v.text()))
	case "environment":
		r.environment(v)
	case "env_file":
		r.envFile(v)
	case "user":
		r.p.User, r.p.Group, _ = strings.Cut(r.expand(v.text()), ":")
	case "restart":
		r.restart(r.expand(v.text()))
	case "scale":
		r.count(v)
	case "deploy":
		r.deploy(v)
	case "depends_on":
		r.dependsOn(v)
	case "stop_signal":
		if sig, ok := spec.ParseSignal(r.expand(v.text())); ok {
			r.p.Stop.Signal = sig
		}
	case "stop_grace_period":
		if d, err := time.ParseDuration(r.expand(v.text())); err == nil {
			r.p.Stop.Timeout = d
		}
	case "healthcheck":
		r.healthcheck(v)
	case "ulimits", "mem_limit", "cpus":
		r.limit(word, v)
	case "container_name", "hostname", "init", "tty", "stdin_open", "pull_policy", "platform":
	default:
		r.note("%s has no counterpart", word)
	}
}

func (r *composeReader) count(v value) {
	if n, ok := v.number(); ok {
		r.p.Instances = n
	}
}

func (r *composeReader) environment(v value) {
	set := func(name, value string, given bool) {
		if given {
			r.p.Env[name] = r.expand(value)
		} // without a value it is the shell's, which kitt hands down
	}
	if v.isList() {
		for _, one := range v.texts() {
			name, value, given := strings.Cut(one, "=")
			set(name, value, given)
		}
		return
	}
	names, values := v.members()
	for _, name := range names {
		set(name, values[name].text(), values[name].given())
	}
}

func (r *composeReader) envFile(v value) {
	for _, one := range v.list() {
		path, optional := one.text(), false
		if one.isMap() {
			path, optional = one.get("path").text(), one.get("required").text() == "false"
		}
		if path == "" {
			continue
		}
		path = r.at.resolve(r.expand(path))
		if optional {
			path = "-" + path
		}
		r.p.EnvFile = append(r.p.EnvFile, path)
	}
}

func (r *composeReader) restart(text string) {
	policy, count, _ := strings.Cut(text, ":")
	switch policy {
	case "always", "unless-stopped":
		r.p.Restart.Policy = "always"
	case "on-failure":
		r.p.Restart.Policy = "on-failure"
		if n, err := strconv.Atoi(count); err == nil {
			r.p.Restart.Max = min(max(0, n), 1<<20)
		}
	}
}

func (r *composeReader) deploy(v value) {
	r.count(v.get("replicas"))
	words, _ := v.members()
	for _, word := range words {
		switch word {
		case "replicas":
		case "resources":
			r.resources(v.get(word))
		default:
			r.note("deploy.%s has no counterpart", word)
		}
	}
}

var composeConditions = map[string]string{"": "started", "service_started": "started", "service_healthy": "healthy", "service_completed_successfully": "completed"}

func (r *composeReader) dependsOn(v value) {
	r.p.DependsOn = map[string]string{}
	if !v.isMap() {
		for _, name := range v.texts() {
			r.p.DependsOn[name] = "started"
		}
		return
	}
	names, values := v.members()
	for _, name := range names {
		condition, known := composeConditions[values[name].get("condition").text()]
		if !known {
			condition = "started"
			r.note("depends_on %s: its condition has no counterpart", name)
		}
		r.p.DependsOn[name] = condition
	}
}

// expand looks variables up: $NAME, ${NAME}, ${NAME:-or}, ${NAME-or}, ${NAME:+other}; $$ is $.
func (r *composeReader) expand(text string) string {
	out, missing := interpolate(text, r.at.Env)
	for _, name := range missing {
		r.note("%s is not set: empty here", name)
	}
	return out
}

func interpolate(text string, env map[string]string) (out string, missing []string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		rest := text[i+1:]
		n := 0
		for n < len(rest) && isName(rest[:n+1]) {
			n++
		}
		end := strings.IndexByte(rest, '}')
		switch {
		case rest[0] == '$':
			b.WriteByte('$')
			i++
		case rest[0] == '{' && end > 0:
			value, ok := interpolated(rest[1:end], env)
			if b.WriteString(value); !ok {
				missing = append(missing, rest[1:end])
			}
			i += end + 1
		case n > 0:
			if b.WriteString(env[rest[:n]]); env[rest[:n]] == "" {
				missing = append(missing, rest[:n])
			}
			i += n
		default:
			b.WriteByte('$')
		}
	}
	return b.String(), missing
}

func interpolated(inner string, env map[string]string) (string, bool) {
	i := strings.IndexAny(inner, ":-?+")
	if i < 0 {
		v, ok := env[inner]
		return v, ok
	}
	v, set := env[inner[:i]]
	op := strings.TrimPrefix(inner[i:], ":")
	if strings.HasPrefix(inner[i:], ":") {
		set = v != ""
	}
	switch {
	case op == "":
		return "", false
	case op[0] == '+' && set:
		return op[1:], true
	case op[0] == '+':
		return "", true
	case set:
		return v, true
	case op[0] == '-':
		return op[1:], true
	}
	return "", false
}
