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

// writeSystemd is a unit for each process, a template where it has several instances, and a target that wants them all.
func writeSystemd(s *Project) (out []File) {
	var wants []string
	for _, p := range s.Processes {
		name := unitName(p.Name)
		file := name + ".service"
		if p.Instances != 1 {
			file = name + "@.service"
		}
		for n := 1; n <= p.Instances && !p.Held; n++ {
			one := file
			if p.Instances != 1 {
				one = fmt.Sprintf("%s@%d.service", name, n)
			}
			if p.Schedule.Job() {
				break // its timer starts it
			}
			wants = append(wants, one)
		}
		if p.Held || p.Instances == 0 {
			s.note(p.Name, "it is not started by itself: the target does not want it")
		}
		out = append(out, File{file, []byte(unitText(s, p))})
		if timer, ok := unitTimer(s, p); ok {
			out = append(out, File{name + ".timer", []byte(timer)})
			wants = append(wants, name+".timer")
		}
	}
	target := fmt.Sprintf("[Unit]\nDescription=%s\nWants=%s\n\n[Install]\nWantedBy=default.target\n", unitPlain(s.Name), strings.Join(wants, " "))
	return append(out, File{unitName(FitName(s.Name)) + ".target", []byte(target)})
}

// unitPlain is text that is not taken apart into words: one line, % doubled.
func unitPlain(text string) string {
	text = pct(oneLine(text))
	return strings.TrimSpace(strings.TrimRight(text, `\ `))
}

type unitBuilder struct {
	strings.Builder
}

func (u *unitBuilder) set(word, value string) { u.WriteString(word + "=" + value + "\n") }

func unitText(s *Project, p Process) string {
	u := &unitBuilder{}
	u.WriteString("[Unit]\n")
	description := p.Description
	if description == "" {
		description = p.Name
	}
	u.set("Description", unitPlain(description))
	for _, other := range slices.Sorted(maps.Keys(p.DependsOn)) {
		i := slices.IndexFunc(s.Processes, func(q Process) bool { return q.Name == other })
		if i < 0 || s.Processes[i].Instances != 1 {
			s.note(p.Name, "depends_on %s: left out, it has several instances", other)
			continue
		}
		u.set("Wants", unitName(other)+".service")
		u.set("After", unitName(other)+".service")
		if condition := p.DependsOn[other]; condition != "started" {
			s.note(p.Name, "depends_on %s = %s becomes After=: systemd waits until it is started", other, condition)
		}
	}
	if p.Restart.Max > 0 {
		u.set("StartLimitBurst", strconv.Itoa(p.Restart.Max))
		u.set("StartLimitIntervalSec", unitSpan(p.Restart.Within))
	} else {
		u.set("StartLimitIntervalSec", "0")
	}
	u.WriteString("\n[Service]\nType=exec\n")
	u.run(s, p)
	u.lives(s, p)
	u.limits(s, p)
	u.WriteString("\n[Install]\nWantedBy=default.target\n")
	return u.String()
}

func (u *unitBuilder) run(s *Project, p Process) {
	command := slices.Clone(p.Command)
	switch first := command[0]; {
	case filepath.IsAbs(first):
	case strings.Contains(first, "/"):
		command[0] = filepath.Join(p.Cwd, first)
	default:
		s.note(p.Name, "systemd looks %s up in its own folders, not on your PATH", first)
	}
	u.set("ExecStart", unitCommand(command))
	u.set("WorkingDirectory", unitPath(p.Cwd))
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		u.set("Environment", unitQuote(name+"="+p.Env[name], false))
	}
	if len(p.Env) > 0 {
		s.note(p.Name, "what stands in Environment= is shown to every user by systemctl show; EnvironmentFile= is not")
	}
	if len(p.Unset) > 0 {
		for _, name := range p.Unset {
			u.set("UnsetEnvironment", unitQuote(name, false))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Step)) {
		if p.Instances == 1 {
			u.set("Environment", unitQuote(name+"="+strconv.Itoa(p.Step[name]), false))
			continue
		}
		s.note(p.Name, "%s counts up from %d; systemd has no word for that: %%i is the number of the instance", name, p.Step[name])
	}
	if p.User != "" {
		u.set("User", unitPlain(p.User))
	}
	if p.Group != "" {
		u.set("Group", unitPlain(p.Group))
	}
	if p.Umask != nil {
		u.set("UMask", fmt.Sprintf("%04o", *p.Umask))
	}
}

// unitCommand is ExecStart's value. Its first word is looked up by systemd in its own folders, or named by its path.
func unitCommand(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = unitQuote(w, true)
	}
	if strings.IndexAny(words[0], "@-:+!|") == 0 { // would be taken for a prefix
		out[0] = "\"" + strings.Trim(out[0], `"`) + "\""
	}
	return strings.Join(out, " ")
}

// unitPath is a path as WorkingDirectory= takes it: not in quotes.
func unitPath(path string) string { return pct(noControl(path)) }

// noControl keeps a value on its line.
func noControl(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return '?'
		}
		return c
	}, text)
}

func unitSpan(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10)
	}
	return strconv.FormatInt(int64(max(d, time.Millisecond)/time.Millisecond), 10) + "ms"
}

func (u *unitBuilder) lives(s *Project, p Process) {
	policy := map[string]string{"never": "no"}[p.Restart.Policy]
	if policy == "" {
		policy = p.Restart.Policy
	}
	u.set("Restart", policy)
	u.set("RestartSec", unitSpan(p.Restart.BackoffMin))
	if p.Restart.BackoffMax != p.Restart.BackoffMin {
		s.note("", "the pause between restarts does not grow: RestartSec= is backoff_min")
	}
	if len(p.Restart.DoneCodes) > 0 {
		codes := make([]string, len(p.Restart.DoneCodes))
		for i, c := range p.Restart.DoneCodes {
			codes[i] = strconv.Itoa(c)
		}
		u.set("RestartPreventExitStatus", strings.Join(codes, " "))
	}
	u.set("KillSignal", p.Stop.Signal)
	u.set("TimeoutStopSec", unitSpan(p.Stop.Timeout))
	if p.Stop.KillMode == "process" {
		u.set("KillMode", "process")
	} else {
		u.set("KillMode", "control-group")
	}
	if len(p.Stop.Pre) > 0 {
		u.set("ExecStop", unitCommand(p.Stop.Pre))
	}
	if p.Stop.SecondSignal != "" {
		s.note(p.Name, "stop.second_signal: systemd has none")
	}
	if len(p.Stop.Command) > 0 {
		u.set("ExecStop", unitCommand(p.Stop.Command))
	}
	out, errs := p.Log.Out, p.Log.Err
	if p.Log.Combined != "" {
		out, errs = p.Log.Combined, p.Log.Combined
	}
	switch {
	case p.Log.Off:
		u.set("StandardOutput", "null")
		u.set("StandardError", "null")
	default:
		if out != "" {
			u.set("StandardOutput", "append:"+unitPath(out))
		}
		if errs != "" {
			u.set("StandardError", "append:"+unitPath(errs))
		}
	}
}
