package cli

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// AppFlags are pm2's flags of start for a script: each is a word of an ecosystem file.
type AppFlags struct {
	Name             string
	Namespace        string
	Instances        string
	Cwd              string
	Interpreter      string
	InterpreterArgs  string
	MaxMemoryRestart string
	MaxRestarts      string
	RestartDelay     string
	ExpBackoff       string
	Cron             string
	KillTimeout      string
	ListenTimeout    string
	StopExitCodes    []string
	OutFile          string
	ErrorFile        string
	LogFile          string
	LogDateFormat    string
	LogType          string
	User             string
	Group            string
	Watch            bool
	IgnoreWatch      []string
	WatchDelay       string
	Time             bool
	MergeLogs        bool
	DisableLogs      bool
	NoAutorestart    bool
	NoAutostart      bool
	NoTreekill       bool
	WaitReady        bool
	ShutdownMessage  bool
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
