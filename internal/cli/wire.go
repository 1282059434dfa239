package cli

import (
	"kitt.sh/reconcile/keeper"
	"kitt.sh/spec"
)

// What verbs need of the rest of the house. Tests put their own in their place.
var (
	// internalVerbs are kitt's own processes but the keeper, by their words: daemon, "internal eval", "internal load".
	// Each gets the arguments after those words and returns its exit code.
	internalVerbs = map[string]func(args []string) int{
		"daemon": daemonMain, "internal load": loadMain, "internal eval": evalMain,
		"internal preflight": preflightMain, "internal ask": askMain, "internal serve": serveMain,
	}

	// startKeeper starts a keeper that outlives this process. It returns once that is on its way;
	// a keeper that finds another one leaves by itself.
	startKeeper = startDetached

	// livesLeft tells whether kitt kept processes in this boot that nobody keeps now.
	livesLeft = keeper.Left

	// evalJS runs JavaScript spec files in a child process.
	evalJS spec.Eval = evalChild

	// loadSpec reads a spec file.
	loadSpec = spec.Load
)

// openLogs reads the store of log lines.
var openLogs = openStore
