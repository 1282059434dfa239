package spec

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// For is what instance n of p is started with: argv, folder, and the spec's own environment, PORT and the
// like included. n counts from 1. The maps and slices are the caller's to change.
func (p Process) For(n int) (command []string, cwd string, env map[string]string) {
	command, cwd, env = slices.Clone(p.Command), p.Cwd, map[string]string{}
	maps.Copy(env, p.Env)
	if n >= 1 && n <= len(p.Each) {
		each := p.Each[n-1]
		if len(each.Command) > 0 {
			command = slices.Clone(each.Command)
		}
		if each.Cwd != "" {
			cwd = each.Cwd
		}
		maps.Copy(env, each.Env)
	}
	for name, base := range p.Step {
		env[name] = strconv.Itoa(base + n - 1)
	}
	if n >= 1 && n <= len(p.Ports) {
		env["PORT"] = strconv.Itoa(p.Ports[n-1])
	}
	if p.InstanceVar != "" {
		env[p.InstanceVar] = strconv.Itoa(n - 1)
	}
	return command, cwd, env
}

// RunDigest is a short name for the run fields of instance n: two lives with the same one need no restart
// between them. It is the same on every machine and in every process.
func (p Process) RunDigest(n int) string {
	command, cwd, env := p.For(n)
	b, err := json.Marshal(struct {
		Command     []string
		Cwd         string
		Env         map[string]string
		Unset       []string
		User, Group string
		Umask       *int
		Nice        int      `json:",omitempty"` // what is not said leaves the digests of older versions as they were
		Rlimits     Rlimits  `json:",omitempty"`
		Mode        string   `json:",omitempty"`
		Stdin       bool     `json:",omitempty"`
		Notify      bool     `json:",omitempty"`
		Watchdog    int64    `json:",omitempty"`
		FD          int      `json:",omitempty"`
		Listen      []Socket `json:",omitempty"`
		Expose      bool     `json:",omitempty"`
	}{command, cwd, env, append([]string{}, p.Unset...), p.User, p.Group, p.Umask, p.Nice, p.Rlimits, p.Mode, p.Stdin,
		p.Ready.Notify, int64(p.Alive.Watchdog), p.Ready.FD, p.Listen, p.Expose != ""})
	if err != nil {
		panic("spec: digest of a process: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// A Change is one difference between two readings of a process. Live ones need no restart.
// The values of the environment are nobody's business: From and To are empty there.
type Change struct {
	Field string `json:"field"` // as in Origins: command, env.PORT, restart.policy
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
	Live  bool   `json:"live"`
}

// Diff lists what an edit changed, the run fields first. Places are not compared.
func Diff(old, new Process) []Change {
	d := differ{}
	d.run("command", quoteWords(old.Command), quoteWords(new.Command))
	d.run("cwd", old.Cwd, new.Cwd)
	d.env("env.", old.Env, new.Env)
	d.run("unset", quoteWords(old.Unset), quoteWords(new.Unset))
	d.steps(old.Step, new.Step)
	d.ports(old.Ports, new.Ports)
	d.run("instance_var", old.InstanceVar, new.InstanceVar)
	d.run("user", old.User, new.User)
	d.run("group", old.Group, new.Group)
	d.run("umask", octal(old.Umask), octal(new.Umask))
	d.run("nice", strconv.Itoa(old.Nice), strconv.Itoa(new.Nice))
	d.rlimits(old.Rlimits, new.Rlimits)
	d.each(old.Each, new.Each)
	d.run("mode", cmp.Or(old.Mode, "fork"), cmp.Or(new.Mode, "fork"))
	d.run("stdin", strconv.FormatBool(old.Stdin), strconv.FormatBool(new.Stdin))
	d.run("listen", sockets(old.Listen), sockets(new.Listen))
	d.expose(old, new)
	d.probes(old, new)
	d.live("reload.strategy", old.Reload.Strategy, new.Reload.Strategy)
	d.live("reload.max_unavailable", strconv.Itoa(old.Reload.MaxUnavailable), strconv.Itoa(new.Reload.MaxUnavailable))
	d.live("stop.message", old.Stop.Message, new.Stop.Message)
	d.live("description", old.Description, new.Description)
	d.live("namespace", old.Namespace, new.Namespace)
	d.live("instances", strconv.Itoa(old.Instances), strconv.Itoa(new.Instances))
	d.live("autostart", strconv.FormatBool(!old.Held), strconv.FormatBool(!new.Held))
	d.restart(old.Restart, new.Restart)
	d.stop(old.Stop, new.Stop)
	d.live("kill_mode", old.Stop.KillMode, new.Stop.KillMode)
	d.log(old.Log, new.Log)
	d.limits(old.Limits, new.Limits)
	d.watch(old.Watch, new.Watch)
	d.schedule(old.Schedule, new.Schedule)
	d.live("kind", cmp.Or(old.Kind, "service"), cmp.Or(new.Kind, "service"))
	d.live("cascade", strconv.FormatBool(old.Cascade), strconv.FormatBool(new.Cascade))
	d.live("on_wake", cmp.Or(old.OnWake, wakeNothing), cmp.Or(new.OnWake, wakeNothing))
	for _, name := range unionKeys(old.DependsOn, new.DependsOn) {
		d.live("depends_on."+name, old.DependsOn[name], new.DependsOn[name])
	}
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) run(field, from, to string) {
	if from != to {
		d.changes = append(d.changes, Change{Field: field, From: from, To: to})
	}
}

func (d *differ) live(field, from, to string) {
	if from != to {
		d.changes = append(d.changes, Change{Field: field, From: from, To: to, Live: true})
	}
}

func (d *differ) env(prefix string, old, new map[string]string) {
	for _, name := range unionKeys(old, new) {
		from, was := old[name]
		to, is := new[name]
		if was != is || from != to {
			d.changes = append(d.changes, Change{Field: prefix + name})
		}
	}
}

func (d *differ) steps(old, new map[string]int) {
	for _, name := range unionKeys(old, new) {
		from, was := old[name]
		to, is := new[name]
		if was != is || from != to {
			d.changes = append(d.changes, Change{Field: "env." + name})
		}
	}
}

// each compares the instances that both know. That one more is covered replaces nothing.
func (d *differ) each(old, new []Each) {
	if (len(old) == 0) != (len(new) == 0) {
		n := max(len(old), len(new))
		old, new = append(slices.Clone(old), make([]Each, n-len(old))...), append(slices.Clone(new), make([]Each, n-len(new))...)
	}
	for i := range min(len(old), len(new)) {
		at := fmt.Sprintf("instance.%d.", i+1)
		d.run(at+"command", quoteWords(old[i].Command), quoteWords(new[i].Command))
		d.run(at+"cwd", old[i].Cwd, new[i].Cwd)
		d.env(at+"env.", old[i].Env, new[i].Env)
	}
}

func (d *differ) restart(old, new Restart) {
	d.live("restart.policy", old.Policy, new.Policy)
	d.live("restart.backoff_min", old.BackoffMin.String(), new.BackoffMin.String())
	d.live("restart.backoff_max", old.BackoffMax.String(), new.BackoffMax.String())
	d.live("restart.factor", fmt.Sprint(old.Factor), fmt.Sprint(new.Factor))
	d.live("restart.stable", old.Stable.String(), new.Stable.String())
	d.live("restart.max", strconv.Itoa(old.Max), strconv.Itoa(new.Max))
	d.live("restart.within", old.Within.String(), new.Within.String())
	d.live("restart.min_uptime", old.MinUptime.String(), new.MinUptime.String())
	d.live("restart.done_codes", numbers(old.DoneCodes), numbers(new.DoneCodes))
}

func (d *differ) log(old, new Log) {
	d.live("log.max_size", strconv.FormatInt(old.MaxSize, 10), strconv.FormatInt(new.MaxSize, 10))
	d.live("log.keep", strconv.Itoa(old.Keep), strconv.Itoa(new.Keep))
	d.live("log.compress", strconv.FormatBool(old.Compress), strconv.FormatBool(new.Compress))
	d.live("log.full", cmp.Or(old.Full, "block"), cmp.Or(new.Full, "block"))
	d.live("log.timestamps", strconv.FormatBool(old.Timestamps), strconv.FormatBool(new.Timestamps))
	d.live("log.dir", old.Dir, new.Dir)
	d.live("log.off", strconv.FormatBool(old.Off), strconv.FormatBool(new.Off))
	d.live("log.out", old.Out, new.Out)
	d.live("log.err", old.Err, new.Err)
	d.live("log.combined", old.Combined, new.Combined)
	d.live("log.stamp", old.Stamp, new.Stamp)
	d.live("log.json", strconv.FormatBool(old.JSON), strconv.FormatBool(new.JSON))
}

func unionKeys[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

func octal(mask *int) string {
	if mask == nil {
		return ""
	}
	return fmt.Sprintf("%04o", *mask)
}

func numbers(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, ",")
}
