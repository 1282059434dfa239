package spec_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

// pm2 reads one app given as JSON fields, in a folder with the profile "prod" asked for.
func pm2(t *testing.T, fields string) (spec.Process, *spec.Spec) {
	t.Helper()
	dir := folder(t, "ecosystem.json", `{"apps":[{"name":"a","script":"a.js",`+fields+`}]}`)
	s, said := load(t, spec.Request{Path: dir, Cwd: dir, Profile: "prod", Env: map[string]string{"HOME": "/h", "SECRET_A": "1", "B": "2", "PATH": ""}})
	if said != nil || len(s.Processes) != 1 {
		t.Fatalf("%s: %q", fields, said)
	}
	return s.Processes[0], s
}

func TestRestartsOfAPm2App(t *testing.T) {
	for _, test := range []struct {
		name, fields string
		want         func(r spec.Restart) bool
	}{
		{"nothing said: kitt's own pause, no limit", `"env":{}`, func(r spec.Restart) bool {
			return r.Policy == "always" && r.BackoffMin == 100*time.Millisecond && r.BackoffMax == 15*time.Second && r.Max == 0
		}},
		{"max_restarts counts young deaths of ten minutes", `"max_restarts":10`, func(r spec.Restart) bool {
			return r.Max == 10 && r.MinUptime == time.Second && r.Within == 10*time.Minute
		}},
		{"min_uptime says what is young", `"max_restarts":"10","min_uptime":"1h"`, func(r spec.Restart) bool { return r.Max == 10 && r.MinUptime == time.Hour }},
		{"max_restarts 0 is not said, as in pm2", `"max_restarts":0`, func(r spec.Restart) bool { return r.Policy == "always" && r.Max == 0 }},
		{"restart_delay is the same pause each time", `"restart_delay":3000`, func(r spec.Restart) bool {
			return r.BackoffMin == 3*time.Second && r.BackoffMax == 3*time.Second
		}},
		{"exp_backoff_restart_delay grows by half", `"exp_backoff_restart_delay":200,"restart_delay":3000`, func(r spec.Restart) bool {
			return r.BackoffMin == 200*time.Millisecond && r.BackoffMax == 15*time.Second && r.Factor == 1.5
		}},
		{"autorestart false never restarts", `"autorestart":false`, func(r spec.Restart) bool { return r.Policy == "never" }},
		{"stop_exit_codes end it for good", `"stop_exit_codes":0`, func(r spec.Restart) bool { return len(r.DoneCodes) == 1 && r.DoneCodes[0] == 0 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if p, _ := pm2(t, test.fields); !test.want(p.Restart) {
				t.Errorf("%+v", p.Restart)
			}
		})
	}
}

func TestLogNamesOfPm2Copies(t *testing.T) {
	for _, test := range []struct{ name, fields, want string }{
		{"one instance writes the name itself", `"out_file":"o.log"`, "o.log"},
		{"several each their own", `"out_file":"o.log","instances":2,"exec_mode":"fork"`, "o{n}.log"},
		{"the workers of a cluster share theirs", `"out_file":"o.log","instances":2`, "o.log"},
		{"unless merged", `"out_file":"o.log","instances":2,"merge_logs":true`, "o.log"},
		{"a name of another end is shared", `"out_file":"o.txt","instances":2`, "o.txt"},
		{"an alias in camelCase counts", `"outFile":"o.log","instances":2,"execMode":"fork","combineLogs":false`, "o{n}.log"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, _ := pm2(t, test.fields)
			if got := filepath.Base(p.Log.Out); got != test.want || !filepath.IsAbs(p.Log.Out) {
				t.Errorf("got %s, want %s", p.Log.Out, test.want)
			}
		})
	}
}

func TestEnvironmentOfAPm2App(t *testing.T) {
	p, _ := pm2(t, `"env":{"A":"1","B":1},"env_prod":{"A":"2"},"env_test":{"A":"3"},"append_env_to_name":true`)
	if p.Name != "a-prod" || p.Env["A"] != "2" || p.Env["B"] != "1" {
		t.Errorf("%s %v", p.Name, p.Env)
	}
	for fields, want := range map[string]string{`"filter_env":["SECRET"]`: "SECRET_A", `"filter_env":"B"`: "B", `"filter_env":true`: "B SECRET_A",
		`"filter_env":true,"env":{"B":"3"}`: "SECRET_A", `"filter_env":false`: ""} {
		if p, _ := pm2(t, fields); strings.Join(p.Unset, " ") != want {
			t.Errorf("%s takes away %q, want %q", fields, p.Unset, want)
		}
	}
}

func TestWarningsComeOnlyWhereTheFileMeetsTheCase(t *testing.T) {
	for fields, want := range map[string]string{
		`"watch":false,"env_prod":{}`: "", `"trace":true,"env_prod":{}`: "trace is not acted on", `"max_memory_restart":0,"env_prod":{}`: "",
		`"vizion":false,"listen_timeout":5,"env_prod":{}`: "", `"autorestrt":true,"env_prod":{}`: `unknown field "autorestrt"`, `"env":{}`: "no app has env_prod",
	} {
		_, s := pm2(t, fields)
		switch {
		case want == "" && len(s.Warnings) > 0:
			t.Errorf("%s: %v", fields, s.Warnings)
		case want != "" && (len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Text, want)):
			t.Errorf("%s: %v, want %q", fields, s.Warnings, want)
		}
	}
}

func TestLimits(t *testing.T) {
	dir := folder(t, "kitt.hcl", "process \"web\" {\n  command   = \"x\"\n  instances = 1001\n}\n", "big.hcl", "")
	if _, said := load(t, spec.Request{Path: dir}); len(said) != 1 || !strings.Contains(said[0], "kitt.hcl:3:3: process \"web\": instances: 1001") {
		t.Errorf("got %q", said)
	}
	if err := os.Truncate(filepath.Join(dir, "big.hcl"), 1<<30); err != nil {
		t.Fatal(err)
	}
	if _, said := load(t, spec.Request{Path: "big.hcl", Cwd: dir}); len(said) != 1 || !strings.Contains(said[0], "too many for a spec file") {
		t.Errorf("got %q", said)
	}
}

func TestAProfileLiesOverAll(t *testing.T) {
	dir := folder(t, "kitt.hcl", `
process "web" {
  command = "x"
  env     = { A = "web", B = "web", C = "web" }
}
profile "p" {
  env = { A = "p", B = "p" }
  defaults {
    env = { B = "p defaults" }
  }
}
`)
	s, said := load(t, spec.Request{Path: dir, Profile: "p"})
	if said != nil {
		t.Fatal(said)
	}
	if env := process(t, s, "web").Env; env["A"] != "p" || env["B"] != "p defaults" || env["C"] != "web" {
		t.Errorf("got %v", env)
	}
}

func TestModeOfPm2Processes(t *testing.T) {
	for _, row := range []struct{ name, fields, mode string }{
		{"a script that node runs has a channel", `"script":"a.js"`, spec.ModeNode},
		{"one instance is no cluster", `"script":"a.js","instances":1`, spec.ModeNode},
		{"one instance is, if said", `"script":"a.js","exec_mode":"cluster"`, spec.ModeCluster},
		{"several are", `"script":"a.js","instances":2`, spec.ModeCluster},
		{"unless said otherwise", `"script":"a.js","instances":2,"exec_mode":"fork_mode"`, spec.ModeNode},
		{"other programs have none", `"script":"sleep","args":"5","instances":2`, spec.ModeFork},
		{"unless they ask for it", `"script":"npm","args":"start","wait_ready":true`, spec.ModeNode},
	} {
		t.Run(row.name, func(t *testing.T) {
			if p, _ := pm2(t, row.fields); p.Mode != row.mode {
				t.Errorf("mode %q, want %q", p.Mode, row.mode)
			}
		})
	}
}

func TestScriptAt(t *testing.T) {
	for want, argv := range [][]string{0: {"node"}, 1: {"node", "a.js", "--x"}, 2: {"node", "--trace-warnings", "a.js"}, 3: {"node", "-r", "dotenv", "a.js"}} {
		if got := spec.ScriptAt(argv); got != want {
			t.Errorf("%q: %d, want %d", argv, got, want)
		}
	}
}
