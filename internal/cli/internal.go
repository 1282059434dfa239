package cli

import "kitt.sh/reconcile/keeper"

// Internal runs the process that argv asks for, if it is one of kitt's own (daemon, internal eval): those must not pay
// for the command line that people use. The caller exits with code if ok.
func Internal(argv []string) (code int, ok bool) {
	for words := 1; words <= 2 && len(argv) > words; words++ {
		name := argv[1]
		if words == 2 {
			name += " " + argv[2]
		}
		if run, found := internalVerbs[name]; found {
			keeper.NameProcess()
			return run(argv[1+words:]), true
		}
	}
	return 0, false
}
