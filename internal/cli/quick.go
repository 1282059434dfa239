package cli

import (
	"context"
	"strings"
	"time"
)

// defaultWait is --timeout where nobody says otherwise; main.go says it too.
const defaultWait = 60 * time.Second

// quick runs the verbs that are typed, and polled, all day, if argv holds nothing but their most common flags.
// Building kong's grammar by reflection takes longer than all the rest of `kitt status` does.
// Whatever it does not know for certain it leaves to kong.
func quick(argv []string) (code int, ok bool) {
	g, verb, ok := quickVerb(argv)
	if !ok {
		return 0, false
	}
	k := open(g)
	if _, looks := verb.(Status); looks { // nothing to tidy up at Ctrl-C
		return k.fail(verb.Run(context.Background(), k)), true
	}
	return run(k, verb), true
}

func quickVerb(argv []string) (Globals, Verb, bool) {
	g, words, file, ok := quickFlags(argv)
	if !ok || len(words) == 0 || file != "" && words[0] != "apply" {
		return g, nil, false
	}
	names := words[1:]
	switch words[0] {
	case "apply":
		return g, Apply{File: file, Timeout: defaultWait}, len(names) == 0
	case "status", "ls", "list", "ps":
		return g, Status{Names: names}, true
	case "restart":
		return g, Restart{Names: names, Timeout: defaultWait}, len(names) > 0
	case "start":
		return g, Start{Names: names, Timeout: defaultWait}, len(names) > 0
	case "stop":
		return g, Stop{Names: names, Timeout: defaultWait}, len(names) > 0
	}
	return g, nil, false
}

// quickFlags parts argv into the global flags, the words and -f's file. Any other flag is not ok.
func quickFlags(argv []string) (g Globals, words []string, file string, ok bool) {
	for i := 1; i < len(argv); i++ {
		arg := argv[i]
		name, value, has := strings.Cut(arg, "=")
		switch {
		case arg == "--json":
			g.JSON = true
			continue
		case name != "--home" && arg != "-o" && name != "--output" && arg != "-f":
			if strings.HasPrefix(arg, "-") {
				return g, nil, "", false
			}
			words = append(words, arg)
			continue
		case !has:
			if i++; i == len(argv) {
				return g, nil, "", false
			}
			value = argv[i]
		}
		if value == "" || strings.HasPrefix(value, "-") {
			return g, nil, "", false
		}
		switch name {
		case "--home":
			g.Home = value
		case "-f":
			file = value
		default:
			if g.Output = value; !known(value) {
				return g, nil, "", false
			}
		}
	}
	return g, words, file, true
}

func known(form string) bool {
	switch form {
	case "table", "wide", "json", "yaml", "name":
		return true
	}
	return false
}
