package port

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// add takes a process in, made so that kitt.hcl can hold it: a name that is fit and not taken, a command, no bytes that
// no kernel takes. It returns the name, or nothing for a process that is left out.
func (p *Project) add(q Process, notes ...string) string {
	name := FitName(q.Name)
	unique := name
	for n := 2; p.has(unique); n++ {
		unique = FitName(fmt.Sprintf("%.56s-%d", name, n))
	}
	switch {
	case len(q.Command) == 0 || q.Command[0] == "":
		p.note("", "%s: no command: left out", q.Name)
		return ""
	case slices.ContainsFunc(q.words(), func(w string) bool { return strings.ContainsRune(w, 0) }):
		p.note("", "%s: a NUL byte in its command, folder or user: left out", q.Name)
		return ""
	case name != q.Name:
		p.note(unique, "was called %q", q.Name)
	case unique != name:
		p.note(unique, "%s is there twice; a process has a name of its own", name)
	}
	q.Name = unique
	p.soundEnv(&q)
	p.soundLives(&q)
	p.soundProbes(&q)
	p.Processes = append(p.Processes, q)
	for _, text := range notes {
		p.note(unique, "%s", text)
	}
	return unique
}

func (q *Process) words() []string {
	return slices.Concat(q.Command, q.Stop.Command, q.Stop.Pre, q.Ready.Exec, q.Alive.Exec, []string{q.Cwd, q.User, q.Group, q.Log.Out, q.Log.Err, q.Log.Combined, q.Log.Dir}, q.EnvFile)
}

func (p *Project) soundEnv(q *Process) {
	for _, name := range slices.Sorted(maps.Keys(q.Env)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(q.Env[name], 0) {
			p.note(q.Name, "env %q cannot be handed to a program: left out", name)
			delete(q.Env, name)
		}
	}
	for _, word := range q.words() {
		if !utf8.ValidString(word) {
			p.note(q.Name, "bytes that are not UTF-8 in %q", word)
		}
	}
}

// soundLives keeps what a careless file says within what kitt takes.
func (p *Project) soundLives(q *Process) {
	if q.Instances < 0 || q.Instances > 1000 {
		p.note(q.Name, "%d instances are not between 0 and 1000", q.Instances)
		q.Instances = 1
	}
	if !filepath.IsAbs(q.Cwd) {
		p.note(q.Name, "its folder %q is not absolute", q.Cwd)
		q.Cwd = "/"
	}
	q.Cwd = filepath.Clean(q.Cwd)
	re := &q.Restart
	re.BackoffMin, re.MinUptime, re.Max = max(0, re.BackoffMin), max(0, re.MinUptime), max(0, re.Max)
	re.BackoffMax = max(re.BackoffMin, re.BackoffMax)
	if q.Schedule.Job() && (re.Policy == "always" || re.Policy == "on-abnormal") {
		p.note(q.Name, "restart.policy %s: what runs at its times ends in between", re.Policy)
		re.Policy = "never"
	}
	q.Stop.Timeout = max(0, q.Stop.Timeout)
	if q.Log.MaxSize < 4096 {
		q.Log.MaxSize = 4096
	}
	q.Log.Keep = max(0, q.Log.Keep)
}

// settle looks at what processes say of one another, once all are there: names that are not there, circles.
func (p *Project) settle() {
	for i := range p.Processes {
		q := &p.Processes[i]
		needs := map[string]string{}
		for _, target := range slices.Sorted(maps.Keys(q.DependsOn)) {
			name := FitName(target)
			switch {
			case !p.has(name):
				p.note(q.Name, "it waits for %s, which is not among the processes", target)
			case p.reaches(name, q.Name, map[string]bool{}):
				p.note(q.Name, "it waits for %s, which waits for it: left out", target)
			default:
				needs[name] = q.DependsOn[target]
			}
		}
		if q.DependsOn = nil; len(needs) > 0 {
			q.DependsOn = needs
		}
	}
}

// reaches tells whether from waits for to, by way of others too. seen are those looked at already.
func (p *Project) reaches(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	i := slices.IndexFunc(p.Processes, func(q Process) bool { return q.Name == from })
	if i < 0 || seen[from] {
		return false
	}
	seen[from] = true
	for next := range p.Processes[i].DependsOn {
		if p.reaches(next, to, seen) {
			return true
		}
	}
	return false
}
