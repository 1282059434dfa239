package port

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"howett.net/plist"
)

// A plistReader reads one launchd job.
type plistReader struct {
	at    Place
	dict  map[string]any
	p     Process
	notes []string
}

func (r *plistReader) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// readLaunchd reads a property list, XML or binary.
func readLaunchd(text []byte, at Place, p *Project) (err error) {
	defer func() {
		if bad := recover(); bad != nil {
			err = fmt.Errorf("read plist: %v", bad)
		}
	}()
	var dict map[string]any
	if _, err := plist.Unmarshal(text, &dict); err != nil {
		return fmt.Errorf("read plist: %w", err)
	}
	label, _ := dict["Label"].(string)
	if label == "" {
		label = strings.TrimSuffix(filepath.Base(at.File), ".plist")
	}
	project, name := "", label
	if i := strings.LastIndexByte(label, '.'); i >= 0 {
		project, name = label[:i], label[i+1:]
	}
	r := &plistReader{at: at, dict: dict, p: fresh(name, at)}
	r.p.Cwd = "/" // launchd's own
	r.command()
	r.lives()
	r.limits()
	r.times()
	for _, word := range slices.Sorted(maps.Keys(dict)) {
		if !slices.Contains(plistKnown, word) {
			r.note("%s has no counterpart", word)
		}
	}
	if name := p.add(r.p, r.notes...); name != "" && project != "" && p.Name == "" {
		p.Name = FitName(strings.TrimPrefix(project, "kitt."))
	}
	return nil
}

// plistKnown are the keys that are read, or that say nothing kitt does not do by itself.
var plistKnown = strings.Fields("Label Program ProgramArguments EnvironmentVariables WorkingDirectory UserName GroupName Umask KeepAlive RunAtLoad Disabled " +
	"StandardOutPath StandardErrorPath ThrottleInterval ExitTimeOut AbandonProcessGroup ProcessType LimitLoadToSessionType " +
	"Nice SoftResourceLimits HardResourceLimits StartCalendarInterval StartInterval")

func (r *plistReader) text(word string) string {
	s, _ := r.dict[word].(string)
	return s
}

func (r *plistReader) number(word string) (int, bool) {
	switch n := r.dict[word].(type) {
	case uint64:
		return int(min(n, 1<<31)), true
	case int64:
		return int(max(0, min(n, 1<<31))), true
	case float64:
		return int(max(0, min(n, 1<<31))), !math.IsNaN(n)
	case string:
		v, err := strconv.Atoi(n)
		return max(0, v), err == nil
	}
	return 0, false
}

func (r *plistReader) command() {
	words, _ := r.dict["ProgramArguments"].([]any)
	var argv []string
	for _, w := range words {
		argv = append(argv, scalarText(w))
	}
	if program := r.text("Program"); program != "" {
		if len(argv) > 1 {
			argv = append([]string{program}, argv[1:]...)
		} else {
			argv = []string{program}
		}
	}
	r.p.Command = shellAgain(argv)
	if env, ok := r.dict["EnvironmentVariables"].(map[string]any); ok {
		for name, v := range env {
			r.p.Env[name] = scalarText(v)
		}
	}
	if dir := r.text("WorkingDirectory"); dir != "" {
		r.p.Cwd = r.at.resolve(dir)
	}
	r.p.User, r.p.Group = r.text("UserName"), r.text("GroupName")
	if n, ok := r.number("Umask"); ok && n <= 0o777 {
		if text := r.text("Umask"); text != "" {
			v, _ := strconv.ParseUint(text, 8, 10)
			n = int(v) & 0o777
		}
		r.p.Umask = &n
	}
}

func (r *plistReader) lives() {
	r.p.Restart.Policy = "never"
	r.p.Restart.BackoffMin = 10 * time.Second // launchd's own
	switch keep := r.dict["KeepAlive"].(type) {
	case bool:
		if keep {
			r.p.Restart.Policy = "always"
		}
	case map[string]any:
		r.keepAlive(keep)
	}
	if run, ok := r.dict["RunAtLoad"].(bool); (!ok || !run) && r.p.Restart.Policy == "never" || r.dict["Disabled"] == true {
		r.p.Held = true
	}
	if n, ok := r.number("ThrottleInterval"); ok {
		r.p.Restart.BackoffMin = seconds(n)
	}
	r.p.Restart.BackoffMax = max(r.p.Restart.BackoffMax, r.p.Restart.BackoffMin)
	r.p.Stop.Timeout = 20 * time.Second // launchd's own
	if n, ok := r.number("ExitTimeOut"); ok && n > 0 {
		r.p.Stop.Timeout = seconds(n)
	}
	if r.dict["AbandonProcessGroup"] == true {
		r.p.Stop.KillMode = "process"
	}
	file := func(word string) string {
		if name := r.text(word); name != "" && name != "/dev/null" {
			return r.at.resolve(name)
		}
		return ""
	}
	r.p.Log.Out, r.p.Log.Err = file("StandardOutPath"), file("StandardErrorPath")
	if r.p.Log.Out == r.p.Log.Err {
		r.p.Log.Out, r.p.Log.Err, r.p.Log.Combined = "", "", r.p.Log.Out
	}
}

func (r *plistReader) keepAlive(keep map[string]any) {
	r.p.Restart.Policy = "always"
	for _, word := range slices.Sorted(maps.Keys(keep)) {
		switch v, _ := keep[word].(bool); {
		case word == "SuccessfulExit" && !v:
			r.p.Restart.Policy = "on-failure"
		case word == "Crashed" && v:
			r.p.Restart.Policy = "on-abnormal"
		default:
			r.note("KeepAlive.%s has no counterpart", word)
		}
	}
}

// writeLaunchd is a property list for each instance.
func writeLaunchd(s *Project) (out []File) {
	for _, p := range s.Processes {
		for n := 1; n <= p.Instances; n++ {
			name := p.Name
			if p.Instances > 1 {
				name = fmt.Sprintf("%s-%d", name, n)
			}
			label := "kitt." + strings.ReplaceAll(FitName(s.Name), ":", "-") + "." + strings.ReplaceAll(name, ":", "-")
			text, err := plist.MarshalIndent(plistDict(s, p, label, n), plist.XMLFormat, "\t")
			if err != nil {
				s.note(p.Name, "%s", err)
				continue
			}
			out = append(out, File{label + ".plist", append(text, '\n')})
		}
	}
	return out
}

func plistDict(s *Project, p Process, label string, n int) map[string]any {
	command, cwd, env := p.For(n)
	argv := make([]string, len(command))
	for i, w := range command {
		argv[i] = xmlSound(s, p.Name, w)
	}
	if !filepath.IsAbs(argv[0]) {
		s.note(p.Name, "launchd looks %s up in /usr/bin:/bin:/usr/sbin:/sbin unless EnvironmentVariables has a PATH", argv[0])
	}
	d := map[string]any{"Label": label, "ProgramArguments": argv, "WorkingDirectory": xmlSound(s, p.Name, cwd), "RunAtLoad": !p.Held,
		"ExitTimeOut": int((p.Stop.Timeout + time.Second - 1) / time.Second), "ThrottleInterval": int((p.Restart.BackoffMin + time.Second - 1) / time.Second)}
	switch p.Restart.Policy {
	case "always":
		d["KeepAlive"] = !p.Held
	case "on-failure":
		d["KeepAlive"] = map[string]any{"SuccessfulExit": false}
	case "on-abnormal":
		d["KeepAlive"] = map[string]any{"Crashed": true}
	}
	if p.Held {
		delete(d, "KeepAlive")
		d["Disabled"] = true
	}
	values := map[string]string{}
	for name, value := range env {
		values[xmlSound(s, p.Name, name)] = xmlSound(s, p.Name, value)
	}
	if len(values) > 0 {
		d["EnvironmentVariables"] = values
	}
	for word, value := range map[string]string{"UserName": p.User, "GroupName": p.Group} {
		if value != "" {
			d[word] = xmlSound(s, p.Name, value)
		}
	}
	if p.Umask != nil {
		d["Umask"] = *p.Umask
	}
	if p.Stop.KillMode == "process" {
		d["AbandonProcessGroup"] = true
	}
	plistLogs(d, p)
	plistLimits(d, s, p)
	plistTimes(d, s, p)
	plistWithout(s, p)
	return d
}

func plistLogs(d map[string]any, p Process) {
	out, errs := p.Log.Out, p.Log.Err
	if p.Log.Combined != "" {
		out, errs = p.Log.Combined, p.Log.Combined
	}
	for word, file := range map[string]string{"StandardOutPath": out, "StandardErrorPath": errs} {
		if file != "" {
			d[word] = noControl(file)
		}
	}
}

func plistWithout(s *Project, p Process) {
	if p.Stop.Signal != "SIGTERM" {
		s.note(p.Name, "stop.signal %s: launchd always sends SIGTERM", p.Stop.Signal)
	}
	if p.Restart.Max > 0 {
		s.note(p.Name, "restart.max: launchd never gives up")
	}
	if len(p.Restart.DoneCodes) > 0 {
		s.note(p.Name, "restart.done_codes: launchd knows 0 and not 0")
	}
	if len(p.DependsOn) > 0 {
		s.note(p.Name, "depends_on: launchd knows no order")
	}
	if p.Restart.BackoffMax != p.Restart.BackoffMin {
		s.note("", "the pause between restarts does not grow, and is whole seconds")
	}
	if len(p.Stop.Command) > 0 {
		s.note(p.Name, "stop.command: launchd has none")
	}
	withoutStops(s, p, "launchd")
}

// xmlSound takes out what no XML can hold.
func xmlSound(s *Project, name, text string) string {
	out := strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' || c == 0xfffe || c == 0xffff {
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, "\ufffd"))
	if out != text {
		s.note(name, "a control character that XML cannot hold was taken out")
	}
	return out
}
