package cli

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// A field is one setting of a process, as people read it.
type field struct{ name, value string }

// fields lists what p is set to, in the order of the documentation; what is not set is left out.
func fields(p spec.Process) []field {
	f := &fieldList{}
	f.add("description", p.Description)
	f.add("command", commandLine(p.Command))
	f.add("cwd", p.Cwd)
	f.vars(p)
	if len(p.Ports) > 0 {
		f.add("port", "auto: "+strings.Join(strings.Fields(strings.Trim(fmt.Sprint(p.Ports), "[]")), ", "))
	}
	f.add("user", p.User)
	f.add("group", p.Group)
	if p.Umask != nil {
		f.add("umask", fmt.Sprintf("%04o", *p.Umask))
	}
	f.add("mode", p.Mode)
	if p.Stdin {
		f.add("stdin", "true")
	}
	for _, s := range p.Listen {
		f.add("listen."+s.Name, s.String())
	}
	f.add("expose", p.Expose)
	f.add("instances", strconv.Itoa(p.Instances))
	if p.Held {
		f.add("held", "true")
	}
	for _, name := range slices.Sorted(maps.Keys(p.DependsOn)) {
		f.add("depends_on."+name, p.DependsOn[name])
	}
	f.restart(p.Restart)
	f.add("on_wake", p.OnWake)
	f.probes(p)
	f.add("stop.message", p.Stop.Message)
	f.add("stop.signal", p.Stop.Signal)
	f.span("stop.timeout", p.Stop.Timeout)
	f.add("stop.command", commandLine(p.Stop.Command))
	f.stop(&p.Stop)
	f.add("kill_mode", p.Stop.KillMode)
	f.log(p.Log)
	f.bounds(p)
	return f.all
}

// stop is what is done besides a signal and a command.
func (f *fieldList) stop(s *spec.Stop) {
	if s.Drain > 0 {
		f.span("stop.drain", s.Drain)
	}
	f.add("stop.pre", commandLine(s.Pre))
	if len(s.Pre) > 0 {
		f.span("stop.pre_timeout", s.PreTime())
	}
	if signal, after := s.Second(); signal != "" {
		f.add("stop.second_signal", signal)
		f.span("stop.second_after", after)
	}
}

// probes are the words of ready {}, alive {} and reload {} that are set. What is sent along may be a secret.
func (f *fieldList) probes(p spec.Process) {
	for _, c := range spec.Diff(spec.Defaults(), p) {
		switch {
		case strings.HasSuffix(c.Field, ".headers"):
			f.add(c.Field, "***")
		case c.Field != "ready.within" && slices.Contains([]string{"ready", "alive", "reload"}, strings.SplitN(c.Field, ".", 2)[0]):
			f.add(c.Field, c.To)
		}
	}
	if p.Within() > 0 {
		f.span("ready.within", p.Within())
	}
}

type fieldList struct{ all []field }

func (f *fieldList) add(name, value string) {
	if value != "" {
		f.all = append(f.all, field{name, value})
	}
}

func (f *fieldList) span(name string, d time.Duration) { f.add(name, span(d)) }

func (f *fieldList) vars(p spec.Process) {
	for _, name := range slices.Sorted(maps.Keys(p.Env)) {
		f.add("env."+name, p.Env[name])
	}
	for _, name := range slices.Sorted(maps.Keys(p.Step)) {
		f.add("env."+name, fmt.Sprintf("%d, and 1 more for each instance", p.Step[name]))
	}
	if p.InstanceVar != "" {
		f.add("env."+p.InstanceVar, "0, and 1 more for each instance")
	}
	f.add("unset", strings.Join(p.Unset, " "))
}

func (f *fieldList) restart(r spec.Restart) {
	f.add("restart.policy", r.Policy)
	f.span("restart.backoff_min", r.BackoffMin)
	f.span("restart.backoff_max", r.BackoffMax)
	f.span("restart.stable", r.Stable)
	if r.Max > 0 {
		f.add("restart.max", strconv.Itoa(r.Max))
		f.span("restart.within", r.Within)
	}
	if r.MinUptime > 0 {
		f.span("restart.min_uptime", r.MinUptime)
	}
	if len(r.DoneCodes) > 0 {
		f.add("restart.done_codes", strings.Trim(fmt.Sprint(r.DoneCodes), "[]"))
	}
}

func (f *fieldList) log(l spec.Log) {
	if l.Off {
		f.add("log.off", "true")
		return
	}
	f.add("log.max_size", size(l.MaxSize))
	f.add("log.keep", strconv.Itoa(l.Keep))
	f.add("log.compress", strconv.FormatBool(l.Compress))
	f.add("log.full", l.Full)
	if l.Timestamps {
		f.add("log.timestamps", "true")
	}
	f.add("log.dir", l.Dir)
	f.add("log.out", l.Out)
	f.add("log.err", l.Err)
	f.add("log.combined", l.Combined)
	f.add("log.stamp", l.Stamp)
}

// commandLine is argv as a shell would take it.
func commandLine(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		if words[i] = w; w == "" || strings.ContainsAny(w, " \t\n'\"$\\&;|<>()*?[]{}#~`!") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// fields lists settings, their names aligned.
func (k *Kitt) fields(list []field) {
	width := 0
	for _, f := range list {
		width = max(width, wide(clean(f.name)))
	}
	for _, f := range list {
		fmt.Fprintf(k.Out, "%s  %s\n", k.Paint.in(dim, pad(clean(f.name), width)), clean(f.value))
	}
}
