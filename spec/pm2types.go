package spec

import "slices"

// pm2Idle are words that nothing reads: what they do is done otherwise here, or is pm2's alone. Their values are checked
// all the same, as pm2 does, since a wrong one says that something else was meant.
var pm2Idle = map[string]kind{
	"source_map_support":         isBool,
	"disable_source_map_support": isBool, "pid_file": isText, "trace": isBool, "disable_trace": isBool, "v8": isBool,
	"deep_monitoring": isBool, "event_loop_inspector": isBool, "vizion": isBool, "io": isObject, "post_update": isList,
	"install_url": isText, "windows_hide": isBool, "write": isBool, "force": isBool, "execute_command": isBool,
	"kill_retry_time": isNumber, "watch_options": isObject,
}

// checkIdle complains of values of a wrong kind in words that nothing reads.
func (a *app) checkIdle() {
	for _, m := range a.apps[a.index].members {
		want, idle := pm2Idle[pm2Canonical(m.key)]
		if !idle || m.value.kind == isNull {
			continue
		}
		one := &app{ecosystem: a.ecosystem, index: a.index, path: a.path, words: map[string]member{m.key: m}}
		switch want {
		case isBool:
			one.flag(m.key, false)
		case isNumber:
			one.millis(m.key)
		case isText:
			one.str(m.key)
		default:
			if m.value.kind != want {
				one.wrong(m.key, "", "expected %s, got %s", want, m.value.shown())
			}
		}
	}
}

// checkProfiles complains of each env_NAME that is no object, whichever is asked for.
func (a *app) checkProfiles(names []string) {
	slices.Sort(names)
	for _, name := range names {
		if v := a.words[name].value; v.kind != isObject && v.kind != isNull {
			a.wrong(name, envHint, "expected an object, got %s", v.kind) // not what it is: a secret perhaps
		}
	}
}

const envHint = `write env: { NAME: "value" }`
