package spec_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// facts are the fields of one instance, in words that kitt's and pm2's readings share. What either keeps to itself,
// like the folder of its own logs, is left out.
type facts map[string]string

// peerFacts are those of what pm2 would start, by "name #n".
func peerFacts(a peerAnswer, env map[string]string) map[string]facts {
	out := map[string]facts{}
	for _, in := range a.Instances {
		raw := func(key string) string {
			text := string(in.Fields[key])
			if json.Unmarshal(in.Fields[key], &text) != nil {
				text = string(in.Fields[key])
			}
			return text
		}
		n := or(raw(raw("instance_var")), "0")
		f := facts{"name": in.Name, "namespace": in.Namespace, "cwd": in.Cwd, "argv": argv(in.Argv, env["PATH"]), "instances": raw("instances"),
			"exec_mode": strings.TrimSuffix(raw("exec_mode"), "_mode"), "autostart": or(raw("autostart"), "true"), "restart": "always",
			"max_restarts": or(raw("max_restarts"), "16 by default"), "min_uptime": or(raw("min_uptime"), "1000"), "pause": "none",
			"stop_exit_codes": strings.Trim(or(raw("stop_exit_codes"), "[]"), "[]"), "kill_timeout": or(raw("kill_timeout"), "1600"), "treekill": or(raw("treekill"), "true"),
			"stamp": in.Stamp, "log_type": raw("log_type"), "disable_logs": or(raw("disable_logs"), "false"), "user": raw("uid"), "group": raw("gid"),
			"wait_ready": or(raw("wait_ready"), "false"), "listen_timeout": or(raw("listen_timeout"), "0"), "shutdown_with_message": or(raw("shutdown_with_message"), "false")}
		if raw("autorestart") == "false" {
			f["restart"] = "never"
		}
		if d := raw("restart_delay"); d != "" && d != "0" {
			f["pause"] = d + " ms"
		}
		if d := raw("exp_backoff_restart_delay"); d != "" && d != "0" {
			f["pause"] = d + " ms, growing by half"
		}
		peerTimes(f, raw)
		for word, key := range map[string]string{"out": "pm_out_log_path", "err": "pm_err_log_path", "log": "pm_log_path"} {
			if path := raw(key); path != "/dev/null" && !strings.HasPrefix(path, env["PM2_HOME"]) {
				f[word] = path
			} else {
				f[word] = ""
			}
		}
		for name, value := range in.Env {
			if !strings.HasPrefix(name, "PM2_") && name != "unique_id" && name != "PWD" && name != "io" && name != "undefined" && name != in.Name { // its own
				f["env."+name] = value
			}
		}
		out[in.Name+" #"+n] = f
	}
	return out
}

// ownFacts are those of what kitt would start.
func ownFacts(s *spec.Spec, captured map[string]string) map[string]facts {
	out := map[string]facts{}
	for _, p := range s.Processes {
		for n := 1; n <= p.Instances; n++ {
			out[fmt.Sprintf("%s #%d", p.Name, n-1)] = instanceFacts(p, n, captured)
		}
	}
	return out
}

func instanceFacts(p spec.Process, n int, captured map[string]string) facts {
	command, cwd, own := p.For(n)
	env := maps.Clone(captured)
	maps.DeleteFunc(env, func(name, _ string) bool { return slices.Contains(p.Unset, name) })
	maps.Copy(env, own)
	f := facts{"name": p.Name, "namespace": or(p.Namespace, "default"), "cwd": cwd, "argv": argv(command, env["PATH"]), "instances": strconv.Itoa(p.Instances),
		"exec_mode": "fork", "wait_ready": strconv.FormatBool(p.Ready.Message), "listen_timeout": millis(p.Ready.Within), "shutdown_with_message": strconv.FormatBool(p.Stop.Message == "shutdown"), "autostart": strconv.FormatBool(!p.Held), "restart": p.Restart.Policy, "max_restarts": "no limit", "min_uptime": millis(p.Restart.MinUptime),
		"pause": "kitt's own", "stop_exit_codes": numbers(p.Restart.DoneCodes), "kill_timeout": millis(p.Stop.Timeout), "treekill": strconv.FormatBool(p.Stop.KillMode == "tree"),
		"disable_logs": strconv.FormatBool(p.Log.Off), "stamp": "", "log_type": "", "user": uid(p.User), "group": gid(p.User, p.Group)}
	ownTimes(f, p)
	if p.Mode == spec.ModeCluster {
		f["exec_mode"] = "cluster"
	}
	switch re := p.Restart; {
	case re.Factor == 1.5:
		f["pause"] = millis(re.BackoffMin) + " ms, growing by half"
	case re.BackoffMin == re.BackoffMax:
		f["pause"] = millis(re.BackoffMin) + " ms"
	}
	if p.Restart.Max > 0 {
		f["max_restarts"] = strconv.Itoa(p.Restart.Max)
	}
	if p.Log.Stamp != "" {
		f["stamp"] = time.Unix(0, 0).UTC().Format(p.Log.Stamp)
	}
	if p.Log.JSON {
		f["log_type"] = "json"
	}
	for word, path := range map[string]string{"out": p.Log.Out, "err": p.Log.Err, "log": p.Log.Combined} {
		f[word] = strings.Replace(path, "{n}", fmt.Sprintf("-%d", n-1), 1)
	}
	for name, value := range env {
		if !strings.HasPrefix(name, "PM2_") {
			f["env."+name] = value
		}
	}
	return f
}

// argv is a command in one line; programs that the PATH holds are named in full.
func argv(command []string, path string) string {
	words := slices.Clone(command)
	if len(words) > 0 && !strings.Contains(words[0], "/") {
		for _, dir := range filepath.SplitList(path) {
			if isFile(filepath.Join(dir, words[0])) {
				words[0] = filepath.Join(dir, words[0])
				break
			}
		}
	}
	return fmt.Sprintf("%q", words)
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func millis(d time.Duration) string { return strconv.FormatFloat(float64(d)/1e6, 'f', -1, 64) }

func numbers(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// uid is the number of a user, as pm2 has it.
func uid(name string) string {
	if u, err := user.Lookup(name); err == nil {
		return u.Uid
	}
	return name
}

// gid is the number of a group; without one it is the user's.
func gid(owner, name string) string {
	u, err := user.Lookup(owner)
	if err != nil {
		u, err = user.LookupId(owner)
	}
	if err == nil && name == "" {
		return u.Gid
	}
	if g, err := user.LookupGroup(name); err == nil {
		return g.Gid
	}
	return name
}
