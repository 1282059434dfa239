package cli

import (
	"context"
	"errors"

	"kitt.sh/service/home"
	"kitt.sh/spec"
)

// What verbs need of the rest of the house. Tests put their own in their place.
var (
	// internalVerbs are kitt's own processes, by their first word: keeper, daemon, "internal eval", "internal load".
	// Each gets the arguments after those words and returns its exit code.
	internalVerbs = map[string]func(args []string) int{}

	// startKeeper starts a keeper that outlives this process. It returns once that is on its way;
	// a keeper that finds another one leaves by itself.
	startKeeper = func(context.Context, home.Dirs) error { return errors.New("start keeper: not in this build") }

	// evalJS runs JavaScript spec files in a child process.
	evalJS spec.Eval

	// loadSpec reads a spec file.
	loadSpec = spec.Load
)

// openLogs reads the store of log lines.
var openLogs = func(sources []logSource, q logQuery) (logReader, error) {
	return nil, errors.New("read logs: not in this build")
}
