package spec

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// An app is one app of a pm2 file. words holds its fields under pm2's first name for each, without nulls.
type app struct {
	*ecosystem
	index int
	path  string // apps[0], for complaints
	words map[string]member
	p     Process
}

// process is the app with pm2's meaning, but where kitt is better on purpose.
func (a *app) process() Process {
	a.p = Defaults()
	a.p.Stop.Signal, a.p.Stop.Timeout = "SIGINT", 1600*time.Millisecond
	a.p.Origins = map[string]Pos{}
	a.p.Origin = a.at("name", "script")
	a.p.Cwd = a.cwd()
	a.identity()
	a.environment()
	a.command()
	a.count()
	a.restart()
	a.limits()
	a.watch()
	a.times()
	a.stop()
	a.logs()
	a.shareLogs()
	return a.p
}

// at is where a word of the app stands, or else the next of words, or the app.
func (a *app) at(words ...string) Pos {
	for _, word := range words {
		if m, ok := a.words[word]; ok {
			return a.place(m.at, a.index, m.key)
		}
	}
	return a.place(a.apps[a.index].at, a.index, "apps")
}

func (a *app) wrong(word, hint, format string, args ...any) {
	key := word
	if m, ok := a.words[word]; ok {
		key = m.key
	}
	a.complain(a.at(word), hint, a.path+"."+key+": "+format, args...)
}

// beside notes that a relative path was found beside the file, where pm2 would look in the folder of the apply.
func (a *app) beside(word, path string) {
	if a.req.Cwd != "" && a.req.Cwd != a.dir && !filepath.IsAbs(path) && !exists(resolve(a.req.Cwd, path)) && exists(resolve(a.dir, path)) {
		a.differs(a.at(word), a.path+"."+word, "", "relative paths lie beside the file; pm2 would look in the folder that it is called from")
	}
}

// cwd is the app's own; a relative one lies under the folder of the file if it is there, else under the
// folder of the apply. Without one it is the file's folder.
func (a *app) cwd() string {
	given := a.str("cwd")
	if given == "" {
		return a.ownFolder()
	}
	a.p.Origins["cwd"] = a.at("cwd")
	a.beside("cwd", given)
	beside := resolve(a.dir, given)
	if filepath.IsAbs(given) || isFolder(beside) || a.req.Cwd == "" {
		return beside
	}
	if there := resolve(a.req.Cwd, given); isFolder(there) {
		return there
	}
	return beside
}

// ownFolder is for apps without a cwd. pm2 takes the folder it is called from; that is right here too where
// the script is only there.
func (a *app) ownFolder() string {
	script := a.str("script")
	a.beside("script", script)
	if script == "" || filepath.IsAbs(script) || a.req.Cwd == "" || a.req.Cwd == a.dir || exists(resolve(a.dir, script)) {
		return a.dir
	}
	if !exists(resolve(a.req.Cwd, script)) {
		return a.dir
	}
	a.warn(a.at("script"), "write cwd into the file", "%s: %s is not beside the file; it is taken from %s", a.path, script, a.req.Cwd)
	return a.req.Cwd
}

func (a *app) identity() {
	name := a.str("name")
	if name == "" {
		name = filepath.Base(a.str("script"))
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			name = name[:i]
		}
	}
	if prefix := a.str("name_prefix"); prefix != "" {
		a.differs(a.at("name_prefix"), a.path, "", "name_prefix stands before the name; pm2 takes it from its command line only")
		name = prefix + ":" + name
	}
	if a.flag("append_env_to_name", false) && a.req.Profile != "" {
		name += "-" + a.req.Profile
	}
	a.p.Name, a.p.Namespace = name, a.str("namespace")
	a.p.User, a.p.Group = a.str("user"), a.str("group")
	a.p.Held = !a.flag("autostart", true)
}

// count reads instances: a number; 0 or "max" for all processors; below 0 for that many fewer.
func (a *app) count() {
	m, ok := a.words["instances"]
	if ok {
		a.p.Origins["instances"] = a.at("instances")
		n, isInt := strconv.Atoi(m.value.text)
		switch {
		case m.value.kind == isText && m.value.text == "max":
			a.p.Instances = runtime.NumCPU()
		case isInt != nil || m.value.kind != isText && m.value.kind != isNumber:
			a.wrong("instances", "", "expected a number or \"max\", got %s", m.value.shown())
		case n <= 0:
			a.p.Instances = max(1, runtime.NumCPU()+n)
		default:
			a.p.Instances = n
		}
	}
}

// firstWord is the program of a command, or nothing.
func firstWord(command []string) string {
	if len(command) == 0 {
		return ""
	}
	return command[0]
}

func (a *app) restart() {
	re := &a.p.Restart
	re.MinUptime = time.Second
	if !a.flag("autorestart", true) {
		re.Policy = "never"
	}
	a.p.Origins["restart.policy"] = a.at("autorestart")
	if n, ok := a.number("max_restarts"); ok {
		re.Max = n
		a.differs(a.at("max_restarts"), a.path, "", "max_restarts counts the deaths younger than min_uptime within ten minutes, at any age of the app; pm2 only in its first seconds")
		a.p.Origins["restart.max"] = a.at("max_restarts")
	}
	if d, ok := a.span("min_uptime"); ok {
		re.MinUptime = d
		if d < 100*time.Millisecond {
			a.wrong("min_uptime", "a bare number is milliseconds: 5000, or \"5s\"", "%s is less than 100 ms", a.words["min_uptime"].value.shown())
		}
	}
	if d, ok := a.millis("restart_delay"); ok && d > 0 {
		re.BackoffMin, re.BackoffMax = d, d
		a.p.Origins["restart.backoff_min"] = a.at("restart_delay")
	}
	if d, ok := a.millis("exp_backoff_restart_delay"); ok && d > 0 {
		re.BackoffMin, re.BackoffMax, re.Factor = d, max(d, 15*time.Second), 1.5
		a.p.Origins["restart.backoff_min"] = a.at("exp_backoff_restart_delay")
	}
	re.DoneCodes = a.codes("stop_exit_codes")
}

func (a *app) stop() {
	a.nodeMode()
	if d, ok := a.millis("kill_timeout"); ok {
		a.p.Stop.Timeout = d
		a.p.Origins["stop.timeout"] = a.at("kill_timeout")
	}
	if !a.flag("treekill", true) {
		a.p.Stop.KillMode = "process"
	}
	maps.DeleteFunc(a.p.Origins, func(_ string, at Pos) bool { return at == a.p.Origin }) // says nothing more
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
