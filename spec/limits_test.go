package spec_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"kitt.sh/spec"
)

func TestLimitsWatchAndSchedule(t *testing.T) {
	dir := folder(t, "kitt.hcl", `process "web" {
  command = "x"
  nice    = 5
  limits {
    memory = "300MB"
    nofile = "1024:4096"
    core   = 0
    cpu    = 0.5
  }
  watch {
    paths  = ["src", "lib/**/*.js"]
    ignore = ["tmp"]
    delay  = "1s"
  }
  restart {
    cron = "0 4 * * *"
  }
}
process "job" {
  command = "y"
  schedule {
    cron     = "0 3 * * *"
    timezone = "Europe/Berlin"
    overlap  = "queue"
    catch_up = "none"
  }
}
`)
	s, said := load(t, spec.Request{Path: dir})
	if len(said) > 0 {
		t.Fatal(said)
	}
	web, job := s.Processes[0], s.Processes[1]
	if want := (spec.Limits{Memory: 300e6, CPU: 0.5}); web.Limits != want || web.Nice != 5 ||
		!reflect.DeepEqual(web.Rlimits, spec.Rlimits{"nofile": "1024:4096", "core": "0:0"}) {
		t.Errorf("got %+v, nice %d, %v", web.Limits, web.Nice, web.Rlimits)
	}
	if want := (spec.Watch{Paths: []string{dir + "/src", dir + "/lib/**/*.js"}, Ignore: []string{"tmp"}, Base: dir, Delay: time.Second}); !reflect.DeepEqual(web.Watch, want) {
		t.Errorf("got %+v", web.Watch)
	}
	if web.Schedule.Restart != "0 4 * * *" || web.Schedule.Job() || web.Restart.Policy != "always" {
		t.Errorf("got %+v", web.Schedule)
	}
	if want := (spec.Schedule{Cron: "0 3 * * *", Timezone: "Europe/Berlin", Overlap: "queue", CatchUp: "none"}); job.Schedule != want || job.Restart.Policy != "never" {
		t.Errorf("got %+v, policy %s", job.Schedule, job.Restart.Policy)
	}
}

func TestLimitsWatchAndScheduleThatAreWrong(t *testing.T) {
	for _, row := range []struct{ line, want string }{
		{`nice = 20`, "nice: 20 is not between"},
		{"limits {\nmemory = \"lots\"\n}", `limits.memory: "lots" is not a size`},
		{"limits {\nnofile = \"10:5\"\n}", "the soft limit 10 is above the hard one"},
		{"limits {\nnofile = \"x\"\n}", `limits.nofile: "x" is not a limit`},
		{"limits {\ncpu = -1\n}", "limits.cpu: -1 is not a number of cores"},
		{"watch {\npaths = [\"a[\"]\n}", "cannot be watched"},
		{"watch {\npaths = [\"a\"]\nignore = [\"a[\"]\n}", `watch.ignore: "a[" is not a pattern`},
		{"watch {\npaths = [\"a\"]\ndelay = \"1h\"\n}", "watch.delay: 1h0m0s is not between"},
		{"schedule {\ncron = \"0 3 * *\"\n}", `schedule.cron: "0 3 * *" is not a schedule`},
		{"schedule {\ncron = \"0 0 31 2 *\"\n}", "never comes"},
		{"schedule {\ncron = \"@daily\"\ntimezone = \"Mars/Olympus\"\n}", `timezone: "Mars/Olympus" is not known`},
		{"schedule {\ncron = \"@daily\"\noverlap = \"both\"\n}", `schedule.overlap: "both" is not one of skip, queue and kill`},
		{"schedule {\ncron = \"@daily\"\n}\nrestart {\npolicy = \"always\"\n}", "a job that has ended is done"},
		{"schedule {\ncron = \"@daily\"\n}\nrestart {\ncron = \"@daily\"\n}", "both schedule and restart.cron"},
	} {
		dir := folder(t, "kitt.hcl", "process \"web\" {\n  command = \"x\"\n"+row.line+"\n}\n")
		if _, said := load(t, spec.Request{Path: dir}); len(said) != 1 || !strings.Contains(said[0], row.want) || !strings.Contains(said[0], "kitt.hcl:") {
			t.Errorf("%s: got %q, want %q", row.line, said, row.want)
		}
	}
}

func TestPm2sLimitsWatchAndCron(t *testing.T) {
	p, s := pm2(t, `"max_memory_restart":"200M","watch":["src","*.js"],"ignore_watch":["node_modules","[bad"],"watch_delay":1500,"cron_restart":"0 4 * * *"`)
	if p.Limits.Memory != 200<<20 || p.Schedule.Restart != "0 4 * * *" || p.Watch.Delay != 1500*time.Millisecond {
		t.Errorf("got %+v %+v %+v", p.Limits, p.Schedule, p.Watch)
	}
	if want := []string{p.Cwd + "/src", p.Cwd + "/*.js"}; !reflect.DeepEqual(p.Watch.Paths, want) || !reflect.DeepEqual(p.Watch.Ignore, []string{"node_modules"}) || p.Watch.Base != p.Cwd {
		t.Errorf("got %+v", p.Watch)
	}
	if len(s.Warnings) != 2 || !strings.Contains(s.Warnings[1].Text, `"[bad" is not understood`) {
		t.Errorf("got %v", s.Warnings)
	}
	for fields, want := range map[string]int64{`"max_memory_restart":5000`: 5000, `"max_memory_restart":"1G"`: 1 << 30, `"max_memory_restart":"1.5g"`: 3 << 29, `"max_memory_restart":"10K"`: 10 << 10} {
		if p, _ := pm2(t, fields); p.Limits.Memory != want {
			t.Errorf("%s: %d", fields, p.Limits.Memory)
		}
	}
	if p, _ := pm2(t, `"watch":true,"cron_restart":0`); len(p.Watch.Paths) != 1 || p.Watch.Paths[0] != p.Cwd || p.Schedule.Restart != "" {
		t.Errorf("got %+v", p.Watch)
	}
	if p, _ := pm2(t, `"watch":false,"cron_restart":"0"`); len(p.Watch.Paths) != 0 || p.Schedule.Restart != "" {
		t.Errorf("got %+v", p.Watch)
	}
}
