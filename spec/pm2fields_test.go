package spec_test

import (
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kitt.sh/spec"
)

// Each field of a pm2 app, and each of its names, means what it says. TestPm2ReadsTheSame holds the same against pm2
// itself, where there is Node; this needs none.
func TestFieldsOfAPm2App(t *testing.T) {
	cpus := runtime.NumCPU()
	for _, test := range []struct{ fields, fact, want string }{
		{`"name":"x"`, "name", "x"},
		{`"namePrefix":"p"`, "name", "p:a"},
		{`"appendEnvToName":true`, "name", "a-prod"},
		{`"namespace":"shop"`, "namespace", "shop"},
		{`"cwd":"/srv"`, "cwd", "/srv"},
		{`"cwd":"sub"`, "cwd", "DIR/sub"},
		{`"script":"/x.js"`, "argv", `["node" "/x.js"]`},
		{`"script":"","exec":"/x.js"`, "argv", `["node" "/x.js"]`},
		{`"script":null,"cmd":"/x.js","command":"/y.js"`, "argv", `["node" "/x.js"]`},
		{`"script":"/x.sh --y"`, "argv", `["/bin/sh" "-c" "/x.sh --y"]`},
		{`"args":"--a \"b c\""`, "argv", `["node" "DIR/a.js" "--a" "b c"]`},
		{`"args":["--a","b c",5]`, "argv", `["node" "DIR/a.js" "--a" "b c" "5"]`},
		{`"interpreter":"bun"`, "argv", `["bun" "DIR/a.js"]`},
		{`"exec_interpreter":"deno","interpreter":"bun"`, "argv", `["deno" "DIR/a.js"]`},
		{`"interpreter":"none"`, "argv", `["DIR/a.js"]`},
		{`"interpreter":"./node"`, "argv", `["DIR/node" "DIR/a.js"]`},
		{`"node_args":"--x --y"`, "argv", `["node" "--x" "--y" "DIR/a.js"]`},
		{`"interpreterArgs":["--x"]`, "argv", `["node" "--x" "DIR/a.js"]`},
		{`"port":3000`, "env.PORT", "3000"},
		{`"port":3000,"env_prod":{"PORT":1}`, "env.PORT", "1"},
		{`"env":{"A":1}`, "env.A", "1"},
		{`"env":{"A":{"b":[1,true]}}`, "env.A", `{"b":[1,true]}`},
		{`"env":{"A":1},"env_prod":{"A":2}`, "env.A", "2"},
		{`"env":{"A":1},"env_test":{"A":2}`, "env.A", "1"},
		{`"env":{"B":null}`, "env.B", ""},
		{`"filter_env":["SECRET"]`, "env.SECRET_A", ""},
		{`"uid":"daemon"`, "user", uid("daemon")},
		{`"user":"daemon","gid":"sys"`, "group", gid("daemon", "sys")},
		{`"instances":3`, "instances", "3"},
		{`"instances":"max"`, "instances", strconv.Itoa(cpus)},
		{`"instances":0`, "instances", strconv.Itoa(cpus)},
		{`"instances":-1`, "instances", strconv.Itoa(max(1, cpus-1))},
		{`"instance_var":"N"`, "env.N", "0"},
		{`"increment_var":"PORT","env":{"PORT":3000}`, "env.PORT", "3000"},
		{`"increment_var":"B"`, "env.B", "2"},
		{`"autorestart":false`, "restart", "never"},
		{`"autostart":false`, "autostart", "false"},
		{`"stop_exit_codes":[0,3]`, "stop_exit_codes", "0,3"},
		{`"max_restarts":"5"`, "max_restarts", "5"},
		{`"min_uptime":"1h"`, "min_uptime", "3600000"},
		{`"minUptime":"2m"`, "min_uptime", "120000"},
		{`"min_uptime":5000`, "min_uptime", "5000"},
		{`"restart_delay":"300"`, "pause", "300 ms"},
		{`"exp_backoff_restart_delay":100,"restart_delay":5`, "pause", "100 ms, growing by half"},
		{`"kill_timeout":3000`, "kill_timeout", "3000"},
		{`"env":{}`, "kill_timeout", "1600"},
		{`"treekill":false`, "treekill", "false"},
		{`"out_file":"o.log"`, "out", "DIR/o.log"},
		{`"out":"1","output":"2","out_log":"3"`, "out", "DIR/3"},
		{`"error_file":"~/e.log"`, "err", "/h/e.log"},
		{`"error":"1","err":"2","err_file":"3"`, "err", "DIR/3"},
		{`"log":"l.log"`, "log", "DIR/l.log"},
		{`"log_file":true`, "log", ""},
		{`"out_file":"/dev/null"`, "out", ""},
		{`"out_file":"o-3.log","instances":1`, "out", "DIR/o-0.log"},
		{`"out_file":"o.log","instances":1,"merge_logs":true`, "out", "DIR/o.log"},
		{`"out_file":"o.log","merge_logs":false`, "out", "DIR/o-0.log"},
		{`"time":true,"log_date_format":"YYYY"`, "stamp", "1970-01-01T00:00:00"},
		{`"log_date_format":"DD.MM.YYYY HH:mm:ss"`, "stamp", "01.01.1970 00:00:00"},
		{`"log_type":"json"`, "log_type", "json"},
		{`"disable_logs":true`, "disable_logs", "true"},
	} {
		p, s := pm2(t, test.fields)
		dir := strings.TrimSuffix(s.File, "/ecosystem.json")
		facts := instanceFacts(p, 1, map[string]string{"HOME": "/h", "SECRET_A": "1", "B": "2"})
		if got := strings.ReplaceAll(facts[test.fact], dir, "DIR"); got != test.want {
			t.Errorf("%s: %s is %q, want %q", test.fields, test.fact, got, test.want)
		}
	}
}

// A file that is wrong in every field is told all of it, each with its line and what would be right.
func TestEveryWrongFieldIsTold(t *testing.T) {
	wrong := map[string]string{
		`name: ['a']`: "expected text", `script: 5`: "expected text", `args: { a: 1 }`: "expected text or a list", `cwd: true`: "expected text",
		`env: 'A=sword-fish'`: "expected an object, got text", `env_test: 'A=1'`: "expected an object", `filter_env: 5`: "expected",
		`interpreter: 1`: "expected text", `instances: '2x'`: "expected a number or \"max\"", `exec_mode: 'thread'`: "is not a mode",
		`autorestart: 'maybe'`: "expected true or false", `autostart: 1`: "expected true or false", `stop_exit_codes: '0,3'`: "expected exit codes",
		`max_restarts: -1`: "less than nothing", `min_uptime: 50`: "less than 100 ms", `min_uptime: '1 hour'`: "expected a number (milliseconds)",
		`restart_delay: '3s'`: "expected a number (milliseconds)", `kill_timeout: '5s'`: "expected a number (milliseconds)", `treekill: 0.5`: "expected true or false",
		`out_file: 3`: "expected text", `error_file: []`: "expected text", `log_type: 'xml'`: "is not json", `time: 'often'`: "expected true or false",
		`log_date_format: 5`: "expected text", `merge_logs: 'both'`: "expected true or false", `port: 'http'`: "expected a number",
		`wait_ready: 'yes'`: "expected true or false", `listen_timeout: '3s'`: "expected a number", `vizion: 'no'`: "expected true or false", `io: 3`: "expected an object",
		`increment_var: 'HOME'`: "not a number to count up from", `pid_file: 7`: "expected text", `watch_options: 'x'`: "expected an object",
	}
	fields := slices.Sorted(maps.Keys(wrong))
	text := "module.exports = {\n apps: [\n"
	for i, f := range fields {
		if !strings.HasPrefix(f, "script") {
			f = "script: 'a.js', " + f
		}
		if !strings.HasPrefix(f, "name") {
			f = "name: 'a" + strconv.Itoa(i) + "', " + f
		}
		text += "  { " + f + " },\n"
	}
	dir := folder(t, "ecosystem.config.js", text+"] }\n", "a.js", "")
	_, said := load(t, spec.Request{Path: dir, Env: map[string]string{"HOME": "/h"}})
	for i, f := range fields {
		at := dir + "/ecosystem.config.js:" + strconv.Itoa(i+3) + ":"
		if !slices.ContainsFunc(said, func(line string) bool { return strings.HasPrefix(line, at) && strings.Contains(line, wrong[f]) }) {
			t.Errorf("%s: nothing with %q at line %d", f, wrong[f], i+3)
		}
	}
	if len(said) != len(fields) || strings.Contains(strings.Join(said, ""), "sword") {
		t.Errorf("%d complaints of %d:\n%s", len(said), len(fields), strings.Join(said, "\n"))
	}
}
