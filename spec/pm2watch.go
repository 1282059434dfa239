package spec

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// watchSettled is what awaitWriteFinish: true stands for.
const watchSettled = 2 * time.Second

// watchIdle are the options of pm2's watcher (chokidar) that have no counterpart, each with what kitt does instead.
// Where the value is the one given here, kitt does what is asked for anyway, and says nothing.
var watchIdle = map[string]struct{ same, instead string }{
	"usePolling":             {"false", "kitt never polls: the system tells, which it does not for changes that another machine makes on a network share"},
	"interval":               {"", "kitt never polls"},
	"binaryInterval":         {"", "kitt never polls"},
	"followSymlinks":         {"false", "links in a watched folder are not followed; one that is named in watch is"},
	"ignoreInitial":          {"true", "a start of kitt restarts nothing"},
	"disableGlobbing":        {"false", "a path with * is a pattern unless a file has that very name"},
	"atomic":                 {"true", "files that editors rename into place are one change"},
	"ignorePermissionErrors": {"true", "what may not be read is passed over"},
	"persistent":             {"true", "watching ends with kitt"},
	"alwaysStat":             {"false", "it has no effect on what is restarted"},
	"useFsEvents":            {"true", "the system's own events are used, whichever it has"},
}

// watchActs are the options that act.
var watchActs = []string{"depth", "ignored", "cwd", "awaitWriteFinish"}

// watchOptions takes over those of watch_options that have a counterpart, and tells of the others.
func (a *app) watchOptions(w *Watch) {
	m, ok := a.words["watch_options"]
	if !ok || m.value.kind != isObject {
		return // checkIdle complains
	}
	for _, o := range m.value.members {
		path := "watch_options." + o.key
		idle, known := watchIdle[o.key]
		switch {
		case o.value.kind == isNull:
		case known && o.value.kind != isBool && o.value.kind != isNumber:
			a.complain(o.value.at, "", "%s.%s: expected %s, got %s", a.path, path, idleKind(o.key), o.value.shown())
		case known && idle.same != o.value.text:
			a.differs(o.at, a.path, "", path+" has no effect: "+idle.instead)
		case known:
		case o.key == "depth":
			w.Depth = a.depth(o, path)
		case o.key == "ignored":
			w.Ignore = append(w.Ignore, a.optionWords(o, path)...)
		case o.key == "cwd" && o.value.kind == isText:
			w.Base = resolve(a.p.Cwd, o.value.text)
		case o.key == "awaitWriteFinish":
			w.Delay = max(w.Delay, a.settled(o, path))
		case o.key == "cwd":
			a.complain(o.value.at, "", "%s.%s: expected text, got %s", a.path, path, o.value.shown())
		default:
			a.warn(o.at, didYouMean(o.key, watchWords()), "%s.%s is no option of watching, and has no effect", a.path, path)
		}
	}
}

func idleKind(option string) kind {
	if strings.HasSuffix(strings.ToLower(option), "interval") {
		return isNumber
	}
	return isBool
}

func watchWords() []string {
	out := slices.Clone(watchActs)
	for word := range watchIdle {
		out = append(out, word)
	}
	slices.Sort(out)
	return out
}

// depth is how many levels of folders matter: pm2 counts those below the first.
func (a *app) depth(o member, path string) int {
	f, err := strconv.ParseFloat(o.value.text, 64)
	switch {
	case o.value.kind == isNumber && math.IsInf(f, 1):
		return 0
	case err != nil || o.value.kind != isNumber || f < 0 || f != math.Trunc(f):
		a.complain(o.value.at, "", "%s.%s: expected a number of folders, got %s", a.path, path, o.value.shown())
		return 0
	}
	return int(min(f, maxWatchDepth-1)) + 1
}

// settled is how long a file must be quiet.
func (a *app) settled(o member, path string) time.Duration {
	switch {
	case o.value.kind == isBool && o.value.text == "true":
		return watchSettled
	case o.value.kind == isBool:
		return 0
	case o.value.kind == isObject:
		for _, m := range o.value.members {
			if ms, err := strconv.ParseFloat(m.value.text, 64); m.key == "stabilityThreshold" && m.value.kind == isNumber && err == nil && ms >= 0 {
				return min(time.Duration(ms*float64(time.Millisecond)), maxWatchDelay+time.Millisecond)
			} else if m.key == "stabilityThreshold" {
				a.complain(m.value.at, "", "%s.%s.stabilityThreshold: expected milliseconds, got %s", a.path, path, m.value.shown())
				return 0
			}
		}
		return watchSettled
	}
	a.complain(o.value.at, "", "%s.%s: expected true, false or an object, got %s", a.path, path, o.value.shown())
	return 0
}

// optionWords are the patterns of an option.
func (a *app) optionWords(o member, path string) (out []string) {
	list := o.value.list
	if o.value.kind != isList {
		list = []*node{o.value}
	}
	for _, n := range list {
		if n.kind != isText || !validIgnore(n.text) {
			a.warn(o.at, "write it as text: names, or patterns like logs/**", "%s.%s: %s is not understood, and ignores nothing", a.path, path, n.shown())
			continue
		}
		out = append(out, strings.TrimPrefix(n.text, "./"))
	}
	return out
}
