package cli

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// AppFlags are pm2's flags of start for a script: each is a word of an ecosystem file.
type AppFlags struct {
	Name             string   `short:"n" help:"Its name (default: that of the script)." placeholder:"NAME"`
	Namespace        string   `help:"Its group." placeholder:"NAME"`
	Instances        string   `short:"i" help:"How many; max is one for each processor." placeholder:"N"`
	Cwd              string   `help:"Its folder (default: this one)." placeholder:"DIR"`
	Interpreter      string   `help:"What runs the script; none runs it itself (default: by its ending, or first line)." placeholder:"PROGRAM"`
	InterpreterArgs  string   `aliases:"node-args" help:"Arguments of the interpreter." placeholder:"ARGS"`
	MaxMemoryRestart string   `help:"Restart it when it takes more than 200M." placeholder:"SIZE"`
	MaxRestarts      string   `help:"Give up after so many deaths." placeholder:"N"`
	RestartDelay     string   `help:"Milliseconds before a restart." placeholder:"MS"`
	ExpBackoff       string   `name:"exp-backoff-restart-delay" help:"Milliseconds before the first restart; it grows." placeholder:"MS"`
	Cron             string   `short:"c" aliases:"cron-restart" help:"Restart it at these times." placeholder:"PATTERN"`
	KillTimeout      string   `short:"k" help:"Milliseconds until it is killed." placeholder:"MS"`
	ListenTimeout    string   `help:"Milliseconds that it has to get ready." placeholder:"MS"`
	StopExitCodes    []string `help:"Exit codes after which it is not restarted." placeholder:"N"`
	OutFile          string   `help:"Copy of its stdout (pm2's -o)." placeholder:"FILE"`
	ErrorFile        string   `short:"e" aliases:"error" help:"Copy of its stderr." placeholder:"FILE"`
	LogFile          string   `short:"l" aliases:"log" help:"Copy of both." placeholder:"FILE"`
	LogDateFormat    string   `help:"Time before each line of the copies." placeholder:"FORMAT"`
	LogType          string   `help:"json: an object a line in the copies." placeholder:"TYPE"`
	User             string   `aliases:"uid" help:"User that it runs as; root only." placeholder:"USER"`
	Group            string   `aliases:"gid" help:"Group that it runs as; root only." placeholder:"GROUP"`
	Watch            bool     `help:"Restart it when a file changes."`
	IgnoreWatch      []string `help:"But not when one of these does." placeholder:"PATH"`
	WatchDelay       string   `help:"Milliseconds to wait after a change." placeholder:"MS"`
	Time             bool     `help:"Time before each line of the copies."`
	MergeLogs        bool     `help:"One copy for all instances."`
	DisableLogs      bool     `help:"Keep no output."`
	NoAutorestart    bool     `help:"Do not restart it."`
	NoAutostart      bool     `help:"Only list it."`
	NoTreekill       bool     `help:"Stop its first process only."`
	WaitReady        bool     `help:"Wait for process.send('ready')."`
	ShutdownMessage  bool     `name:"shutdown-with-message" help:"Stop it by process.send('shutdown')."`
}

// app is a script, or with spaces in it a command, as an app of an ecosystem file. Pure.
func (f AppFlags) app(cwd, script string, args []string, env map[string]string) map[string]any {
	a := map[string]any{"name": f.name(script), "script": script, "cwd": cwd, "env": env}
	if f.Cwd != "" {
		a["cwd"] = absolute(cwd, f.Cwd)
	}
	if !strings.Contains(script, " ") {
		a["script"] = absolute(cwd, script)
	}
	if len(args) > 0 {
		a["args"] = args
	}
	texts := map[string]string{"namespace": f.Namespace, "interpreter": f.Interpreter, "node_args": f.InterpreterArgs, "max_memory_restart": f.MaxMemoryRestart,
		"cron_restart": f.Cron, "log_date_format": f.LogDateFormat, "log_type": f.LogType, "uid": f.User, "gid": f.Group}
	for word, text := range texts {
		if text != "" {
			a[word] = text
		}
	}
	for word, path := range map[string]string{"out_file": f.OutFile, "error_file": f.ErrorFile, "log_file": f.LogFile} {
		if path != "" {
			a[word] = path
		}
	}
	for word, n := range map[string]string{"instances": f.Instances, "max_restarts": f.MaxRestarts, "restart_delay": f.RestartDelay,
		"exp_backoff_restart_delay": f.ExpBackoff, "kill_timeout": f.KillTimeout, "listen_timeout": f.ListenTimeout, "watch_delay": millis(f.WatchDelay)} {
		if n != "" {
			a[word] = numeric(n)
		}
	}
	for word, on := range map[string]bool{"watch": f.Watch, "time": f.Time, "merge_logs": f.MergeLogs, "disable_logs": f.DisableLogs, "wait_ready": f.WaitReady,
		"shutdown_with_message": f.ShutdownMessage} {
		if on {
			a[word] = true
		}
	}
	for word, off := range map[string]bool{"autorestart": f.NoAutorestart, "autostart": f.NoAutostart, "treekill": f.NoTreekill} {
		if off {
			a[word] = false
		}
	}
	if len(f.StopExitCodes) > 0 {
		var codes []any
		for _, c := range f.StopExitCodes {
			codes = append(codes, numeric(c))
		}
		a["stop_exit_codes"] = codes
	}
	if len(f.IgnoreWatch) > 0 {
		a["ignore_watch"] = f.IgnoreWatch
	}
	return a
}

// name is pm2's: the last part of the path, up to its last dot.
func (f AppFlags) name(script string) string {
	if f.Name != "" {
		return f.Name
	}
	name := filepath.Base(script)
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	return name
}

// numeric is a number where text is one; what is none is told by the reader of the file.
func numeric(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return text
}

// millis is what pm2 takes on its command line, seconds unless ms stands behind them, in milliseconds as its files have it.
func millis(text string) string {
	if ms, ok := strings.CutSuffix(text, "ms"); ok {
		return ms
	}
	if s, err := strconv.ParseFloat(strings.TrimSuffix(text, "s"), 64); err == nil {
		return strconv.FormatFloat(s*1000, 'f', -1, 64)
	}
	return text
}

func absolute(cwd, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(cwd, path)
}

// put adds an app to a list, or replaces the one of its name. It returns the one that was there. Pure.
func put(apps []map[string]any, a map[string]any) (out []map[string]any, was map[string]any) {
	at := slices.IndexFunc(apps, func(o map[string]any) bool { return o["name"] == a["name"] })
	if at < 0 {
		return append(slices.Clone(apps), a), nil
	}
	out = slices.Clone(apps)
	was, out[at] = out[at], a
	return out, was
}
