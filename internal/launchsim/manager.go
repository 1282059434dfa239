package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// manager is the simulated launchd: its domains, and what is loaded in them.
type manager struct {
	dir    string
	uid    int
	home   string
	env    func(string) string
	second time.Duration // a second of launchd, for ThrottleInterval and ExitTimeOut

	mu       sync.Mutex
	jobs     map[string]*job // by domain/label
	disabled map[string]bool // by label; kept in dir, as launchd keeps it over reboots
	odd      odd
}

// newManager reads LAUNCHSIM_SECOND from env: how long a second of launchd takes, 1s if it is not set.
func newManager(dir string, uid int, env func(string) string) *manager {
	m := &manager{dir: dir, uid: uid, home: env("HOME"), env: env, second: time.Second, jobs: map[string]*job{}, disabled: map[string]bool{}}
	if d, err := time.ParseDuration(env("LAUNCHSIM_SECOND")); err == nil {
		m.second = d
	}
	if text, err := os.ReadFile(m.overrides()); err == nil {
		_ = json.Unmarshal(text, &m.disabled)
	}
	return m
}

func (m *manager) overrides() string { return filepath.Join(m.dir, "disabled.json") }

// obey is one call of launchctl.
func (m *manager) obey(verb string, args []string) (string, int) {
	need := map[string]int{"print": 1, "print-disabled": 1, "enable": 1, "disable": 1, "bootout": 1, "bootstrap": 2}[verb]
	switch {
	case verb == "version":
		return "launchsim: a simulation of launchctl. There is no launchd here.", 0
	case verb == "@odd":
		return m.misbehave(args)
	case need == 0:
		return "Unrecognized subcommand: " + verb, 64
	case len(args) != need:
		return "Usage: launchctl " + verb, 64
	}
	label := args[0][strings.LastIndex(args[0], "/")+1:]
	switch verb {
	case "print":
		return m.print(args[0])
	case "print-disabled":
		return m.printDisabled(), 0
	case "enable", "disable":
		return m.set(label, verb == "disable")
	case "bootout":
		return m.bootout(args[0])
	}
	return m.bootstrap(args[0], args[1])
}

// domain tells whether there is such a domain, and its type of session.
func (m *manager) domain(name string) (session string, ok bool) {
	switch {
	case name == "gui/"+strconv.Itoa(m.uid) && !m.odd.noGUI:
		return "Aqua", true
	case name == "user/"+strconv.Itoa(m.uid) && !m.odd.noUser:
		return "Background", true
	}
	return "", false
}

// domains are those that there are, best first.
func (m *manager) domains() (list []string) {
	for _, d := range []string{"gui/", "user/"} {
		if _, ok := m.domain(d + strconv.Itoa(m.uid)); ok {
			list = append(list, d+strconv.Itoa(m.uid))
		}
	}
	return list
}

func (m *manager) print(name string) (string, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.domain(name); ok {
		return name + " = {\n\ttype = login\n}", 0
	}
	j := m.jobs[name]
	if j == nil {
		return "Could not find service \"" + filepath.Base(name) + "\" in domain", 113
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	state, pid, exit := "not running", "", j.exit
	switch {
	case j.leaving:
		state = "SIGTERMed"
	case j.pid != 0:
		state = "running"
	case j.runs > 0:
		state = "spawn scheduled"
	}
	if j.pid != 0 {
		pid = fmt.Sprintf("\tpid = %d\n", j.pid)
	}
	if exit == "" {
		exit = "(never exited)"
	}
	return fmt.Sprintf("%s = {\n\tactive count = 1\n\tpath = %s\n\tstate = %s\n\n\tprogram = %s\n%s\truns = %d\n\tlast exit code = %s\n\tendpoints = {\n\t\tstate = active\n\t\tpid = 1\n\t}\n}",
		name, j.path, state, j.ProgramArguments[0], pid, j.runs, exit), 0
}

func (m *manager) printDisabled() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := "disabled services = {\n\t\t\"com.apple.other\" => enabled\n"
	for _, label := range slices.Sorted(maps.Keys(m.disabled)) {
		out += fmt.Sprintf("\t\t%q => disabled\n", label)
	}
	return out + "}"
}

// set switches a label off or on, as Login Items does.
func (m *manager) set(label string, off bool) (string, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.disabled, label)
	if off {
		m.disabled[label] = true
	}
	text, _ := json.Marshal(m.disabled)
	if err := os.WriteFile(m.overrides(), text, 0o600); err != nil {
		return err.Error(), 1
	}
	return "", 0
}

// bootout ends a job. It returns when nothing of it is left or, where bootouts drain, at once with 36.
func (m *manager) bootout(name string) (string, int) {
	const busy = "Boot-out failed: 36: Operation now in progress"
	m.mu.Lock()
	j := m.jobs[name]
	if j == nil {
		m.mu.Unlock()
		return "Boot-out failed: 3: No such process", 3
	}
	drain := m.odd.drain
	j.mu.Lock()
	again := j.leaving
	if !again {
		j.leaving, j.linger = true, drain
		close(j.quit)
	}
	j.mu.Unlock()
	m.mu.Unlock()
	if again || drain > 0 {
		return busy, 36
	}
	<-j.gone
	return "", 0
}

// bootstrap loads a property list, or says why not with the code of launchctl.
func (m *manager) bootstrap(domain, path string) (string, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	session, ok := m.domain(domain)
	if !ok {
		return "Bootstrap failed: 125: Domain does not support specified action", 125
	}
	if !trusted(path, m.uid) {
		return "Bootstrap failed: 122: Path had bad ownership/permissions", 122
	}
	p, err := readPlist(path)
	if err != nil {
		return "Bootstrap failed: 109: Invalid property list", 109
	}
	name := domain + "/" + p.Label
	switch {
	case m.disabled[p.Label]:
		return "Bootstrap failed: 119: Service is disabled", 119
	case m.jobs[name] != nil, !p.loads(session):
		return "Bootstrap failed: 5: Input/output error", 5
	case m.odd.eio > 0:
		m.odd.eio--
		return "Bootstrap failed: 5: Input/output error", 5
	}
	m.load(name, path, p)
	return "", 0
}

// load begins the job; it is forgotten when it is gone. m.mu is held.
func (m *manager) load(name, path string, p plist) {
	j := &job{plist: p, path: path, second: m.second, env: m.environment(p), quit: make(chan struct{}), gone: make(chan struct{})}
	m.jobs[name] = j
	go j.run()  // ends by quit; logout waits for gone
	go func() { // ends with the job
		<-j.gone
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.jobs[name] == j {
			delete(m.jobs, name)
		}
	}()
}

// trusted: launchctl takes only files that nobody else may write to.
func trusted(path string, uid int) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == uid
}

// environment is what launchd gives to a job: little, and what its property list says. The marks of the simulation go along.
func (m *manager) environment(p plist) []string {
	all := map[string]string{"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "XPC_SERVICE_NAME": p.Label, "HOME": m.home}
	for _, name := range []string{"USER", "LOGNAME", "SHELL", "TMPDIR", "KITT_LAUNCHSIM", "GORACE"} {
		if v := m.env(name); v != "" {
			all[name] = v
		}
	}
	maps.Copy(all, p.EnvironmentVariables)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

// login loads the agents that lie in the home folder.
func (m *manager) login() {
	agents, _ := filepath.Glob(filepath.Join(m.home, "Library/LaunchAgents/*.plist"))
	for _, path := range agents {
		if d := m.domains(); len(d) > 0 {
			_, _ = m.bootstrap(d[0], path)
		}
	}
}

// logout ends all jobs and waits for them.
func (m *manager) logout() {
	for _, name := range m.names() {
		m.bootout(name)
	}
	for len(m.names()) > 0 {
		time.Sleep(10 * time.Millisecond) // those that drain
	}
}

func (m *manager) names() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.jobs))
}
