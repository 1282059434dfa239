// Package e2e runs the real kitt against real processes: script/*.txtar, readable by anyone.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// bin is the folder of the kitt under test and of the programs that scripts run.
var bin string

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "@lines" {
		os.Exit(asLines(os.Args[2]))
	}
	if len(os.Args) > 2 && os.Args[1] == "@notify" {
		os.Exit(asNotifier(os.Args[2:]))
	}
	if signal.Ignored(syscall.SIGHUP) { // under nohup: what is started here is to have the usual one all the same
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // a raced kitt sleeps for a second before it ends
	os.Exit(build(m))
}

// build makes kitt once, and runs the tests.
func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kitt-e2e")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	bin = dir
	args := []string{"build", "-ldflags", "-X kitt.sh/service/unit.simulated=" + simulation, "-o", filepath.Join(dir, "kitt")}
	if raced {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "kitt.sh")...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build kitt:", err)
		return 1
	}
	return m.Run()
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "script",
		Setup: setup,
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "pidns":
				return exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").Run() == nil, nil
			}
			if cond == "cgroups" { // version 2 may limit memory here; whether kitt may is another matter
				b, _ := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
				return strings.Contains(string(b), "memory"), nil
			}
			if yes, known := present(cond); known {
				return yes, nil
			}
			return false, fmt.Errorf("no such condition: %s", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"kitt": kitt, "eventually": eventually, "field": field, "equal": equal, "differ": differ, "signal": signalCmd, "alive": alive,
			"repeat": repeat, "rewrite": rewrite, "listen": listen, "scraped": scraped, "busy": busy, "fetch": fetch, "pm2": pm2, "sshd": sshd, "hook": hook, "launchd": launchd, "launchctl": launchctl,
		},
		RequireExplicitExec: false,
	})
}

// setup gives each script a kitt of its own, which ends with it.
func setup(env *testscript.Env) error {
	home, err := os.MkdirTemp("", "k") // short: sockets lie below it
	if err != nil {
		return err
	}
	env.Setenv("KITT_HOME", home)
	env.Setenv("HOME", env.WorkDir)
	env.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	env.Setenv("NO_COLOR", "1")
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	env.Setenv("WORK", env.WorkDir)
	env.Setenv("HELPER", os.Args[0]) // for a program that does what a shell cannot: see TestMain
	env.Setenv("FREE_PORT", anyPort())
	env.Values[simulation] = &simulated{}
	env.Defer(func() { teardown(home) })
	return nil
}

// teardown ends the script's kitt and whatever it left, found by its cookie.
func teardown(home string) {
	cmd := exec.Command(filepath.Join(bin, "kitt"), "--home", home, "shutdown")
	_ = cmd.Run()
	for range 3 {
		for _, pid := range ofHome(home) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(10 * time.Millisecond)
	}
	os.RemoveAll(home)
}

// ofHome lists the processes whose environment or arguments name home.
func ofHome(home string) (pids []int) {
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range names {
		env, _ := os.ReadFile(dir + "/environ")
		args, _ := os.ReadFile(dir + "/cmdline")
		if !strings.Contains(string(env), "KITT_HOME="+home+"\x00") && !strings.Contains(string(args), home) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// kitt ARGS...: runs the kitt under test; with ! it must fail.
func kitt(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(program(ts), args...)
	if (err != nil) != neg {
		ts.Fatalf("kitt %s: %v, failure wanted: %v", strings.Join(args, " "), err, neg)
	}
}

// run runs a command in the script's world.
func run(ts *testscript.TestScript, args []string) (out string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a command that hangs is a failure with a name
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	if args[0] == "kitt" {
		cmd.Path = program(ts)
		cmd.Err = nil
	}
	cmd.Dir = ts.MkAbs(".")
	for _, k := range []string{"KITT_HOME", "HOME", "PATH", "NO_COLOR", "WORK", "GORACE", simulation} {
		cmd.Env = append(cmd.Env, k+"="+ts.Getenv(k))
	}
	b, err := cmd.CombinedOutput()
	return string(b), err
}

// eventually 5s REGEXP CMD...: runs CMD until it exits 0 and its output matches. With ! until it does not match.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	re := regexp.MustCompile(`(?m)` + args[1])
	var out string
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		out, err = run(ts, args[2:])
		if re.MatchString(out) != neg && (err == nil || neg) {
			return
		}
	}
	ts.Fatalf("%s: waited %s for %q (unwanted: %v); last: %v\n%s", args[2:], limit, args[1], neg, err, out)
}

// field VAR ID NAME: puts a field of an instance's status into a variable: field PID web.1 pid.
func field(ts *testscript.TestScript, _ bool, args []string) {
	out, err := run(ts, []string{"kitt", "status", "-o", "json"})
	if err != nil {
		ts.Fatalf("status: %v\n%s", err, out)
	}
	var s struct {
		Keeper, Daemon map[string]any
		Instances      []map[string]any
	}
	ts.Check(json.Unmarshal([]byte(out), &s))
	s.Instances = append(s.Instances, s.Keeper, s.Daemon)
	s.Keeper["id"], s.Daemon["id"] = "keeper", "daemon"
	for _, in := range s.Instances {
		if in["id"] == args[1] {
			v := in[args[2]]
			if f, ok := v.(float64); ok {
				v = strconv.FormatFloat(f, 'f', -1, 64)
			}
			ts.Setenv(args[0], fmt.Sprint(v))
			return
		}
	}
	ts.Fatalf("no instance %s in\n%s", args[1], out)
}

func equal(ts *testscript.TestScript, neg bool, args []string) {
	if (args[0] == args[1]) == neg {
		ts.Fatalf("%q and %q, equal unwanted: %v", args[0], args[1], neg)
	}
}

func differ(ts *testscript.TestScript, neg bool, args []string) { equal(ts, !neg, args) }

// signal KILL PID.
func signalCmd(ts *testscript.TestScript, _ bool, args []string) {
	pid, err := strconv.Atoi(args[1])
	ts.Check(err)
	sig := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}[args[0]]
	ts.Check(syscall.Kill(pid, sig))
}

// alive PID: the process exists and is no zombie.
func alive(ts *testscript.TestScript, neg bool, args []string) {
	b, err := os.ReadFile("/proc/" + args[0] + "/stat")
	lives := err == nil && !strings.Contains(string(b), ") Z ")
	if lives == neg {
		ts.Fatalf("process %s alive: %v", args[0], lives)
	}
}

// repeat N CMD...: runs CMD so many times; each must exit 0.
func repeat(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	for i := range n {
		if out, err := run(ts, args[1:]); err != nil {
			ts.Fatalf("%s, time %d: %v\n%s", args[1:], i+1, err, out)
		}
	}
}

// rewrite FILE OLD NEW: edits FILE as careful editors do, by a rename over it.
func rewrite(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	if !strings.Contains(string(b), args[1]) {
		ts.Fatalf("%s holds no %q", path, args[1])
	}
	ts.Check(os.WriteFile(path+".swp", []byte(strings.Replace(string(b), args[1], args[2], 1)), 0o644))
	ts.Check(os.Rename(path+".swp", path))
}
