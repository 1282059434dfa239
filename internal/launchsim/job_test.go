package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// desk is a simulated launchd for one test, and a folder for its files.
func desk(t *testing.T) (*manager, string) {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"HOME": dir, "LAUNCHSIM_SECOND": "20ms"}
	m := newManager(dir, os.Getuid(), func(name string) string { return env[name] })
	t.Cleanup(m.logout)
	return m, "gui/" + strconv.Itoa(os.Getuid())
}

// write makes a property list that runs a line of shell.
func write(t *testing.T, m *manager, line, more string) string {
	t.Helper()
	path := filepath.Join(m.dir, "job.plist")
	text := `<?xml version="1.0"?><plist version="1.0"><dict><key>Label</key><string>job</string><key>RunAtLoad</key><true/>
<key>ProgramArguments</key><array><string>/bin/sh</string><string>-c</string><string>` + line + `</string></array>
<key>WorkingDirectory</key><string>` + m.dir + `</string>` + more + `</dict></plist>`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func must(t *testing.T, m *manager, verb string, args ...string) string {
	t.Helper()
	out, code := m.obey(verb, args)
	if code != 0 {
		t.Fatalf("%s %s: exit %d: %s", verb, args, code, out)
	}
	return out
}

// until waits for a line of print.
func until(t *testing.T, m *manager, name, want string) string {
	t.Helper()
	var out string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if out, _ = m.obey("print", []string{name}); strings.Contains(out, want) {
			return out
		}
	}
	t.Fatalf("waited for %q in\n%s", want, out)
	return ""
}

func TestWhatEndedIsStartedAgainAsKeepAliveSays(t *testing.T) {
	const onFailure = `<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict><key>ThrottleInterval</key><integer>1</integer>`
	for _, c := range []struct {
		name, line, more, want string
	}{
		{"exit 0 was meant", "exit 0", onFailure, "runs = 1\n\tlast exit code = 0"},
		{"exit 3 was not", "test -e once &amp;&amp; exec sleep 1000; touch once; exit 3", onFailure, "runs = 2\n\tlast exit code = 3"},
		{"nor was a signal", "test -e once &amp;&amp; exec sleep 1000; touch once; kill -9 $$", onFailure, "runs = 2\n\tlast exit code = (signal 9)"},
		{"without KeepAlive it is run once", "exit 3", "", "runs = 1\n\tlast exit code = 3"},
		{"true is always", "test -e once &amp;&amp; exec sleep 1000; touch once; exit 0", "<key>KeepAlive</key><true/>", "runs = 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, gui := desk(t)
			must(t, m, "bootstrap", gui, write(t, m, c.line, c.more))
			until(t, m, gui+"/job", c.want)
		})
	}
}

func TestItIsStartedNoFasterThanThrottleIntervalSays(t *testing.T) {
	m, gui := desk(t)
	begun := time.Now()
	must(t, m, "bootstrap", gui, write(t, m, "exit 1", `<key>KeepAlive</key><true/><key>ThrottleInterval</key><integer>10</integer>`))
	until(t, m, gui+"/job", "runs = 3")
	if took := time.Since(begun); took < 400*time.Millisecond {
		t.Errorf("three starts in %s", took)
	}
}

func TestABootoutEndsIt(t *testing.T) {
	for _, c := range []struct{ name, line, more string }{
		{"by SIGTERM", "trap 'exit 0' TERM; touch up; while :; do sleep 0.01; done", ""},
		{"by SIGKILL, when ExitTimeOut is over", "trap : TERM; touch up; while :; do sleep 0.01; done", "<key>ExitTimeOut</key><integer>3</integer>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, gui := desk(t)
			must(t, m, "bootstrap", gui, write(t, m, c.line, c.more))
			pid := started(t, m, gui)
			must(t, m, "bootout", gui+"/job")
			if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
				t.Errorf("process %d: %v", pid, err)
			}
			if _, code := m.obey("bootout", []string{gui + "/job"}); code != 3 && code != 36 {
				t.Errorf("a second one says %d", code)
			}
		})
	}
}

// started waits until the job has touched up, and returns its pid.
func started(t *testing.T, m *manager, gui string) (pid int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(m.dir, "up")); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it was not started")
		}
	}
	_, rest, _ := strings.Cut(until(t, m, gui+"/job", "\n\tpid = "), "\n\tpid = ")
	fmt.Sscan(rest, &pid)
	return pid
}

func TestItsProcessGroupEndsWithItUnlessAbandoned(t *testing.T) {
	for _, abandoned := range []bool{false, true} {
		m, gui := desk(t)
		more := fmt.Sprintf("<key>AbandonProcessGroup</key><%v/>", abandoned)
		must(t, m, "bootstrap", gui, write(t, m, "sleep 1000 &amp; echo $! > child; touch up; wait", more))
		started(t, m, gui)
		text, _ := os.ReadFile(filepath.Join(m.dir, "child"))
		child, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		must(t, m, "bootout", gui+"/job")
		alive := true
		for end := time.Now().Add(20 * time.Second); alive && !abandoned && time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			alive = lives(child)
		}
		if alive != abandoned {
			t.Errorf("abandoned: %v, alive: %v", abandoned, alive)
		}
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
}

func lives(pid int) bool {
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		return !strings.Contains(string(text), ") Z ") // nobody may have reaped it yet
	}
	return syscall.Kill(pid, 0) == nil
}

func TestWhatItRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(t *testing.T, m *manager, path string)
		code int
	}{
		{"a file that others may write to", func(_ *testing.T, _ *manager, path string) { os.Chmod(path, 0o664) }, 122},
		{"a link", func(_ *testing.T, _ *manager, path string) { os.Rename(path, path+"2"); os.Symlink(path+"2", path) }, 122},
		{"no property list", func(_ *testing.T, _ *manager, path string) { os.WriteFile(path, []byte("[Unit]"), 0o644) }, 109},
		{"a label that is switched off", func(t *testing.T, m *manager, _ string) { must(t, m, "disable", "gui/0/job") }, 119},
		{"no such domain", func(t *testing.T, m *manager, _ string) { must(t, m, "@odd", "gui=no") }, 125},
		{"one that is loaded", func(t *testing.T, m *manager, path string) { must(t, m, "bootstrap", m.domains()[0], path) }, 5},
		{"one that comes too early", func(t *testing.T, m *manager, _ string) { must(t, m, "@odd", "eio=1") }, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, gui := desk(t)
			path := write(t, m, "exec sleep 1000", "")
			c.bend(t, m, path)
			if out, code := m.obey("bootstrap", []string{gui, path}); code != c.code {
				t.Errorf("exit %d, want %d: %s", code, c.code, out)
			}
		})
	}
}

func TestABootoutThatDrains(t *testing.T) {
	m, gui := desk(t)
	path := write(t, m, "touch up; exec sleep 1000", "")
	must(t, m, "bootstrap", gui, path)
	started(t, m, gui)
	must(t, m, "@odd", "drain=200ms")
	for range 2 {
		if _, code := m.obey("bootout", []string{gui + "/job"}); code != 36 {
			t.Error("exit", code)
		}
	}
	if _, code := m.obey("bootstrap", []string{gui, path}); code != 5 {
		t.Error("bootstrap meanwhile: exit", code)
	}
	until(t, m, gui+"/job", "Could not find")
}

func TestALabelStaysSwitchedOffOverALogin(t *testing.T) {
	m, _ := desk(t)
	must(t, m, "disable", "gui/0/job")
	again := newManager(m.dir, m.uid, m.env)
	if out := must(t, again, "print-disabled", "gui/0"); !strings.Contains(out, `"job" => disabled`) {
		t.Error(out)
	}
	must(t, again, "enable", "gui/0/job")
	if out := must(t, again, "print-disabled", "gui/0"); strings.Contains(out, "job") {
		t.Error(out)
	}
}

func TestItRunsInTheWorldOfItsPropertyList(t *testing.T) {
	m, gui := desk(t)
	more := "<key>EnvironmentVariables</key><dict><key>COLOUR</key><string>red</string></dict><key>StandardOutPath</key><string>" + m.dir + "/said</string>" +
		"<key>StandardErrorPath</key><string>" + m.dir + "/said</string>"
	must(t, m, "bootstrap", gui, write(t, m, "pwd; echo $COLOUR $HOME $PATH $NOTHING; echo trouble &gt;&amp;2; touch up; exec sleep 1000", more))
	started(t, m, gui)
	text, err := os.ReadFile(filepath.Join(m.dir, "said"))
	if want := m.dir + "\nred " + m.dir + " /usr/bin:/bin:/usr/sbin:/sbin\ntrouble\n"; err != nil || string(text) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
}

func TestAJobThatCannotBeStartedSays78(t *testing.T) {
	m, gui := desk(t)
	must(t, m, "bootstrap", gui, write(t, m, "exit 0", "<key>StandardOutPath</key><string>"+m.dir+"/nowhere/said</string>"))
	until(t, m, gui+"/job", "last exit code = 78: EX_CONFIG")
}

func TestALoginLoadsTheAgentsOfTheHome(t *testing.T) {
	m, gui := desk(t)
	path := write(t, m, "exec sleep 1000", "")
	dir := filepath.Join(m.home, "Library/LaunchAgents")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, filepath.Join(dir, "job.plist")); err != nil {
		t.Fatal(err)
	}
	m.login()
	until(t, m, gui+"/job", "state = running")
	m.logout()
	if out, code := m.obey("print", []string{gui + "/job"}); code != 113 {
		t.Errorf("after the logout: %s", out)
	}
}
