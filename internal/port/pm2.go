package port

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

func readPM2(text []byte, at Place, p *Project) error {
	read, err := ReadPM2(text, at)
	for _, q := range read.Processes {
		p.add(q)
	}
	p.Notes = append(p.Notes, read.Notes...)
	return err
}

// ReadPM2 reads what `pm2 jlist` prints, or a dump.pm2. at.File lies in PM2_HOME; at.Env is what need not be said again.
// Instances of one app become one process.
func ReadPM2(text []byte, at Place) (Project, error) {
	apps, err := pm2Apps(text)
	if err != nil {
		return Project{}, err
	}
	var out Project
	for _, group := range pm2Groups(apps) {
		if group[0].module() {
			out.note("", "%s is a module of pm2: left out%s", group[0].str("name"), pm2Modules[group[0].str("name")])
			continue
		}
		g := &pm2Group{group: group, at: at, out: &out}
		p := g.process()
		out.add(p, g.notes...)
	}
	return out, nil
}

var pm2Modules = map[string]string{"pm2-logrotate": "; kitt rotates logs by itself"}

// A pm2Group is the instances of one app on their way to a process.
type pm2Group struct {
	group []pm2App
	at    Place
	out   *Project
	p     Process
	notes []string
}

func (g *pm2Group) note(format string, args ...any) {
	g.notes = append(g.notes, fmt.Sprintf(format, args...))
}

func (g *pm2Group) process() Process {
	a := g.group[0]
	g.p = fresh(a.str("name"), g.at)
	if g.p.Name == "" {
		g.p.Name = strings.TrimSuffix(filepath.Base(a.str("pm_exec_path")), filepath.Ext(a.str("pm_exec_path")))
	}
	if ns := a.str("namespace"); ns != "default" {
		g.p.Namespace = ns
	}
	g.p.Instances = len(g.group)
	for _, each := range g.group {
		if id := each.id(); id >= 0 {
			g.p.Ids = append(g.p.Ids, id)
		}
	}
	g.command(a)
	g.environment()
	g.p.User, g.p.Group = a.str("uid"), a.str("gid")
	g.p.Held = !slices.ContainsFunc(g.group, func(a pm2App) bool { return a.str("status") != "stopped" })
	g.lives(a)
	g.logs(a)
	g.mode(a)
	g.times(a)
	g.without(a)
	return g.p
}

func (g *pm2Group) command(a pm2App) {
	script := a.str("pm_exec_path")
	if script == "" {
		script = a.str("script")
	}
	if cwd := a.str("pm_cwd"); cwd != "" {
		g.p.Cwd = cwd
	}
	g.p.Command = append([]string{script}, a.list("args")...)
	if with := a.str("exec_interpreter"); with != "" && with != "none" {
		g.p.Command = slices.Concat([]string{with}, a.list("node_args"), g.p.Command)
	}
	switch shell := filepath.Base(script); {
	case script == "":
		g.p.Command = nil
	case len(g.p.Command) == 3 && (shell == "bash" || shell == "sh") && g.p.Command[1] == "-c":
		if line := g.p.Command[2]; shell == "sh" || plainLine(line) {
			g.p.Command = spec.ShellCommand(line) // any shell does the same
		}
	}
}

// plainLine tells of words that bash and sh read alike.
func plainLine(line string) bool { return !strings.ContainsAny(line, "$`<>(){}[]*?~!\\&|;#") }

// environment is what the app set: what differs from the environment that kitt hands down anyway.
func (g *pm2Group) environment() {
	a := g.group[0]
	if v := a.str("instance_var"); len(g.group) > 1 || v != "" && v != "NODE_APP_INSTANCE" {
		g.p.InstanceVar = v
	}
	envs := make([]map[string]string, len(g.group))
	for i, each := range g.group {
		envs[i] = g.own(each)
	}
	for name, value := range envs[0] {
		differs := slices.ContainsFunc(envs, func(e map[string]string) bool { return e[name] != value })
		base, counts := countsUp(envs, name)
		switch {
		case !differs:
			g.p.Env[name] = value
		case counts:
			g.p.Step = setStep(g.p.Step, name, base)
		default:
			g.p.Env[name] = value
			g.note("%s differs from instance to instance in pm2; all have that of the first here", name)
		}
	}
}

func setStep(steps map[string]int, name string, base int) map[string]int {
	if steps == nil {
		steps = map[string]int{}
	}
	steps[name] = base
	return steps
}

// countsUp tells whether a variable is one more from instance to instance.
func countsUp(envs []map[string]string, name string) (base int, ok bool) {
	for i, env := range envs {
		n, err := strconv.Atoi(env[name])
		if err != nil || i > 0 && n != base+i {
			return 0, false
		}
		if i == 0 {
			base = n
		}
	}
	return base, true
}

func (g *pm2Group) own(a pm2App) map[string]string {
	out := map[string]string{}
	env, _ := a.get("env").(map[string]any)
	for name, v := range env {
		value := scalarText(v)
		shell := g.at.Shell != nil && g.at.Shell(name)
		same := false
		if have, ok := g.at.Env[name]; ok {
			same = have == value
		}
		own := strings.HasPrefix(name, "PM2_") || name == "unique_id" || name == "NODE_APP_INSTANCE" || name == a.str("instance_var") ||
			name == a.str("name") && value == "{}"
		if name == "" || v == nil || shell || same || own || strings.ContainsAny(name, "=\x00") || strings.ContainsRune(value, 0) {
			continue
		}
		out[name] = value
	}
	return out
}

// mode gives the channel to what node runs, or to what asks for it, as pm2 gives it to all.
func (g *pm2Group) mode(a pm2App) {
	g.p.Ready.Message = a.yes("wait_ready", false)
	if ms, ok := a.number("listen_timeout"); ok {
		g.p.Ready.Within = time.Duration(ms) * time.Millisecond
	}
	if a.yes("shutdown_with_message", false) {
		g.p.Stop.Message = "shutdown"
	}
	node := len(g.p.Command) > 1 && filepath.Base(g.p.Command[0]) == "node" && spec.ScriptAt(g.p.Command) > 0
	if node || g.p.Ready.Message || g.p.Stop.Message != "" {
		g.p.Mode = spec.ModeNode
	}
	switch cluster := strings.HasPrefix(a.str("exec_mode"), "cluster"); {
	case cluster && node && len(g.p.Step) == 0:
		g.p.Mode = spec.ModeCluster
		for _, file := range []*string{&g.p.Log.Out, &g.p.Log.Err, &g.p.Log.Combined} {
			*file = strings.ReplaceAll(*file, "{n}", "") // its workers write to what their primary has
		}
	case cluster && len(g.group) > 1:
		g.note("it ran as a cluster of %d, which here shares one environment: they run side by side and share no port", len(g.group))
	}
}

func (g *pm2Group) lives(a pm2App) {
	re := &g.p.Restart
	if !a.yes("autorestart", true) {
		re.Policy = "never"
	}
	if n, ok := a.number("max_restarts"); ok {
		re.Max, re.MinUptime = n, time.Second
		if n == 0 {
			re.Policy = "never"
		}
	}
	if ms, ok := a.number("min_uptime"); ok {
		re.MinUptime = time.Duration(ms) * time.Millisecond
	}
	if ms, ok := a.number("restart_delay"); ok && ms > 0 {
		re.BackoffMin = time.Duration(ms) * time.Millisecond
		re.BackoffMax = re.BackoffMin
	}
	if ms, ok := a.number("exp_backoff_restart_delay"); ok && ms > 0 {
		re.BackoffMin, re.Factor = time.Duration(ms)*time.Millisecond, 1.5
		re.BackoffMax = max(re.BackoffMin, 15*time.Second)
	}
	for _, word := range a.list("stop_exit_codes") {
		if n, err := strconv.Atoi(word); err == nil {
			re.DoneCodes = append(re.DoneCodes, n)
		}
	}
	g.p.Stop.Signal, g.p.Stop.Timeout = "SIGINT", 1600*time.Millisecond
	if ms, ok := a.number("kill_timeout"); ok {
		g.p.Stop.Timeout = time.Duration(ms) * time.Millisecond
	}
	if !a.yes("treekill", true) {
		g.p.Stop.KillMode = "process"
	}
}

// logs are those that the app asked for; pm2's own places are left to pm2.
func (g *pm2Group) logs(a pm2App) {
	l := &g.p.Log
	l.Out, l.Err, l.Combined = g.logFile(a, "pm_out_log_path"), g.logFile(a, "pm_err_log_path"), g.logFile(a, "pm_log_path")
	l.Off = a.yes("disable_logs", false)
	if l.Out+l.Err+l.Combined == "" {
		return
	}
	if format := a.str("log_date_format"); format != "" {
		layout, unknown := spec.DateLayout(format)
		if l.Stamp = layout; unknown != "" {
			g.note("log_date_format: %s is not known here and stays as it is", unknown)
		}
	}
	l.JSON = a.str("log_type") == "json"
}

func (g *pm2Group) logFile(a pm2App, word string) string {
	file := a.str(word)
	if !filepath.IsAbs(file) || file == "/dev/null" || filepath.Dir(file) == filepath.Join(g.home(a), "logs") {
		return ""
	}
	apart := slices.ContainsFunc(g.group, func(b pm2App) bool { return b.str(word) != file })
	stem, isLog := strings.CutSuffix(file, ".log")
	if i := strings.LastIndexByte(stem, '-'); apart && isLog && i > 0 {
		return stem[:i] + "{n}.log" // pm2's number of the instance stands before .log
	}
	return file
}

// home is PM2_HOME, also for a dump that was carried elsewhere.
func (g *pm2Group) home(a pm2App) string {
	if pids := filepath.Dir(a.str("pm_pid_path")); filepath.Base(pids) == "pids" {
		return filepath.Dir(pids)
	}
	return g.at.dir()
}

// pm2Without are the fields that nothing in kitt.hcl does yet.
var pm2Without = []string{"source_map_support"}

func (g *pm2Group) without(a pm2App) {
	for _, word := range pm2Without {
		if v := a.str(word); v != "" && v != "false" && v != "0" && v != "[]" {
			g.note("%s = %s has no counterpart here", word, v)
		}
	}
	if g.p.Held {
		g.note("it was stopped in pm2: kitt start %s starts it", FitName(g.p.Name))
	}
	if a.str("status") == "errored" {
		g.note("pm2 had given it up (errored)")
	}
}
