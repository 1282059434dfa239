package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Main reads the command line into grammar, runs the verb that it names, tells its error and returns the exit code.
// grammar is a struct as kong takes it; a tag examples:"a|b" of a command leads its help.
// verbs is called once grammar is filled in: each verb by its words, "service install".
func Main(argv []string, grammar any, verbs func() (Globals, map[string]Verb)) int {
	debug.SetGCPercent(-1) // a command ends before collecting garbage pays; see lingers
	debug.SetMemoryLimit(128 << 20)
	if code, ok := quick(argv); ok {
		return code
	}
	if len(argv) == 2 && argv[1] == "--version" {
		fmt.Println("kitt " + Version())
		return 0
	}
	if completing(argv, grammar) {
		return 0
	}
	argv, rest := beforeDashes(argv)
	parser := model(grammar)
	name, err := parse(parser, argv)
	g, table := verbs()
	k := open(g)
	k.Model = parser
	if err != nil {
		return k.fail(err)
	}
	verb := table[name]
	if start, ok := verb.(Start); ok {
		start.Args = rest
		verb = start
	}
	return run(k, verb)
}

// beforeDashes parts a command line of start at --: what follows belongs to the script.
func beforeDashes(argv []string) (before, rest []string) {
	at := slices.Index(argv, "--")
	if at < 0 || !slices.Contains(argv[:at], "start") {
		return argv, nil
	}
	return argv[:at], argv[at+1:]
}

// lingers is said by a verb that may run for days: from here on garbage is collected.
func lingers() { debug.SetGCPercent(100) }

// run ends the verb's context at the first Ctrl-C; a second one ends the process at once.
func run(k *Kitt, verb Verb) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return k.fail(verb.Run(ctx, k))
}

// parse fills grammar and returns the words of the verb. --help ends the process.
func parse(parser *kong.Kong, argv []string) (string, error) {
	args := argv[1:]
	if len(args) == 0 {
		args = []string{"--help"}
	}
	found, err := parser.Parse(args)
	if err != nil {
		return "", misuse(args, err)
	}
	return words(found.Selected()), nil
}

// words is a command as it is typed, without its arguments: service install.
func words(n *kong.Node) string {
	if n.Parent == nil || n.Parent.Type != kong.CommandNode {
		return n.Name
	}
	return words(n.Parent) + " " + n.Name
}

// misuse is a command line that cannot be read. A verb that other managers have is answered with kitt's own.
func misuse(args []string, err error) error {
	for i, arg := range args {
		if strings.HasPrefix(arg, "-") || i > 0 && (args[i-1] == "--home" || args[i-1] == "-o") {
			continue
		}
		if instead, ok := foreign[arg]; ok {
			return usage(fmt.Sprintf("there is no kitt %s", arg), instead)
		}
		break // only the verb itself
	}
	hint := "kitt --help"
	var at *kong.ParseError
	if errors.As(err, &at) && at.Context != nil && at.Context.Selected() != nil {
		hint = "kitt " + words(at.Context.Selected()) + " --help"
	}
	return usage(err.Error(), hint)
}
