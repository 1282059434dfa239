package spec

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// limits reads max_memory_restart.
func (a *app) limits() {
	if _, ok := a.words["max_memory_restart"]; ok {
		a.p.Limits.Memory = a.memory("max_memory_restart")
		a.p.Origins["limits.memory"] = a.at("max_memory_restart")
	}
}

var pm2Memory = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([KkMmGg]?)(?:[Ii]?[Bb])?$`)

// memory is bytes, or a number with K, M or G, each 1024 times the one before. pm2 refuses "200m", "200MB" and "1.5G";
// they can mean nothing else.
func (a *app) memory(word string) int64 {
	m := a.words[word]
	parts := pm2Memory.FindStringSubmatch(strings.TrimSpace(m.value.text))
	if parts == nil || m.value.kind != isText && m.value.kind != isNumber {
		a.wrong(word, `write "300M" or "1G"`, "expected bytes, or text like \"300M\", got %s", m.value.shown())
		return 0
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	n *= map[string]float64{"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[strings.ToUpper(parts[2])]
	if err != nil || n >= math.MaxInt64 {
		a.wrong(word, "", "%s is too much", m.value.shown())
		return 0
	}
	return int64(n)
}

// watch reads watch, ignore_watch and watch_delay. What pm2 ignores by default stays ignored beside ignore_watch.
func (a *app) watch() {
	w := Watch{Base: a.p.Cwd}
	m, ok := a.words["watch"]
	if !ok {
		return
	}
	switch {
	case m.value.kind == isBool && m.value.text == "true" || m.value.kind == isText && m.value.text == "true":
		w.Paths = []string{a.p.Cwd}
	case m.value.kind == isBool, m.value.kind == isText && (m.value.text == "" || m.value.text == "false"):
		return
	default:
		w.Paths = a.patterns("watch")
	}
	w.Ignore = a.patterns("ignore_watch")
	if d, ok := a.millis("watch_delay"); ok {
		w.Delay = min(d, maxWatchDelay+time.Millisecond)
	}
	a.watchOptions(&w)
	for i, path := range w.Paths {
		w.Paths[i] = resolve(w.Base, path)
	}
	for field, word := range map[string]string{"watch.paths": "watch", "watch.ignore": "ignore_watch", "watch.delay": "watch_delay", "watch.depth": "watch_options"} {
		if _, ok := a.words[word]; ok {
			a.p.Origins[field] = a.at(word)
		}
	}
	if len(w.Paths) > 0 {
		a.p.Watch = w
	}
}

// patterns is text or a list of it.
func (a *app) patterns(word string) (out []string) {
	m, ok := a.words[word]
	if !ok {
		return nil
	}
	list := m.value.list
	if m.value.kind != isList {
		list = []*node{m.value}
	}
	for _, n := range list {
		switch {
		case n.kind == isText && word == "ignore_watch" && !validIgnore(n.text), n.kind == isObject && word == "ignore_watch": // an object: a regular expression
			a.warn(a.at(word), "write it as text: names, or patterns like logs/**", "%s.%s: %s is not understood, and ignores nothing", a.path, word, n.shown())
		case n.kind == isText && n.text != "":
			out = append(out, strings.TrimPrefix(n.text, "./"))
		case n.kind == isNull, n.kind == isText:
		default:
			a.wrong(word, "write text: names, or patterns like src/**/*.js", "expected text or a list of it, got %s", n.shown())
		}
	}
	return out
}

// times reads cron_restart; 0 turns it off.
func (a *app) times() {
	m, ok := a.words["cron_restart"]
	if !ok {
		return
	}
	text := strings.TrimSpace(m.value.text)
	switch {
	case (m.value.kind == isText || m.value.kind == isNumber) && text == "0", m.value.kind == isText && text == "", m.value.kind == isBool && text == "false":
	case m.value.kind == isText:
		a.p.Schedule.Restart = text
		a.p.Origins["restart.cron"] = a.at("cron_restart")
	default:
		a.wrong("cron_restart", `write "0 3 * * *"`, "expected text, got %s", m.value.shown())
	}
}
