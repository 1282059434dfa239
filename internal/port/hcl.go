package port

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"kitt.sh/spec"
)

// WriteHCL is the kitt.hcl that describes p, to lie in dir. head are comments at its top. What did not map stands as a
// comment at its process.
func WriteHCL(p Project, dir string, head ...string) []byte {
	w := &hclText{dir: dir}
	for _, line := range head {
		w.comment("", line)
	}
	for _, n := range p.Notes {
		if !p.has(n.Process) {
			w.comment("", n.String())
		}
	}
	if w.Len() > 0 {
		w.line("")
	}
	if p.Name != "" {
		w.line("project = " + quoted(p.Name))
		w.line("")
	}
	for i, q := range p.Processes {
		if i > 0 {
			w.line("")
		}
		w.process(q, p.Notes)
	}
	return hclwrite.Format([]byte(w.String()))
}

// hclText is a kitt.hcl as it grows.
type hclText struct {
	strings.Builder
	dir string
}

func (w *hclText) line(text string) { w.WriteString(text + "\n") }

func (w *hclText) comment(indent, text string) { w.line(indent + "# " + oneLine(text)) }

func (w *hclText) process(p Process, notes []Note) {
	w.line("process " + quoted(p.Name) + " {")
	for _, n := range notes {
		if n.Process == p.Name {
			w.comment("  ", n.Text)
		}
	}
	for _, f := range w.fields(p) {
		w.line("  " + f)
	}
	w.environment(p)
	restart, stop, log := restartFields(p.Restart), stopFields(p.Stop), w.logFields(p.Log)
	ready, alive, limits, watch := readyFields(p.Ready), aliveFields(p.Alive), limitFields(p), w.watchFields(p.Watch)
	if p.Schedule.Restart != "" {
		restart = append(restart, "cron = "+quoted(p.Schedule.Restart))
	}
	schedule := scheduleFields(p.Schedule)
	if len(schedule)+len(ready)+len(alive)+len(limits)+len(watch)+len(restart)+len(stop)+len(log) > 0 {
		w.line("")
	}
	w.block("schedule", schedule)
	w.block("ready", ready)
	w.block("alive", alive)
	w.block("restart", restart)
	w.block("stop", stop)
	w.block("log", log)
	w.block("limits", limits)
	w.block("watch", watch)
	w.line("}")
}

// fields are the words of a process itself, but for env; what is the default is left out.
func (w *hclText) fields(p Process) (out []string) {
	set := func(word, value string) { out = append(out, word+" = "+value) }
	text := func(word, value string) {
		if value != "" {
			set(word, quoted(value))
		}
	}
	text("description", p.Description)
	text("namespace", p.Namespace)
	set("command", commandValue(p.Command))
	text("mode", p.Mode)
	if p.Cwd != w.dir && p.Cwd != "" {
		set("cwd", quoted(w.path(p.Cwd)))
	}
	if p.Instances != 1 {
		set("instances", strconv.Itoa(p.Instances))
	}
	text("instance_var", p.InstanceVar)
	text("user", p.User)
	text("group", p.Group)
	if p.Umask != nil {
		set("umask", quoted(fmt.Sprintf("%03o", *p.Umask)))
	}
	if p.Nice != 0 {
		set("nice", strconv.Itoa(p.Nice))
	}
	if p.Held {
		set("autostart", "false")
	}
	if p.Stop.KillMode != "tree" {
		text("kill_mode", p.Stop.KillMode)
	}
	if len(p.EnvFile) > 0 {
		set("env_file", list(p.EnvFile))
	}
	if len(p.DependsOn) > 0 {
		set("depends_on", object(p.DependsOn, quoted))
	}
	return out
}

// path is relative where it lies below the file.
func (w *hclText) path(path string) string {
	if rel, err := filepath.Rel(w.dir, path); err == nil && filepath.IsLocal(rel) && !strings.HasPrefix(rel, "~") && rel != "." {
		return rel
	}
	return path
}

// environment writes env, with what counts up from instance to instance as an expression.
func (w *hclText) environment(p Process) {
	values := map[string]string{}
	for name, value := range p.Env {
		values[name] = quoted(value)
	}
	for name, base := range p.Step {
		values[name] = strconv.Itoa(base) + " + instance.n - 1"
	}
	for _, name := range p.Unset {
		values[name] = "null"
	}
	if len(values) == 0 {
		return
	}
	if len(values) == 1 {
		w.line("  env = " + object(values, func(text string) string { return text }))
		return
	}
	w.line("  env = {")
	for _, name := range slices.Sorted(maps.Keys(values)) {
		w.line("    " + key(name) + " = " + values[name])
	}
	w.line("  }")
}

// block writes a block, on one line where it says one thing.
func (w *hclText) block(name string, fields []string) {
	switch len(fields) {
	case 0:
	case 1:
		w.line("  " + name + " { " + fields[0] + " }")
	default:
		w.line("  " + name + " {")
		for _, f := range fields {
			w.line("    " + f)
		}
		w.line("  }")
	}
}

func restartFields(r spec.Restart) (out []string) {
	d := spec.Defaults().Restart
	if r.Policy != d.Policy {
		out = append(out, "policy = "+quoted(r.Policy))
	}
	for _, f := range []struct {
		word      string
		got, want time.Duration
	}{{"backoff_min", r.BackoffMin, d.BackoffMin}, {"backoff_max", r.BackoffMax, d.BackoffMax}, {"stable", r.Stable, d.Stable},
		{"within", r.Within, d.Within}, {"min_uptime", r.MinUptime, d.MinUptime}} {
		if f.got != f.want {
			out = append(out, f.word+" = "+quoted(f.got.String()))
		}
	}
	if r.Factor != d.Factor {
		out = append(out, "factor = "+strconv.FormatFloat(r.Factor, 'f', -1, 64))
	}
	if r.Max != d.Max {
		out = append(out, "max = "+strconv.Itoa(r.Max))
	}
	if len(r.DoneCodes) > 0 {
		codes := make([]string, len(r.DoneCodes))
		for i, c := range r.DoneCodes {
			codes[i] = strconv.Itoa(c)
		}
		out = append(out, "done_codes = ["+strings.Join(codes, ", ")+"]")
	}
	return out
}

func stopFields(s spec.Stop) (out []string) {
	d := spec.Defaults().Stop
	if s.Signal != d.Signal {
		out = append(out, "signal = "+quoted(s.Signal))
	}
	if s.Timeout != d.Timeout {
		out = append(out, "timeout = "+quoted(s.Timeout.String()))
	}
	if s.Message != "" {
		out = append(out, "message = "+quoted(s.Message))
	}
	if len(s.Command) > 0 {
		out = append(out, "command = "+commandValue(s.Command))
	}
	if len(s.Pre) > 0 {
		out = append(out, "pre = "+commandValue(s.Pre))
	}
	for _, f := range []struct {
		name string
		d    time.Duration
	}{{"pre_timeout", s.PreTimeout}, {"second_after", s.SecondAfter}} {
		if f.d > 0 {
			out = append(out, f.name+" = "+quoted(f.d.String()))
		}
	}
	if s.SecondSignal != "" {
		out = append(out, "second_signal = "+quoted(s.SecondSignal))
	}
	return out
}

func (w *hclText) logFields(l spec.Log) (out []string) {
	d := spec.Defaults().Log
	if l.MaxSize != d.MaxSize {
		out = append(out, "max_size = "+quoted(strconv.FormatInt(l.MaxSize, 10)))
	}
	if l.Keep != d.Keep {
		out = append(out, "keep = "+strconv.Itoa(l.Keep))
	}
	if !l.Compress {
		out = append(out, "compress = false")
	}
	if l.Full != "" {
		out = append(out, "full = "+quoted(l.Full))
	}
	if l.Timestamps {
		out = append(out, "timestamps = true")
	}
	if l.Off {
		out = append(out, "off = true")
	}
	for _, f := range []struct{ word, value string }{{"dir", l.Dir}, {"out", l.Out}, {"err", l.Err}, {"combined", l.Combined}} {
		if f.value != "" {
			out = append(out, f.word+" = "+quoted(w.path(f.value)))
		}
	}
	if l.Stamp != "" {
		out = append(out, "stamp = "+quoted(l.Stamp))
	}
	if l.JSON {
		out = append(out, "json = true")
	}
	return out
}

func commandValue(command []string) string {
	if line, ok := spec.ShellLine(command); ok {
		return quoted(line)
	}
	return list(command)
}

func list(words []string) string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = quoted(word)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func object(values map[string]string, value func(string) string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, key(name)+" = "+value(values[name]))
	}
	return "{ " + strings.Join(out, ", ") + " }"
}

// quoted is text as a literal: with no expression in it, on one line.
func quoted(text string) string {
	return string(hclwrite.TokensForValue(cty.StringVal(sound(text))).Bytes())
}

// sound is text that HCL can hold: no byte that is not UTF-8.
func sound(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

func key(name string) string {
	if hclsyntax.ValidIdentifier(name) && !slices.Contains([]string{"for", "true", "false", "null", "if", "in"}, name) {
		return name
	}
	return quoted(name)
}
