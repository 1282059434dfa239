package spec

import (
	"maps"
	"slices"
	"strings"
)

// pm2Aliases are the words of a pm2 app, each with its other names in the order in which pm2 looks for them. Each may
// also be written in camelCase, which counts last.
var pm2Aliases = map[string][]string{
	"name": nil, "name_prefix": nil, "namespace": nil, "append_env_to_name": nil,
	"script": {"cmd", "command", "exec"}, "args": nil, "cwd": nil, "env": nil, "filter_env": nil, "port": nil,
	"interpreter": {"exec_interpreter"}, "node_args": {"interpreter_args"}, "user": {"uid"}, "group": {"gid"},
	"exec_mode": nil, "instances": nil, "instance_var": nil, "increment_var": nil,
	"autorestart": nil, "autostart": nil, "stop_exit_codes": nil, "max_restarts": nil, "min_uptime": nil,
	"restart_delay": nil, "exp_backoff_restart_delay": nil, "kill_timeout": nil, "treekill": nil,
	"out_file": {"out_log", "output", "out"}, "error_file": {"err_log", "err_file", "err", "error"}, "log_file": {"log"},
	"merge_logs": {"combine_logs"}, "disable_logs": nil, "log_type": nil, "log_date_format": nil, "time": nil,

	"watch": nil, "max_memory_restart": nil, "cron_restart": {"cron"}, "wait_ready": nil, "shutdown_with_message": nil,
	"source_map_support": nil, "pid_file": {"pid"}, "trace": nil, "v8": nil, "deep_monitoring": nil, "event_loop_inspector": nil,

	"ignore_watch": nil, "watch_delay": nil, "watch_options": nil, "listen_timeout": nil, "kill_retry_time": nil,
	"vizion": nil, "pmx": {"automation"}, "io": nil, "disable_trace": nil, "disable_source_map_support": nil, "post_update": nil,
	"install_url": nil, "windows_hide": nil, "write": nil, "force": nil, "execute_command": nil, "username": nil,
}

// pm2Later are words that would do something, but not yet in this version. What stands below them in
// pm2Aliases has no effect of its own, or only on pm2's paid service.
var pm2Later = map[string]bool{"source_map_support": true, "pid_file": true, "trace": true, "v8": true,
	"deep_monitoring": true, "event_loop_inspector": true}

var pm2Names = func() map[string]string {
	out := map[string]string{}
	for name, aliases := range pm2Aliases {
		for _, alias := range append([]string{name}, aliases...) {
			out[alias], out[camel(alias)] = name, name
		}
	}
	return out
}()

// pm2Canonical is pm2's first name for a word, or nothing if it has none.
func pm2Canonical(word string) string { return pm2Names[word] }

// counts is the one of several names of a word that pm2 goes by: the first whose value JavaScript takes for true.
// Where none is, pm2 forgets the value, but for words without an underscore and for booleans, which say no.
func counts(name string, list []member) (member, bool) {
	order := append([]string{name}, pm2Aliases[name]...)
	if name == "interpreter" || name == "user" {
		order = []string{pm2Aliases[name][0], name} // pm2's own first name is the other one
	}
	rank := func(m member) int {
		if i := slices.Index(order, m.key); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(list, func(a, b member) int { return rank(a) - rank(b) })
	for _, m := range list {
		if truthy(m.value) {
			return m, true
		}
	}
	last := list[len(list)-1]
	keeps := last.value.kind == isBool || name == "stop_exit_codes" || !strings.Contains(name, "_") && name != "script" && name != "user" && name != "group"
	return last, keeps
}

// truthy is JavaScript's view of a value.
func truthy(n *node) bool {
	switch n.kind {
	case isNull:
		return false
	case isBool, isNumber:
		return n.text != "false" && n.text != "0" && n.text != "-0"
	case isText:
		return n.text != ""
	}
	return true
}

func pm2Words() []string { return slices.Sorted(maps.Keys(pm2Names)) }

func camel(word string) string {
	parts := strings.Split(word, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}
