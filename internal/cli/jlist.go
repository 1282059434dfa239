package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// JList prints instances in the form of pm2's jlist, Prettylist in that of its prettylist.
type (
	JList      struct{}
	Prettylist struct{}
)

func (JList) Run(ctx context.Context, k *Kitt) error {
	l, err := k.listing(ctx, nil)
	if err != nil {
		return err
	}
	return k.emitValue(pm2List(l))
}

func (Prettylist) Run(ctx context.Context, k *Kitt) error {
	l, err := k.listing(ctx, nil)
	if err != nil {
		return err
	}
	b, err := json.Marshal(pm2List(l))
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	var v any
	if err := json.Unmarshal(api.Harmless(b), &v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	fmt.Fprintln(k.Out, inspected(v, ""))
	return nil
}

// A pm2Proc is one element of pm2's jlist.
type pm2Proc struct {
	PID   int            `json:"pid"`
	Name  string         `json:"name"`
	Env   map[string]any `json:"pm2_env"`
	ID    int            `json:"pm_id"`
	Monit pm2Monit       `json:"monit"`
}

type pm2Monit struct {
	Memory int64   `json:"memory"` // bytes
	CPU    float64 `json:"cpu"`    // percent of one
}

// pm2Status is what pm2 calls a phase.
var pm2Status = map[string]string{"running": "online", "starting": "launching", "stopping": "stopping", "waiting": "waiting restart",
	"done": "stopped", "failed": "errored", "held": "stopped"}

// pm2List is what pm2's jlist says of these instances, sorted by number. Values of environments are not in it.
func pm2List(l api.Listing) []pm2Proc {
	out := make([]pm2Proc, 0, len(l.Instances))
	for _, in := range l.Instances {
		p := l.Processes[in.Project+"/"+in.Process].Process
		number := -1
		if in.Number != nil {
			number = *in.Number
		}
		one := pm2Proc{in.PID, in.Process, pm2Env(in, p, number), number, pm2Monit{in.Memory, percentOf(in.CPU)}}
		if c, ok := l.Clusters[in.Project+"/"+in.Process]; ok && p.Mode == spec.ModeCluster && len(c.Workers) > 0 {
			out = append(out, pm2Workers(one, c, p, l.Memory)...)
			continue
		}
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b pm2Proc) int { return a.ID - b.ID })
	return out
}

func percentOf(cores float64) float64 { return math.Round(cores*1000) / 10 }

// pm2Workers are the elements that pm2 has for the workers of a cluster: each with its own pid, state and memory. They
// have the number of the whole, since only that can be addressed, and share its cpu.
func pm2Workers(whole pm2Proc, c api.Cluster, p spec.Process, memory map[int]int64) (out []pm2Proc) {
	for _, w := range c.Workers {
		one := whole
		one.PID, one.Env = w.PID, maps.Clone(whole.Env)
		one.Monit = pm2Monit{memory[w.PID], math.Round(whole.Monit.CPU*10/float64(len(c.Workers))) / 10}
		phase := w.State
		if phase == "replacing" {
			phase = "running"
		}
		one.Env["status"], one.Env["restart_time"], one.Env["pm_uptime"] = pm2Status[phase], w.Restarts, w.Since
		if p.InstanceVar != "" {
			one.Env[p.InstanceVar] = w.N - 1
		}
		out = append(out, one)
	}
	return out
}

// pm2Env is pm2's pm2_env: the settings, and how it stands.
func pm2Env(in api.Instance, p spec.Process, number int) map[string]any {
	interpreter, script, nodeArgs, args := pm2Command(p)
	env := map[string]string{}
	for name := range p.Env {
		env[name] = "***"
	}
	var exit any
	if in.Exit != nil && in.Exit.Code != nil {
		exit = *in.Exit.Code
	} else if in.Exit != nil && in.Exit.Signal != "" {
		exit = 128 + int(unix.SignalNum(in.Exit.Signal))
	}
	namespace := p.Namespace
	if namespace == "" {
		namespace = "default"
	}
	since := in.Since.UnixMilli()
	if in.Since.IsZero() {
		since = 0
	}
	out, errs := filepath.Join(in.Log.Out, "current"), filepath.Join(in.Log.Err, "current")
	suffix := "-" + strconv.Itoa(in.N-1)
	if p.Log.Out != "" {
		out = strings.ReplaceAll(p.Log.Out, "{n}", suffix)
	}
	if p.Log.Err != "" {
		errs = strings.ReplaceAll(p.Log.Err, "{n}", suffix)
	}
	v := map[string]any{"name": in.Process, "namespace": namespace, "status": pm2Status[in.Phase], "pm_uptime": since, "created_at": since,
		"restart_time": in.Restarts, "unstable_restarts": 0, "exit_code": exit, "pm_id": number, "pm_exec_path": script, "pm_cwd": p.Cwd,
		"args": args, "node_args": nodeArgs, "exec_mode": "fork_mode", "exec_interpreter": interpreter, "pm_out_log_path": out, "pm_err_log_path": errs,
		"pm_pid_path": "", "instances": p.Instances, "merge_logs": !strings.Contains(p.Log.Out, "{n}"), "watch": len(p.Watch.Paths) > 0, "autorestart": p.Restart.Policy != "never",
		"autostart": !p.Held, "kill_timeout": p.Stop.Timeout.Milliseconds(), "treekill": p.Stop.KillMode != "process", "vizion": false, "pmx": false,
		"version": "N/A", "node_version": nil, "username": username(), "unique_id": in.Project + "/" + in.Process + "." + strconv.Itoa(in.N), "env": env,
		"axm_actions": []any{}, "axm_monitor": map[string]any{}, "axm_options": map[string]any{}, "axm_dynamic": map[string]any{}, "prev_restart_delay": 0,
		"automation": false, "filter_env": map[string]any{}, "instance_var": p.InstanceVar, "kill_retry_time": 100, "km_link": false, "vizion_running": false,
		"windowsHide": true}
	if p.Mode == spec.ModeCluster {
		v["exec_mode"] = "cluster_mode"
	}
	if p.InstanceVar != "" {
		v[p.InstanceVar] = in.N - 1
	}
	if p.Log.Combined != "" {
		v["pm_log_path"] = strings.ReplaceAll(p.Log.Combined, "{n}", suffix)
	}
	if p.Restart.Max > 0 {
		v["max_restarts"] = p.Restart.Max
	}
	return v
}

// interpreters are the programs that pm2 runs scripts with.
var interpreters = []string{"node", "bun", "deno", "bash", "sh", "python", "python3", "ruby", "perl", "php"}

// pm2Command parts a command as pm2 names its parts: node --x app.js a b.
func pm2Command(p spec.Process) (interpreter, script string, before, args []string) {
	before, args = []string{}, []string{}
	if len(p.Command) == 0 {
		return "none", "", before, args
	}
	word := filepath.Base(p.Command[0])
	at := 0
	if slices.Contains(interpreters, word) && len(p.Command) > 1 && p.Command[1] != "-c" { // a command line is the shell's argument
		interpreter = p.Command[0]
		for at = 1; at < len(p.Command)-1 && strings.HasPrefix(p.Command[at], "-"); at++ {
			before = append(before, p.Command[at])
		}
	} else {
		interpreter = "none"
	}
	script = p.Command[at]
	if interpreter != "none" && !filepath.IsAbs(script) {
		script = filepath.Join(p.Cwd, script)
	}
	return interpreter, script, before, append(args, p.Command[at+1:]...)
}

func username() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Geteuid())
}

// system names the machine's system, for a report.
func system() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return runtime.GOOS + "/" + runtime.GOARCH
	}
	return runtime.GOOS + "/" + runtime.GOARCH + " " + unix.ByteSliceToString(u.Release[:]) + ", " + time.Now().Format("MST")
}

// inspected writes a JSON value as Node's util.inspect does: keys without quotes, texts in single ones.
func inspected(v any, indent string) string {
	inner := indent + "  "
	switch v := v.(type) {
	case string:
		return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`).Replace(v) + "'"
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		var parts []string
		for _, e := range v {
			parts = append(parts, inner+inspected(e, inner))
		}
		return "[\n" + strings.Join(parts, ",\n") + "\n" + indent + "]"
	case map[string]any:
		return inspectedObject(v, indent)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	b, _ := json.Marshal(v) // null, true, false
	return string(b)
}

func inspectedObject(v map[string]any, indent string) string {
	if len(v) == 0 {
		return "{}"
	}
	keys := make([]string, 0, len(v))
	for key := range v {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var parts []string
	for _, key := range keys {
		name := key
		if strings.ContainsFunc(key, func(r rune) bool { return r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') }) {
			name = "'" + key + "'"
		}
		parts = append(parts, indent+"  "+name+": "+inspected(v[key], indent+"  "))
	}
	return "{\n" + strings.Join(parts, ",\n") + "\n" + indent + "}"
}
