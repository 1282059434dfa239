package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

func TestApp(t *testing.T) {
	env := map[string]string{"A": "1"}
	for _, row := range []struct {
		name   string
		flags  AppFlags
		script string
		args   []string
		want   map[string]any
	}{
		{"a script is named like its file, and found from the folder it was started in", AppFlags{}, "bin/app.min.js", nil,
			map[string]any{"name": "app.min", "script": "/p/bin/app.min.js"}},
		{"a command stays as it is", AppFlags{}, "node ./p.js --x 3", nil, map[string]any{"name": "p", "script": "node ./p.js --x 3"}},
		{"what follows -- are arguments", AppFlags{Name: "web"}, "/x/a.js", []string{"--port", "3"}, map[string]any{"name": "web", "script": "/x/a.js", "args": []string{"--port", "3"}}},
		{"numbers are numbers, words words", AppFlags{Instances: "max", MaxRestarts: "3", KillTimeout: "500", StopExitCodes: []string{"0", "3"}}, "a.js", nil,
			map[string]any{"name": "a", "script": "/p/a.js", "instances": "max", "max_restarts": 3, "kill_timeout": 500, "stop_exit_codes": []any{0, 3}}},
		{"what is off is false", AppFlags{NoAutorestart: true, Watch: true, Cwd: "sub"}, "a.js", nil,
			map[string]any{"name": "a", "script": "/p/a.js", "autorestart": false, "watch": true, "cwd": "/p/sub"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.want["env"] = env
			if row.want["cwd"] == nil {
				row.want["cwd"] = "/p"
			}
			if got := row.flags.app("/p", row.script, row.args, env); !reflect.DeepEqual(got, row.want) {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestEveryAppFlagIsAWordOfAnEcosystemFile: a flag that the reader of the file does not know would do nothing.
func TestEveryAppFlagIsAWordOfAnEcosystemFile(t *testing.T) {
	full := AppFlags{Name: "w", Namespace: "n", Instances: "2", Cwd: ".", Interpreter: "none", InterpreterArgs: "-x", MaxMemoryRestart: "200M", MaxRestarts: "3",
		RestartDelay: "10", ExpBackoff: "10", Cron: "* * * * *", KillTimeout: "10", ListenTimeout: "10", StopExitCodes: []string{"1"}, OutFile: "o", ErrorFile: "e",
		LogFile: "l", LogDateFormat: "YYYY", LogType: "json", User: "u", Group: "g", Watch: true, IgnoreWatch: []string{"x"}, WatchDelay: "10", Time: true,
		MergeLogs: true, DisableLogs: true, NoAutorestart: true, NoAutostart: true, NoTreekill: true, WaitReady: true, ShutdownMessage: true}
	if v := reflect.ValueOf(full); true {
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s is not tried", v.Type().Field(i).Name)
			}
		}
	}
	dir := t.TempDir()
	b, err := json.Marshal(map[string]any{"apps": []any{full.app(dir, "/bin/sh", nil, map[string]string{})}})
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, dir, "ecosystem.json", string(b))
	s, err := spec.Load(t.Context(), spec.Request{Path: file, Cwd: dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range s.Warnings {
		if strings.Contains(w.Text, "unknown field") {
			t.Error(w.Text)
		}
	}
}

func TestPutReplacesTheOneOfItsName(t *testing.T) {
	a, b := map[string]any{"name": "a", "script": "1"}, map[string]any{"name": "b"}
	apps, was := put([]map[string]any{a}, b)
	if was != nil || len(apps) != 2 {
		t.Errorf("%v %v", apps, was)
	}
	again, was := put(apps, map[string]any{"name": "a", "script": "2"})
	if was["script"] != "1" || again[0]["script"] != "2" || len(again) != 2 || apps[0]["script"] != "1" {
		t.Errorf("%v %v", again, was)
	}
}

func TestWhatFollowsDashesBelongsToTheScript(t *testing.T) {
	for line, want := range map[string]string{"kitt start a.js -- --x -- y": "kitt start a.js|--x -- y", "kitt logs -- web": "kitt logs -- web|", "kitt start web": "kitt start web|"} {
		before, rest := beforeDashes(strings.Fields(line))
		if got := strings.Join(before, " ") + "|" + strings.Join(rest, " "); got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// TestABlockSaysWhatItWasMadeOf: what --save writes is read as the very process.
func TestABlockSaysWhatItWasMadeOf(t *testing.T) {
	dir := t.TempDir()
	for i, words := range [][]string{{"node", dir + "/app.js"}, {"/bin/echo", `a "b" \ ${x} %{y} $${z} é`, "tab\tline\nend"}, {"sh", "-c", "echo $HOME; exit"}} {
		p := spec.Defaults()
		p.Name, p.Command, p.Cwd, p.Instances = []string{"web", "w_b", "w-b"}[i], words, dir, 1+i
		p.Stop.Signal, p.Stop.Timeout = "SIGINT", 1600*time.Millisecond
		text, err := blockOf(&p, dir, "kitt.hcl")
		if err != nil {
			t.Fatal(err)
		}
		file := write(t, dir, "kitt.hcl", text)
		s, err := spec.Load(t.Context(), spec.Request{Path: file, Cwd: dir}, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		got := s.Processes[0]
		want := append([]string{}, words...)
		for i := range want {
			want[i] = strings.Replace(want[i], dir+"/", "./", 1)
		}
		if got.Name != p.Name || !reflect.DeepEqual(got.Command, want) || got.Instances != p.Instances || got.Stop.Signal != "SIGINT" || got.Stop.Timeout != p.Stop.Timeout {
			t.Errorf("%q %v", got.Command, got)
		}
	}
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd, p.Instances = "web", []string{"node", "a b.js"}, dir, 1
	if text, err := blockOf(&p, dir, "Procfile"); err != nil || text != "web: node 'a b.js'\n" {
		t.Errorf("%q %v", text, err)
	}
	p.Instances = 2
	for _, file := range []string{"Procfile", "ecosystem.config.cjs"} {
		if _, err := blockOf(&p, dir, file); exitCode(err) != codeFailed {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTheOwnSpecIsPrivate(t *testing.T) {
	k := &Kitt{}
	k.Dirs.State = filepath.Join(t.TempDir(), "state")
	o, err := openOwnSpec(k)
	if err != nil {
		t.Fatal(err)
	}
	o.apps = []map[string]any{{"name": "a"}}
	if err := o.save(); err != nil {
		t.Fatal(err)
	}
	o.close()
	if info, err := os.Stat(o.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if o, err = openOwnSpec(k); err != nil || len(o.apps) != 1 {
		t.Fatalf("%v %v", o, err)
	}
	o.close()
	if err := os.WriteFile(o.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openOwnSpec(k); exitCode(err) != codeFailed || !strings.Contains(err.Error(), o.path) {
		t.Errorf("%v", err)
	}
}

func TestPM2List(t *testing.T) {
	seven, number := 7, 4
	node := spec.Defaults()
	node.Name, node.Command, node.Cwd, node.Instances, node.InstanceVar = "web", []string{"node", "--trace", "app.js", "-p", "1"}, "/p", 2, "NODE_APP_INSTANCE"
	node.Env, node.Log.Out = map[string]string{"SECRET": "hunter2"}, "/l/web{n}.log"
	shell := spec.Defaults()
	shell.Name, shell.Command, shell.Cwd, shell.Instances = "sl", []string{"bash", "-c", "sleep 1"}, "/p", 1
	l := api.Listing{Processes: map[string]api.Process{"shop/web": {Process: node}, "shop/sl": {Process: shell}},
		Instances: []api.Instance{
			{ID: "web.2", Project: "shop", Process: "web", N: 2, Number: &number, Phase: "running", PID: 8, Since: api.Time{Time: noon}, Restarts: 3,
				CPU: 0.1234, Memory: 5, Exit: &api.Exit{Code: &seven}},
			{ID: "sl.1", Project: "shop", Process: "sl", N: 1, Number: new(int), Phase: "failed", Exit: &api.Exit{Signal: "SIGKILL"}},
		}}
	list := pm2List(l)
	if len(list) != 2 || list[0].Name != "sl" || list[0].ID != 0 || list[1].ID != 4 || list[1].PID != 8 {
		t.Fatalf("%+v", list)
	}
	for key, want := range map[string]any{"status": "online", "pm_uptime": noon.UnixMilli(), "restart_time": 3, "exit_code": 7, "pm_id": 4, "pm_exec_path": "/p/app.js",
		"pm_cwd": "/p", "args": []string{"-p", "1"}, "node_args": []string{"--trace"}, "exec_interpreter": "node", "exec_mode": "fork_mode", "instances": 2,
		"pm_out_log_path": "/l/web-1.log", "namespace": "default", "NODE_APP_INSTANCE": 1, "env": map[string]string{"SECRET": "***"}} {
		if got := list[1].Env[key]; !reflect.DeepEqual(got, want) {
			t.Errorf("web: %s is %v, want %v", key, got, want)
		}
	}
	for key, want := range map[string]any{"status": "errored", "exit_code": 137, "exec_interpreter": "none", "pm_exec_path": "bash", "args": []string{"-c", "sleep 1"}} {
		if got := list[0].Env[key]; !reflect.DeepEqual(got, want) {
			t.Errorf("sl: %s is %v, want %v", key, got, want)
		}
	}
	if m := list[1].Monit; m.CPU != 12.3 || m.Memory != 5 {
		t.Errorf("%+v", m)
	}
}

func TestPM2ListHasTheWorkersOfACluster(t *testing.T) {
	p := spec.Defaults()
	p.Name, p.Command, p.Mode, p.Instances, p.InstanceVar = "web", []string{"node", "a.js"}, spec.ModeCluster, 2, "NODE_APP_INSTANCE"
	number := 3
	list := pm2List(api.Listing{Processes: map[string]api.Process{"shop/web": {Process: p}},
		Instances: []api.Instance{{Project: "shop", Process: "web", N: 1, Number: &number, Phase: "running", PID: 8, CPU: 0.5, Memory: 100}},
		Clusters: map[string]api.Cluster{"shop/web": {Workers: []api.Worker{{N: 1, PID: 11, State: "replacing", Since: 5},
			{N: 2, State: "failed", Restarts: 4}}}}, Memory: map[int]int64{11: 40}})
	if len(list) != 2 || list[0].PID != 11 || list[1].PID != 0 || list[0].ID != 3 || list[0].Monit != (pm2Monit{40, 25}) {
		t.Fatalf("%+v", list)
	}
	for key, want := range map[string][2]any{"status": {"online", "errored"}, "restart_time": {0, 4}, "NODE_APP_INSTANCE": {0, 1}, "exec_mode": {"cluster_mode", "cluster_mode"}} {
		if list[0].Env[key] != want[0] || list[1].Env[key] != want[1] {
			t.Errorf("%s: %v, %v", key, list[0].Env[key], list[1].Env[key])
		}
	}
}

func TestInspected(t *testing.T) {
	v := map[string]any{"name": "it's\n", "a-b": []any{1.0, nil, true}, "e": map[string]any{}, "l": []any{}}
	want := "{\n  'a-b': [\n    1,\n    null,\n    true\n  ],\n  e: {},\n  l: [],\n  name: 'it\\'s\\n'\n}"
	if got := inspected(v, ""); got != want {
		t.Errorf("%s", got)
	}
}

func TestSignalWord(t *testing.T) {
	for word, want := range map[string]string{"HUP": "SIGHUP", "sigusr2": "SIGUSR2", "15": "SIGTERM", "SIGKILL": "SIGKILL", "x": "", "999": "", "": ""} {
		got, err := signalWord(word)
		if got != want && want != "" || (err == nil) != (want != "") {
			t.Errorf("%s: %s %v", word, got, err)
		}
	}
}

func TestServeReadsFolderAndPort(t *testing.T) {
	for words, want := range map[string]string{"": ". 8080", "dist": "dist 8080", "dist 3000": "dist 3000", "3000": ". 3000", "a 1 b": "error", "0": "error", "70000": "error"} {
		dir, port, err := Serve{Words: strings.Fields(words)}.where()
		got := dir + " " + number(port)
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s", words, got)
		}
	}
}

func TestScaleReadsPM2sForm(t *testing.T) {
	for words, want := range map[string]string{"web 3": "web=3", "web=3 api 2": "web=3 api=2", "web=3": "web=3", "web +1": "error", "web=+1": "error", "web": "web"} {
		out, err := scaleWords(strings.Fields(words))
		got := strings.Join(out, " ")
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: %s", words, got)
		}
	}
}

// pm2 takes --watch-delay in seconds, its files take milliseconds.
func TestMillis(t *testing.T) {
	for text, want := range map[string]string{"4": "4000", "0.5": "500", "4000ms": "4000", "2s": "2000", "": "", "soon": "soon"} {
		if got := millis(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
