package logline

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// A Level is how bad something is; a higher one is worse.
type Level int

// None is no level: it is below all others.
const (
	None Level = iota
	Trace
	Debug
	Info
	Warn
	Error
	Fatal
)

var levelNames = [...]string{"", "trace", "debug", "info", "warn", "error", "fatal"}

func (l Level) String() string { return levelNames[l] }

// Names are the words for levels, the mildest first.
func Names() []string { return levelNames[1:] }

// words are what loggers call their levels.
var words = map[string]Level{
	"trace": Trace, "trc": Trace, "silly": Trace, "finest": Trace,
	"debug": Debug, "dbg": Debug, "debu": Debug, "verbose": Debug, "fine": Debug,
	"info": Info, "inf": Info, "information": Info, "informational": Info, "notice": Info, "http": Info,
	"warn": Warn, "warning": Warn, "wrn": Warn,
	"error": Error, "err": Error, "eror": Error, "severe": Error,
	"fatal": Fatal, "critical": Fatal, "crit": Fatal, "alert": Fatal, "emerg": Fatal, "emergency": Fatal, "panic": Fatal, "dpanic": Fatal,
}

// ParseLevel reads a name, whatever its case, or a number of pino's and bunyan's: 10 is trace, 60 is fatal.
func ParseLevel(s string) (Level, bool) {
	if len(s) > 16 {
		return None, false
	}
	if l, ok := words[strings.ToLower(s)]; ok {
		return l, true
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 10 {
		return None, false
	}
	return min(Level(n/10), Fatal), true
}

func levelOf(v json.RawMessage) Level {
	l, _ := ParseLevel(textOf(v))
	return l
}

// headLevel is the level that a plain line begins with, behind a time or a number: ERROR, [warn], info:, TypeError:.
func headLevel(line []byte) Level {
	line = line[:min(len(line), 128)]
	for range 6 {
		line = bytes.TrimLeft(bare(line), " \t")
		end := bytes.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		token := line[:end]
		if l, ok := tokenLevel(string(token)); ok {
			return l
		}
		if len(token) == 0 || !passes(token) {
			return None
		}
		line = line[end:]
	}
	return None
}

// bare drops the codes of colours at the head of a line.
func bare(line []byte) []byte {
	for len(line) > 2 && line[0] == 0x1b && line[1] == '[' {
		end := bytes.IndexByte(line, 'm')
		if end < 0 || len(bytes.Trim(line[2:end], "0123456789;:")) > 0 {
			break
		}
		line = line[end+1:]
	}
	return line
}

// passes tells whether a token may stand before the level: a time, a number, a mark.
func passes(token []byte) bool {
	first := bytes.TrimLeft(token, "[(<|-*#")
	return len(first) == 0 || first[0] >= '0' && first[0] <= '9'
}

func tokenLevel(token string) (Level, bool) {
	if cut := strings.IndexByte(token, 0x1b); cut >= 0 {
		token = token[:cut]
	}
	word := strings.Trim(token, "[]()<>|:,!-")
	l, known := words[strings.ToLower(word)]
	switch {
	case known && (word != token || word == strings.ToUpper(word)): // "error happened" begins a sentence
		return l, true
	case strings.HasSuffix(token, "Error:"), strings.HasSuffix(token, "Exception:"):
		return Error, true
	}
	return None, false
}
