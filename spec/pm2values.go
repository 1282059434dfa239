package spec

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// str is a word as text; numbers pass, as names of users do.
func (a *app) str(word string) string {
	m, ok := a.words[word]
	if !ok {
		return ""
	}
	numeric := word == "user" || word == "group" || word == "namespace" || word == "name"
	if m.value.kind != isText && (m.value.kind != isNumber || !numeric) {
		a.wrong(word, "", "expected text, got %s", m.value.shown())
		return ""
	}
	return m.value.text
}

// flag is a boolean. "false" in quotes is one as well: pm2 rejects it, and it can mean nothing else.
func (a *app) flag(word string, or bool) bool {
	m, ok := a.words[word]
	switch {
	case !ok:
		return or
	case m.value.text == "true" && (m.value.kind == isBool || m.value.kind == isText):
		return true
	case m.value.text == "false" && (m.value.kind == isBool || m.value.kind == isText):
		return false
	}
	a.wrong(word, "", "expected true or false, got %s", m.value.shown())
	return or
}

// number is a whole number from 0; as in pm2 it may stand in quotes.
func (a *app) number(word string) (int, bool) {
	m, ok := a.words[word]
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(m.value.text, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1<<53 || m.value.kind != isNumber && m.value.kind != isText {
		a.wrong(word, "", "expected a number, got %s", m.value.shown())
		return 0, false
	}
	if f < 0 {
		a.wrong(word, "", "%s is less than nothing", m.value.shown())
		return 0, false
	}
	return int(f), true
}

// millis is a time that pm2 takes in milliseconds only.
func (a *app) millis(word string) (time.Duration, bool) {
	m, ok := a.words[word]
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(m.value.text, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1e12 || m.value.kind != isNumber && m.value.kind != isText {
		a.wrong(word, "write milliseconds: 3000 is three seconds", "expected a number (milliseconds), got %s", m.value.shown())
		return 0, false
	}
	return time.Duration(f * float64(time.Millisecond)), true
}

var pm2Span = regexp.MustCompile(`^(\d+)(h|m|s)$`)

// span is milliseconds, or a number with h, m or s.
func (a *app) span(word string) (time.Duration, bool) {
	m, ok := a.words[word]
	if !ok {
		return 0, false
	}
	parts := pm2Span.FindStringSubmatch(m.value.text)
	if parts == nil || m.value.kind != isText {
		return a.millis(word)
	}
	d, err := time.ParseDuration(parts[0])
	if err != nil {
		a.wrong(word, "", "%s is too long", m.value.shown())
	}
	return d, err == nil
}

// codes is one exit code or a list of them.
func (a *app) codes(word string) []int {
	m, ok := a.words[word]
	if !ok {
		return nil
	}
	list := m.value.list
	if m.value.kind != isList {
		list = []*node{m.value}
	}
	var out []int
	for _, n := range list {
		code, err := strconv.Atoi(n.text)
		if err != nil || code < 0 || code > 255 {
			a.wrong(word, "write a list of numbers: [0, 3]", "expected exit codes, got %s", n.shown())
			continue
		}
		out = append(out, code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pm2ArgWord is a word of an argument string as pm2 cuts it: a whole word in quotes loses them, quotes
// after an = stay, a backslash means nothing.
var pm2ArgWord = regexp.MustCompile(`[^\s"'=]+="[^"]*"|[^\s"'=]+='[^']*'|"([^"]*)"|'([^']*)'|\S+`)

func splitArgs(text string) []string {
	var out []string
	for _, m := range pm2ArgWord.FindAllStringSubmatchIndex(text, -1) {
		word := text[m[0]:m[1]]
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				word = text[m[i]:m[i+1]]
			}
		}
		if strings.TrimSpace(word) != "" && word != `"` && word != "'" {
			out = append(out, word)
		}
	}
	return out
}

// args is a list as it is, or text cut by splitArgs.
func (a *app) args(word string) []string {
	m, ok := a.words[word]
	switch {
	case !ok:
		return nil
	case m.value.kind == isText:
		return splitArgs(m.value.text)
	case m.value.kind == isNumber:
		return []string{m.value.text}
	case m.value.kind != isList:
		a.wrong(word, "", "expected text or a list, got %s", m.value.shown())
		return nil
	}
	var out []string
	for _, n := range m.value.list {
		switch n.kind {
		case isText, isNumber, isBool:
			out = append(out, n.text)
		case isNull: // a hole: undefined, or a condition that did not hold
		default:
			a.wrong(word, "", "expected text, got %s", n.shown())
		}
	}
	return out
}
