package port

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// writeSupervisor is a conf with a [program] for each process.
func writeSupervisor(s *Project) []File {
	var b strings.Builder
	for i, p := range s.Processes {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "[program:%s]\n", p.Name)
		for _, f := range supervisorFields(s, p) {
			b.WriteString(f + "\n")
		}
	}
	return []File{{s.Name + ".conf", []byte(b.String())}}
}

func pct(text string) string { return strings.ReplaceAll(text, "%", "%%") }

func supervisorFields(s *Project, p Process) (out []string) {
	set := func(word, value string) {
		if uncomment(value) != value || strings.ContainsAny(value, "\n\r") {
			s.note(p.Name, "%s holds line breaks, or what supervisor takes for a comment: %s", word, value)
			value = strings.NewReplacer("\r", " ", "\n", "\n ").Replace(value)
		}
		out = append(out, word+"="+value)
	}
	set("command", pct(quoteShlex(p.Command)))
	set("directory", pct(p.Cwd))
	if p.Instances != 1 {
		set("numprocs", strconv.Itoa(p.Instances))
		set("process_name", "%(program_name)s_%(process_num)02d")
	}
	var env []string
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		one := name + `="` + pct(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.Env[name])) + `"`
		if uncomment(one) != one || strings.ContainsAny(one, "\n\r") {
			s.note(p.Name, "environment cannot hold %s: it has a line break, or what supervisor takes for a comment", name)
			continue
		}
		env = append(env, one)
	}
	for name, base := range p.Step {
		s.note(p.Name, "%s is %d for all instances: supervisor does not count up", name, base)
	}
	if len(env) > 0 {
		set("environment", strings.Join(env, ","))
	}
	if p.User != "" {
		set("user", p.User)
	}
	if p.Umask != nil {
		set("umask", fmt.Sprintf("%03o", *p.Umask))
	}
	set("autostart", strconv.FormatBool(!p.Held))
	out = append(out, supervisorLives(s, p)...)
	return append(out, supervisorLogs(p)...)
}

func supervisorLives(s *Project, p Process) (out []string) {
	set := func(word, value string) { out = append(out, word+"="+value) }
	re := p.Restart
	codes := re.DoneCodes
	if re.Policy == "on-failure" || re.Policy == "on-abnormal" {
		codes = append([]int{0}, codes...)
	}
	if re.Policy == "on-abnormal" {
		s.note(p.Name, "restart.policy on-abnormal becomes on-failure")
	}
	switch {
	case re.Policy == "never":
		set("autorestart", "false")
	case len(codes) == 0:
		set("autorestart", "true")
	default:
		words := make([]string, len(codes))
		for i, c := range codes {
			words[i] = strconv.Itoa(c)
		}
		set("autorestart", "unexpected")
		set("exitcodes", strings.Join(words, ","))
	}
	if re.Max > 0 {
		set("startretries", strconv.Itoa(re.Max-1))
		set("startsecs", strconv.Itoa(int(re.MinUptime/time.Second)))
	} else {
		set("startretries", "1000000")
	}
	set("stopsignal", strings.TrimPrefix(p.Stop.Signal, "SIG"))
	set("stopwaitsecs", strconv.Itoa(int((p.Stop.Timeout+time.Second-1)/time.Second)))
	whole := strconv.FormatBool(p.Stop.KillMode != "process")
	set("stopasgroup", whole)
	set("killasgroup", whole)
	return out
}

func supervisorLogs(p Process) (out []string) {
	set := func(word, value string) { out = append(out, word+"="+value) }
	l := p.Log
	switch {
	case l.Combined != "":
		set("redirect_stderr", "true")
		set("stdout_logfile", pct(l.Combined))
	case l.Off:
		set("stdout_logfile", "NONE")
		set("stderr_logfile", "NONE")
	default:
		for word, file := range map[string]string{"stdout_logfile": l.Out, "stderr_logfile": l.Err} {
			if file != "" {
				set(word, pct(filepath.Clean(file)))
			}
		}
		slices.Sort(out)
	}
	set("stdout_logfile_maxbytes", strconv.FormatInt(l.MaxSize, 10))
	set("stdout_logfile_backups", strconv.Itoa(l.Keep))
	set("stderr_logfile_maxbytes", strconv.FormatInt(l.MaxSize, 10))
	set("stderr_logfile_backups", strconv.Itoa(l.Keep))
	return out
}
