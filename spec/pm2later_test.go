package spec_test

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"kitt.sh/spec"
)

// reads tells whether a process has a field: what kitt does not read yet is not compared yet.
func reads(field string) bool {
	_, has := reflect.TypeFor[spec.Process]().FieldByName(field)
	return has
}

// peerTimes adds the limits, times and watched paths of an app to its facts, as pm2 has them.
func peerTimes(f facts, raw func(string) string) {
	if reads("Limits") {
		f["memory"] = or(raw("max_memory_restart"), "0")
	}
	if reads("Schedule") {
		if f["cron"] = raw("cron_restart"); f["cron"] == "0" {
			f["cron"] = ""
		}
	}
	if reads("Watch") {
		f["watch"], f["ignore_watch"], f["watch_delay"] = "", "", "0"
		if w := raw("watch"); w != "" && w != "false" {
			f["watch"], f["ignore_watch"], f["watch_delay"] = w, raw("ignore_watch"), or(raw("watch_delay"), "0")
		}
	}
}

// ownTimes does the same for a process of kitt's.
func ownTimes(f facts, p spec.Process) {
	var is struct {
		Limits   struct{ Memory int64 }
		Schedule struct{ Restart string }
		Watch    struct {
			Paths, Ignore []string
			Delay         time.Duration
		}
	}
	b, _ := json.Marshal(p)
	_ = json.Unmarshal(b, &is) // what is not there stays empty
	if reads("Limits") {
		f["memory"] = strconv.FormatInt(is.Limits.Memory, 10)
	}
	if reads("Schedule") {
		f["cron"] = is.Schedule.Restart
	}
	if reads("Watch") {
		f["watch"], f["ignore_watch"], f["watch_delay"] = watched(is.Watch.Paths, p.Cwd), watched(is.Watch.Ignore, ""), millis(is.Watch.Delay)
	}
}

// watched are paths as a file has them: relative to a folder; "true" is the folder itself.
func watched(paths []string, folder string) string {
	switch {
	case len(paths) == 0:
		return ""
	case len(paths) == 1 && paths[0] == folder:
		return "true"
	}
	list := make([]string, len(paths))
	for i, path := range paths {
		list[i] = strings.TrimPrefix(path, folder+"/")
	}
	b, _ := json.Marshal(list)
	return string(b)
}

// timesFiles are about what reads tells of.
func timesFiles() (out []pm2File) {
	if reads("Limits") {
		out = append(out, app("memory in bytes", "max_memory_restart: 104857600"), app("memory in K", "max_memory_restart: '500K'"),
			app("memory in M", "max_memory_restart: '200M'"), app("memory in G", "maxMemoryRestart: '1G'"), app("memory in bytes as text", "max_memory_restart: '5000000'"),
			app("no limit of memory", "max_memory_restart: 0"), app("memory in words", "max_memory_restart: 'lots'"))
	}
	if reads("Schedule") {
		out = append(out, app("anew each night", "cron_restart: '0 3 * * *'"), app("anew by its other name", "cron: '*/5 * * * *'"),
			app("anew with seconds", "cron_restart: '30 0 3 * * 1-5'"), app("anew never", "cron_restart: 0"), app("anew never, as text", "cron_restart: '0'"),
			app("anew at a time that is none", "cron_restart: '61 3 * * *'"))
	}
	if reads("Watch") {
		out = append(out, app("watched", "watch: true"), app("not watched", "watch: false, ignore_watch: ['x']"),
			app("some watched", "watch: ['src', 'lib/a.js'], ignore_watch: ['node_modules', 'logs'], watch_delay: 1000"), app("some watched, in a list", "watch: ['src'], ignore_watch: ['tmp']"))
	}
	return out
}
