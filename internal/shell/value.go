package shell

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// words are the values of what is named so in main.go and is no enum there. A tag complete:"a,b" goes before.
var words = map[string][]string{
	"output": {"table", "wide", "json", "yaml", "name"},
	"level":  {"trace", "debug", "info", "warn", "error", "fatal"},
	"format": {"procfile", "systemd", "launchd", "supervisor", "compose"},
	"as":     {"procfile", "systemd", "launchd", "supervisor", "compose", "pm2"},
	"shell":  Shells,
	"signal": {"SIGHUP", "SIGINT", "SIGQUIT", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGCONT", "SIGSTOP", "SIGWINCH"},
}

// kinds are those of arguments by their name, and of the values of flags by what stands for them in the help.
var kinds = map[string][]Kind{
	"name": {Processes}, "name=n": {Counts}, "name[=n]": {Specced}, "job": {Jobs}, "project": {Projects},
	"file": {Files}, "what": {Files}, "folder-port": {Folders},
	"FILE": {Files}, "PATH": {Files}, "DIR": {Folders},
}

// value says what may be the value of v that begins with word. Of a list that is its last item.
func value(v *kong.Value, word, prefix string) Answer {
	a := Answer{Prefix: prefix}
	if v.Flag != nil && v.IsSlice() {
		if at := strings.LastIndexByte(word, ','); at >= 0 {
			a.Prefix, a.Taken, word = prefix+word[:at+1], strings.Split(word[:at], ","), word[at+1:]
		}
	}
	for _, w := range values(v) {
		if strings.HasPrefix(w, word) && !slices.Contains(a.Taken, w) {
			a.Choices = append(a.Choices, Choice{a.Prefix + w, ""})
		}
	}
	a.Kinds, a.Word = kindsOf(v), word
	return a
}

func values(v *kong.Value) []string {
	switch {
	case v.Tag != nil && v.Tag.Has("complete"):
		return strings.Split(v.Tag.Get("complete"), ",")
	case v.Enum != "":
		return v.EnumSlice()
	}
	return words[v.Name]
}

func kindsOf(v *kong.Value) []Kind {
	switch {
	case v.Flag == nil:
		return kinds[v.Name]
	case v.Name == "only":
		return []Kind{Specced}
	case v.Name == "formation":
		return []Kind{Counts}
	}
	return kinds[v.Flag.PlaceHolder]
}
