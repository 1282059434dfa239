package port

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"kitt.sh/spec"
)

// writeProcfile is a line for each process, and a .env of the variables that mean the same to all that have them.
func writeProcfile(s *Project) []File {
	var b, env strings.Builder
	name := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	var counts []string
	for _, p := range s.Processes {
		line, ok := procLine(s, p)
		if !ok {
			continue
		}
		if fit := procName(p.Name); !name.MatchString(p.Name) {
			s.note(p.Name, "a Procfile has letters, digits, _ and -: it is called %s", fit)
			p.Name = fit
		}
		fmt.Fprintf(&b, "%s: %s\n", p.Name, line)
		if n := p.Instances; n != 1 || p.Held {
			if p.Held {
				n = 0
			}
			counts = append(counts, fmt.Sprintf("%s=%d", p.Name, n))
		}
		procWithout(s, p)
	}
	if len(counts) > 0 {
		s.note("", "a Procfile has no number of instances: --formation %s", strings.Join(counts, ","))
	}
	shared := procEnv(s)
	for _, key := range slices.Sorted(maps.Keys(shared)) {
		if text, ok := dotenvLine(key, shared[key]); ok {
			env.WriteString(text)
		} else {
			s.note("", "%s holds all three kinds of quotes, or a line break beside a backslash: not in .env", key)
		}
	}
	out := []File{{"Procfile", []byte(b.String())}}
	if env.Len() > 0 {
		out = append(out, File{".env", []byte(env.String())})
	}
	return out
}

func procName(name string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x80 && (c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return c
		}
		return '-'
	}, name)
}

// procLine is the command in one line of a shell's.
func procLine(s *Project, p Process) (string, bool) {
	line, ok := spec.ShellLine(p.Command)
	if !ok {
		line = spec.QuoteWords(p.Command)
	}
	if p.Cwd != s.dir {
		line = "cd " + spec.QuoteWords([]string{p.Cwd}) + " && " + line
	}
	if strings.ContainsAny(line, "\n\r") {
		s.note(p.Name, "its command has line breaks, which no Procfile holds: left out")
		return "", false
	}
	return strings.TrimSpace(line), true
}

// procEnv are the variables of all processes; where two want different values, none is taken.
func procEnv(s *Project) map[string]string {
	out, differ := map[string]string{}, map[string]bool{}
	for _, p := range s.Processes {
		for name, value := range p.Env {
			if have, ok := out[name]; ok && have != value {
				differ[name] = true
			}
			out[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(differ)) {
		s.note("", "%s differs from process to process; a Procfile has one .env: left out", name)
		delete(out, name)
	}
	if _, ok := out["PORT"]; ok {
		s.note("", "PORT comes from whoever reads the Procfile: left out")
		delete(out, "PORT")
	}
	return out
}

// dotenvLine writes one assignment that npm's dotenv and its likes read back.
func dotenvLine(name, value string) (string, bool) {
	plain := regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]*$`)
	switch {
	case !regexp.MustCompile(`^[\w.-]+$`).MatchString(name):
		return "", false
	case plain.MatchString(value):
		return name + "=" + value + "\n", true
	case !strings.ContainsAny(value, "'\r") && !strings.HasSuffix(value, `\`):
		return name + "='" + value + "'\n", true
	case !strings.ContainsAny(value, "`\r") && !strings.HasSuffix(value, `\`):
		return name + "=`" + value + "`\n", true
	case !strings.ContainsAny(value, "#\r\n") && strings.TrimSpace(value) == value && !strings.ContainsAny(value[:1], "'\"`"):
		return name + "=" + value + "\n", true
	case !strings.ContainsAny(value, "\"\\"):
		return name + `="` + strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(value) + "\"\n", true
	}
	return "", false
}

func procWithout(s *Project, p Process) {
	d := spec.Defaults()
	lost := []string{}
	say := func(differs bool, word string) {
		if differs {
			lost = append(lost, word)
		}
	}
	say(p.Restart.Policy != d.Restart.Policy && p.Name != "release", "restart.policy "+p.Restart.Policy)
	say(p.Stop.Signal != d.Stop.Signal, "stop.signal "+p.Stop.Signal)
	say(p.Stop.Timeout != d.Stop.Timeout, "stop.timeout "+p.Stop.Timeout.String())
	say(p.User+p.Group != "", "user and group")
	say(p.Umask != nil, "umask")
	say(p.Log.Out+p.Log.Err+p.Log.Combined != "", "log files")
	say(p.Restart.Max > 0 || len(p.Restart.DoneCodes) > 0, "limits of restarts")
	if len(p.DependsOn) > 0 && !(len(p.DependsOn) == 1 && p.DependsOn["release"] == "completed") {
		lost = append(lost, "depends_on")
	}
	if len(lost) > 0 {
		s.note(p.Name, "a Procfile has no word for %s", listed(lost))
	}
}
