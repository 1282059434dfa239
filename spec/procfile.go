package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

const (
	firstPort = 5000 // foreman's base
	portStep  = 100  // and its distance between processes
	airPlay   = 7000 // where macOS listens, besides firstPort
	release   = "release"
)

var procLine = regexp.MustCompile(`^([A-Za-z0-9_-]+):\s*(.+)$`)

// A command is one line of a Procfile.
type command struct {
	name, text string
	at         Pos
}

// procfile reads a Procfile with the .env beside it.
func (r *reading) procfile(file, text string) {
	if r.req.Profile != "" {
		r.warn(Pos{File: file}, "write a kitt.hcl with procfile = \"Procfile\" and a profile block",
			"a Procfile has no profile %q", r.req.Profile)
	}
	dir := filepath.Dir(file)
	settings, _ := r.dotenvFile(filepath.Join(dir, ".env"))
	r.spec.Processes = r.procfileProcesses(file, text, filepath.Join(dir, ".env"), settings)
}

// procfileProcesses makes processes of the lines of text; settings of envFile are the environment of each.
func (r *reading) procfileProcesses(file, text, envFile string, settings []setting) []Process {
	commands := r.commands(file, text)
	env, origins := map[string]string{}, map[string]Pos{}
	for _, s := range settings {
		env[s.name], origins["env."+s.name] = s.value, Pos{envFile, s.line, 0}
	}
	base, asked := r.basePort(env, origins)
	delete(env, "PORT")
	out := []Process{}
	for i, c := range commands {
		p := Defaults()
		p.Name, p.Command, p.Cwd = c.name, shellCommand(c.text), filepath.Dir(file)
		p.Env, p.Origins, p.Origin = maps.Clone(env), maps.Clone(origins), c.at
		p.Origins["command"] = c.at
		p.Step = map[string]int{"PORT": linePort(runtime.GOOS, base, i, asked)}
		p.Instances = r.formation(c.name)
		r.lined = append(r.lined, c.name)
		out = append(out, p)
	}
	releaseFirst(out)
	return out
}

// commands reads the lines. What five Procfile readers skip in silence is said here.
func (r *reading) commands(file, text string) []command {
	var out []command
	first := map[string]Pos{}
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		at := Pos{file, i + 1, 1}
		m := procLine.FindStringSubmatch(line)
		trimmed := strings.TrimSpace(line)
		switch {
		case m == nil && (trimmed == "" || trimmed[0] == '#'):
		case m == nil:
			r.warn(at, lineHint(trimmed), "not a line of a Procfile, ignored")
		case first[m[1]].Line > 0:
			r.complain(at, "", "process %q is already on line %d", m[1], first[m[1]].Line)
		default:
			first[m[1]] = at
			out = append(out, command{m[1], strings.TrimSpace(m[2]), at})
			if strings.HasSuffix(trimmed, `\`) {
				r.warn(at, "put the command on one line, or in a script", "a Procfile has no continuation lines")
			}
		}
	}
	if len(out) == 0 {
		r.complain(Pos{File: file, Line: 1}, "write lines like web: npm start; to stop everything: kitt down",
			"names no process")
	}
	return out
}

func lineHint(trimmed string) string {
	if procLine.MatchString(trimmed) {
		return "a name starts in the first column"
	}
	return "write NAME: COMMAND, the name of letters, digits, _ and -"
}

func looksLikeProcfile(text string) bool {
	found := false
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case procLine.MatchString(line):
			found = true
		case trimmed != "" && trimmed[0] != '#':
			return false
		}
	}
	return found
}

// linePort is the port of the i-th line, from 0. Where macOS's own AirPlay listens at 5000 and 7000, these are left out
// unless a base was asked for.
func linePort(goos string, base, i int, asked bool) int {
	port := base + portStep*i
	if goos != "darwin" || asked {
		return port
	}
	if port += portStep; port >= airPlay {
		port += portStep
	}
	return port
}

// basePort is foreman's order: the flag, PORT of .env, PORT of the environment, 5000, which nobody asked for.
func (r *reading) basePort(env map[string]string, origins map[string]Pos) (base int, asked bool) {
	if r.req.Port > 0 {
		return r.req.Port, true
	}
	if text, ok := env["PORT"]; ok {
		return r.port(text, origins["env.PORT"]), true
	}
	if text, ok := r.req.Env["PORT"]; ok && text != "" {
		if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 1<<16 {
			return n, true
		}
		r.warn(Pos{File: r.spec.File}, "", "PORT of the environment is not a port, %d is used", firstPort)
	}
	return firstPort, false
}

func (r *reading) port(text string, at Pos) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > 65535 {
		r.complain(at, "write a number from 1 to 65535", "PORT: %q is not a port", text)
		return firstPort
	}
	return n
}

// formation is how many instances of a process are asked for: by its name, by all, else one.
func (r *reading) formation(name string) int {
	if n, ok := r.req.Formation[name]; ok {
		return n
	}
	if n, ok := r.req.Formation["all"]; ok && name != release {
		return n
	}
	return 1
}

// checkFlags complains of flags that mean the processes of a Procfile where there are none to mean.
func (r *reading) checkFlags(file string) {
	if len(r.errs) > 0 {
		return // the processes may not be known
	}
	if len(r.lined) == 0 && r.req.Port != 0 {
		r.complain(Pos{File: file}, "say it in the file: env = { PORT = ... }", "--port %d is for the processes of a Procfile, this file has none", r.req.Port)
	}
	for _, name := range slices.Sorted(maps.Keys(r.req.Formation)) {
		switch n := r.req.Formation[name]; {
		case len(r.lined) == 0:
			r.complain(Pos{File: file}, fmt.Sprintf("say instances = %d in the file, or kitt scale %s=%d once it runs", n, name, n),
				"--formation %s=%d is for the processes of a Procfile, this file has none", name, n)
		case name != "all" && !slices.Contains(r.lined, name):
			r.complain(Pos{File: file, Line: 1}, didYouMean(name, r.lined), "formation %s=%d: no such process", name, n)
		}
	}
}

// releaseFirst gives the line "release:" Heroku's meaning: it runs once, and the others wait until it is done.
func releaseFirst(processes []Process) {
	i := slices.IndexFunc(processes, func(p Process) bool { return p.Name == release && p.Instances > 0 })
	if i < 0 {
		return
	}
	processes[i].Restart.Policy, processes[i].Kind = "never", KindTask
	for j := range processes {
		if j != i {
			processes[j].DependsOn = map[string]string{release: "completed"}
			processes[j].Origins["depends_on."+release] = processes[i].Origin
		}
	}
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
