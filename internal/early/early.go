// Package early runs what need not wait for the rest of kitt to be loaded: the keeper, and `kitt status`.
//
// Go initialises the packages of a program by what they import and, among those that are ready, by import path. This
// one imports so little that its turn comes before the libraries that kitt carries for its other verbs (HCL, HTTP,
// JavaScript, services): they would take as long as the whole answer of `kitt status`, and a keeper would hold for
// months what they made in memory. So the work is done in this package's init, and the program ends there.
// early_test.go holds that it is light.
//
// What is not known here for certain is left to package cli, which can explain.
package early

import (
	"os"
	"strings"

	"kitt.sh/reconcile/keeper/bounds"
)

func init() {
	if code, ok := run(os.Args); ok {
		os.Exit(code)
	}
}

func run(argv []string) (code int, ok bool) {
	if len(argv) > 1 && argv[1] == "keeper" {
		return aside(func() int { return keeperMain(argv[2:]) }), true
	}
	if len(argv) > 2 && argv[1] == "internal" && argv[2] == "exec" {
		return bounds.Main(argv[3:]), true // of this, the first thread: niceness is a thread's
	}
	line, ok := Parse(argv)
	if !ok || len(line.Words) != 1 || line.File != "" {
		return 0, false
	}
	switch line.Words[0] {
	case "status", "ls", "list", "l", "ps":
		return 0, status(line)
	}
	return 0, false
}

// aside runs a main that lasts in a goroutine of its own: the one that initialises is tied to the first thread.
func aside(main func() int) int {
	code := make(chan int)
	go func() { code <- main() }()
	return <-code
}

// A Line is a command line of the usual kind.
type Line struct {
	Home   string   // of --home
	Output string   // of -o: table, wide, json, yaml or name; "" where none is asked for
	File   string   // of -f
	Words  []string // the verb, and the names after it
}

// Parse reads argv, whose first is the program. Any flag but the few that are typed all day is not ok.
func Parse(argv []string) (l Line, ok bool) {
	for i := 1; i < len(argv); i++ {
		arg := argv[i]
		name, value, has := strings.Cut(arg, "=")
		switch {
		case arg == "--json":
			l.Output = "json"
			continue
		case name != "--home" && arg != "-o" && name != "--output" && arg != "-f":
			if strings.HasPrefix(arg, "-") {
				return l, false
			}
			l.Words = append(l.Words, arg)
			continue
		case !has:
			if i++; i == len(argv) {
				return l, false
			}
			value = argv[i]
		}
		if value == "" || strings.HasPrefix(value, "-") || !l.set(name, value) {
			return l, false
		}
	}
	return l, len(l.Words) > 0
}

func (l *Line) set(flag, value string) bool {
	switch flag {
	case "--home":
		l.Home = value
	case "-f":
		l.File = value
	default:
		l.Output = value
		return known(value)
	}
	return true
}

func known(form string) bool {
	switch form {
	case "table", "wide", "json", "yaml", "name":
		return true
	}
	return false
}
