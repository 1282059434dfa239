package cli

import (
	"context"
	"time"

	"kitt.sh/internal/early"
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
	line, ok := early.Parse(argv)
	g := Globals{Home: line.Home, Output: line.Output}
	if !ok || line.File != "" && line.Words[0] != "apply" {
		return g, nil, false
	}
	names := line.Words[1:]
	switch line.Words[0] {
	case "apply":
		return g, Apply{File: line.File, Timeout: defaultWait}, len(names) == 0
	case "status", "ls", "list", "l", "ps":
		return g, Status{Names: names}, true
	case "restart":
		return g, Restart{Names: names, Timeout: defaultWait}, len(names) > 0
	case "start":
		return g, Start{Names: names, Timeout: defaultWait}, len(names) > 0
	case "stop":
		return g, Stop{Names: names}, len(names) > 0
	}
	return g, nil, false
}
