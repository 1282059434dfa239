package port

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A section is one [section] of an ini file.
type section struct {
	name   string
	keys   []string // in the order of the file
	values map[string]string
}

// parseINI reads an ini file as supervisor does: continuation lines are indented, comments begin with ; or #,
// or with a space and ; within a line.
func parseINI(text string) (out []section) {
	var last string
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == ';' || trimmed[0] == '#':
			continue
		case trimmed[0] == '[' && strings.Contains(trimmed, "]"):
			out = append(out, section{name: strings.TrimSpace(trimmed[1:strings.IndexByte(trimmed, ']')]), values: map[string]string{}})
			last = ""
			continue
		case len(out) == 0:
			continue
		}
		s := &out[len(out)-1]
		if (line[0] == ' ' || line[0] == '\t') && last != "" {
			s.values[last] += "\n" + uncomment(trimmed)
			continue
		}
		i := strings.IndexAny(trimmed, "=:")
		if i < 0 {
			continue
		}
		last = strings.ToLower(strings.TrimSpace(trimmed[:i]))
		s.keys = append(s.keys, last)
		s.values[last] = uncomment(strings.TrimSpace(trimmed[i+1:]))
	}
	return out
}

func uncomment(value string) string {
	for _, mark := range []string{" ;", "\t;", " #", "\t#"} {
		if i := strings.Index(value, mark); i >= 0 {
			value = value[:i]
		}
	}
	return strings.TrimSpace(value)
}

// readSupervisor reads a supervisord.conf, or a part of one.
func readSupervisor(text []byte, at Place, p *Project) error {
	sections := parseINI(string(text))
	shared, groups := map[string]string{}, map[string]string{}
	for _, s := range sections {
		kind, name, _ := strings.Cut(s.name, ":")
		switch kind {
		case "supervisord":
			shared = supervisorEnv(s.values["environment"], at, nil, p)
		case "group":
			for _, member := range strings.Split(s.values["programs"], ",") {
				groups[strings.TrimSpace(member)] = name
			}
		case "include":
			p.note("", "[include] %s: name these files too", s.values["files"])
		case "eventlistener", "fcgi-program":
			p.note("", "[%s] has no counterpart: left out", s.name)
		}
	}
	for _, s := range sections {
		kind, name, _ := strings.Cut(s.name, ":")
		if kind != "program" {
			continue
		}
		r := &supervisorReader{section: s, at: at, out: p, p: fresh(name, at), expand: map[string]string{"program_name": name, "group_name": groups[name]}}
		r.p.Namespace = groups[name]
		maps.Copy(r.p.Env, shared)
		r.read()
		p.add(r.p, r.notes...)
	}
	return nil
}

type supervisorReader struct {
	section
	at     Place
	out    *Project
	p      Process
	notes  []string
	expand map[string]string
}

func (r *supervisorReader) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

var percent = regexp.MustCompile(`%(?:%|\(([A-Za-z0-9_]+)\)0?\d*[sd])`)

// expanded puts in what %(…)s stands for. What is not known stays, and is told.
func expanded(value string, at Place, known map[string]string, note func(string, ...any)) string {
	return percent.ReplaceAllStringFunc(value, func(found string) string {
		m := percent.FindStringSubmatch(found)
		name := m[1]
		env, isEnv := strings.CutPrefix(name, "ENV_")
		switch {
		case found == "%%":
			return "%"
		case name == "here":
			return at.dir()
		case isEnv:
			if v, ok := at.Env[env]; ok {
				return v
			}
		default:
			if v, ok := known[name]; ok {
				return v
			}
		}
		note("%s has no counterpart", found)
		return found
	})
}

func (r *supervisorReader) get(word string) string {
	return expanded(r.values[word], r.at, r.expand, r.note)
}

func (r *supervisorReader) number(word string) (int, bool) {
	v, given := r.values[word]
	n, err := strconv.Atoi(v)
	if given && (err != nil || n < 0) {
		r.note("%s = %s is not a number", word, v)
	}
	return n, given && err == nil && n >= 0
}

func (r *supervisorReader) yes(word string) bool {
	return slices.Contains([]string{"true", "yes", "on", "1"}, strings.ToLower(r.values[word]))
}

// supervisorSilent are fields that say nothing that kitt does not do by itself.
var supervisorSilent = strings.Fields("command process_name numprocs numprocs_start directory environment user umask autostart autorestart exitcodes " +
	"startsecs startretries stopsignal stopwaitsecs stopasgroup killasgroup redirect_stderr stdout_logfile stderr_logfile " +
	"stdout_logfile_maxbytes stderr_logfile_maxbytes stdout_logfile_backups stderr_logfile_backups")

func (r *supervisorReader) read() {
	if n, ok := r.number("numprocs"); ok {
		r.p.Instances = n
	}
	if strings.Contains(r.values["command"]+r.values["environment"]+r.values["directory"], "%(process_num)") {
		first, _ := r.number("numprocs_start")
		r.expand["process_num"] = strconv.Itoa(first)
		if r.p.Instances > 1 {
			r.note("%%(process_num) is %d for all instances here; instance.n counts from 1", first)
		}
	}
	words, err := splitWords(r.get("command"))
	if err != nil {
		r.note("command: %s", err)
	}
	r.p.Command = shellAgain(words)
	if dir := r.get("directory"); dir != "" {
		r.p.Cwd = r.at.resolve(dir)
	}
	maps.Copy(r.p.Env, supervisorEnv(r.values["environment"], r.at, r.expand, r.out))
	r.p.User = r.get("user")
	if text, ok := r.values["umask"]; ok {
		if n, err := strconv.ParseUint(text, 8, 32); err == nil && n <= 0o777 {
			mask := int(n)
			r.p.Umask = &mask
		}
	}
	r.lives()
	r.logs()
	for _, word := range r.keys {
		if !slices.Contains(supervisorSilent, word) {
			r.note("%s = %s has no counterpart", word, r.values[word])
		}
	}
}

// shellAgain makes `/bin/sh -c LINE` of words the command that kitt.hcl has as a line.
func shellAgain(words []string) []string {
	if len(words) == 3 && words[0] == "/bin/sh" && words[1] == "-c" {
		return spec.ShellCommand(words[2])
	}
	return words
}

func (r *supervisorReader) lives() {
	r.p.Held = r.values["autostart"] != "" && !r.yes("autostart")
	codes := []int{0}
	if text, ok := r.values["exitcodes"]; ok {
		codes = nil
		for _, one := range strings.Split(text, ",") {
			if n, err := strconv.Atoi(strings.TrimSpace(one)); err == nil {
				codes = append(codes, n)
			}
		}
	}
	switch text := strings.ToLower(r.values["autorestart"]); {
	case r.yes("autorestart"):
	case text == "" || text == "unexpected":
		if slices.Contains(codes, 0) {
			r.p.Restart.Policy = "on-failure"
		}
		r.p.Restart.DoneCodes = sortedCodes(slices.DeleteFunc(codes, func(n int) bool { return n == 0 }))
	default:
		r.p.Restart.Policy = "never"
	}
	if n, ok := r.number("startretries"); ok && n < 1_000_000 {
		r.p.Restart.Max, r.p.Restart.MinUptime = n+1, time.Second
		if s, ok := r.number("startsecs"); ok {
			r.p.Restart.MinUptime = seconds(s)
		}
	}
	if name := r.values["stopsignal"]; name != "" {
		if sig, ok := spec.ParseSignal(name); ok {
			r.p.Stop.Signal = sig
		} else {
			r.note("stopsignal = %s is not a signal", name)
		}
	}
	if n, ok := r.number("stopwaitsecs"); ok {
		r.p.Stop.Timeout = seconds(n)
	}
	if r.values["stopasgroup"] != "" && r.values["killasgroup"] != "" && !r.yes("stopasgroup") && !r.yes("killasgroup") {
		r.p.Stop.KillMode = "process" // where it says nothing, kitt's own way is the better one
	}
}

func sortedCodes(codes []int) []int {
	slices.Sort(codes)
	if codes = slices.Compact(codes); len(codes) == 0 {
		return nil
	}
	return codes
}

// seconds is a duration of at most a few years, whatever a file says.
func seconds(n int) time.Duration { return time.Duration(min(n, 1<<27)) * time.Second }

func (r *supervisorReader) logs() {
	file := func(word string) string {
		name := r.get(word)
		if name == "" || slices.Contains([]string{"NONE", "AUTO", "/dev/null", "/dev/stdout", "/dev/stderr", "/dev/fd/1", "/dev/fd/2", "syslog"}, name) {
			return ""
		}
		return r.at.resolve(name)
	}
	l := &r.p.Log
	l.Out, l.Err = file("stdout_logfile"), file("stderr_logfile")
	if r.yes("redirect_stderr") {
		l.Out, l.Err, l.Combined = "", "", l.Out
	}
	if n, ok := supervisorSize(r.values["stdout_logfile_maxbytes"]); ok && n > 0 {
		l.MaxSize = n
	}
	if n, ok := r.number("stdout_logfile_backups"); ok {
		l.Keep = n
	}
	for _, word := range []string{"stderr_logfile_maxbytes", "stderr_logfile_backups"} {
		if other := r.values[strings.Replace(word, "stderr", "stdout", 1)]; r.values[word] != "" && r.values[word] != other {
			r.note("%s: both streams have the limits of stdout", word)
		}
	}
}

func supervisorSize(text string) (int64, bool) {
	unit := int64(1)
	upper := strings.ToUpper(strings.TrimSpace(text))
	for suffix, u := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if cut, ok := strings.CutSuffix(upper, suffix); ok {
			upper, unit = strings.TrimSpace(cut), u
		}
	}
	n, err := strconv.ParseInt(upper, 10, 32)
	return n * unit, err == nil && n >= 0
}

// supervisorEnv reads KEY="value",KEY2=value.
func supervisorEnv(text string, at Place, known map[string]string, p *Project) map[string]string {
	out := map[string]string{}
	note := func(format string, args ...any) { p.note("", "environment: "+format, args...) }
	for len(text) > 0 {
		text = strings.TrimLeft(text, " \t\r\n,")
		i := strings.IndexByte(text, '=')
		if i < 0 {
			break
		}
		name := strings.TrimSpace(text[:i])
		text = strings.TrimLeft(text[i+1:], " \t\r\n")
		var value strings.Builder
		quote := byte(0)
		j := 0
		for ; j < len(text); j++ {
			c := text[j]
			switch {
			case c == '\\' && quote != '\'' && j+1 < len(text):
				j++
				if quote == '"' && text[j] != '"' && text[j] != '\\' {
					value.WriteByte('\\')
				}
				value.WriteByte(text[j])
				continue
			case quote == 0 && (c == '"' || c == '\''):
				quote = c
				continue
			case c == quote && quote != 0:
				quote = 0
				continue
			}
			if quote == 0 && (c == ',' || c == '\n') {
				break
			}
			value.WriteByte(c)
		}
		text = text[j:]
		if name != "" {
			out[name] = expanded(value.String(), at, known, note)
		}
	}
	return out
}
