package port

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var pm2Place = Place{File: "/home/u/.pm2/dump.pm2", Home: "/home/u", Env: map[string]string{"PATH": "/bin", "LANG": "C"},
	Shell: func(name string) bool { return name == "_" || name == "TERM" }}

func pm2List(t *testing.T, file string) Project {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadPM2(text, pm2Place)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPM2 reads a list with every field that counts: one app of two instances, one through a shell, a module.
func TestPM2(t *testing.T) {
	p := pm2List(t, "jlist.json")
	if len(p.Processes) != 3 {
		t.Fatalf("%d processes: %+v", len(p.Processes), p.Processes)
	}
	web := p.Processes[0]
	if web.Name != "web" || web.Instances != 2 || !slices.Equal(web.Ids, []int{0, 2}) || web.Namespace != "shop" {
		t.Errorf("web is %+v", web)
	}
	if want := []string{"node", "--inspect=0", "/srv/shop/app.js", "a b", "c"}; !slices.Equal(web.Command, want) {
		t.Errorf("command %q", web.Command)
	}
	if want := map[string]string{"SECRET": "s3 ${x}", "A": "1"}; !maps.Equal(web.Env, want) {
		t.Errorf("env %q", web.Env)
	}
	if web.Limits.Memory != 200<<20 || web.Schedule.Restart != "0 3 * * *" {
		t.Errorf("limits %+v, schedule %+v", web.Limits, web.Schedule)
	}
	if web.Step["PORT"] != 3000 || web.InstanceVar != "NODE_APP_INSTANCE" {
		t.Errorf("PORT counts up: %v, %q", web.Step, web.InstanceVar)
	}
	re, stop, log := web.Restart, web.Stop, web.Log
	if re.Max != 5 || re.MinUptime != 2*time.Second || re.BackoffMin != 100*time.Millisecond || re.Factor != 1.5 || !slices.Equal(re.DoneCodes, []int{0, 3}) {
		t.Errorf("restart %+v", re)
	}
	if stop.Signal != "SIGINT" || stop.Timeout != 3*time.Second || stop.KillMode != "process" {
		t.Errorf("stop %+v", stop)
	}
	if log.Out != "/var/log/web{n}.log" || log.Err != "" || log.Stamp != "2006-01-02" {
		t.Errorf("log %+v", log)
	}
	sleep, old := p.Processes[1], p.Processes[2]
	if !slices.Equal(sleep.Command, []string{"/bin/sh", "-c", "exec sleep 1000"}) || sleep.Restart.Policy != "never" || !sleep.Held {
		t.Errorf("sleep is %+v", sleep)
	}
	if old.Name != "my-old-app" || !slices.Equal(old.Command, []string{"/usr/bin/bash", "-c", "a | b"}) {
		t.Errorf("old is %+v", old)
	}
	said := ""
	for _, n := range p.Notes {
		said += n.String() + "\n"
	}
	for _, want := range []string{"web: it ran as a cluster of 2", "sleep: it was stopped in pm2", "pm2-logrotate", `was called "my old.app"`} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing of %q in\n%s", want, said)
		}
	}
	dir := t.TempDir()
	s := reread(t, p, dir)
	for i, q := range p.Processes {
		same(t, s.Processes[i], q.Process)
	}
	for n := 1; n <= 2; n++ {
		if _, _, env := s.Processes[0].For(n); env["PORT"] != []string{"3000", "3001"}[n-1] {
			t.Errorf("PORT of web.%d is %s", n, env["PORT"])
		}
	}
}

// TestADump: there the fields lie on top. What differs between instances and does not count up is told.
func TestADump(t *testing.T) {
	text := `[PM2] Spawning…
[{"name":"a","pm_exec_path":"/x/a.js","pm_cwd":"/x","exec_interpreter":"none","env":{"K":"1"},"pm_id":0,"pm_pid_path":"/p/pids/a-0.pid","pm_out_log_path":"/p/logs/a-out.log"},
 {"name":"a","pm_exec_path":"/x/a.js","pm_cwd":"/x","exec_interpreter":"none","env":{"K":"z"},"pm_id":1},
 {"name":"a","pm_exec_path":"/x/b.js","pm_cwd":"/x","exec_interpreter":"none","env":{},"pm_id":2}]`
	p, err := ReadPM2([]byte(text), pm2Place)
	if err != nil || len(p.Processes) != 2 || p.Processes[0].Instances != 2 || p.Processes[1].Name != "a-2" || p.Processes[0].Log.Out != "" || len(p.Notes) != 2 {
		t.Errorf("%v %+v", err, p)
	}
	cluster := `[{"name":"c","pm_exec_path":"/x/a.js","pm_cwd":"/x","exec_interpreter":"node","exec_mode":"cluster_mode","wait_ready":true,"listen_timeout":500,"shutdown_with_message":true,"watch":["lib","/x"],"ignore_watch":["*.log"],"watch_delay":500,"cron_restart":"@nonsense @"}]`
	p, err = ReadPM2([]byte(cluster), pm2Place)
	if err != nil || len(p.Notes) != 1 || !strings.Contains(p.Notes[0].Text, "cron_restart") {
		t.Fatalf("%v %v", err, p.Notes)
	}
	c := reread(t, p, t.TempDir()).Processes[0]
	if w := c.Watch; !slices.Equal(w.Paths, []string{"/x/lib", "/x"}) || !slices.Equal(w.Ignore, []string{"*.log"}) || w.Delay != 500*time.Millisecond {
		t.Errorf("watch %+v", w)
	}
	if c.Mode != "cluster" || !c.Ready.Message || c.Ready.Within != 500*time.Millisecond || c.Stop.Message != "shutdown" {
		t.Errorf("%+v", c)
	}
	for _, bad := range []string{"", "[PM2] nothing", `{"a":1}`, "[1,2]", "[[]]"} {
		if p, err := ReadPM2([]byte(bad), pm2Place); err == nil && len(p.Processes) > 0 {
			t.Errorf("%q: %+v", bad, p)
		}
	}
}
