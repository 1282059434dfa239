package cli

import (
	"os"

	"golang.org/x/term"

	"kitt.sh/internal/early"
)

// A Paint colours text, or leaves it as it is.
type Paint bool

const (
	bold    = "\x1b[1m"
	dim     = "\x1b[2m"
	red     = "\x1b[31m"
	green   = "\x1b[32m"
	yellow  = "\x1b[33m"
	blue    = "\x1b[34m"
	magenta = "\x1b[35m"
	cyan    = "\x1b[36m"
	reset   = "\x1b[0m"
)

func (p Paint) in(colour, s string) string {
	if !p || s == "" || colour == "" {
		return s
	}
	return colour + s + reset
}

// phaseColours: green is as it should be, yellow is on its way, red needs a person.
var phaseColours = map[string]string{"running": green, "done": green, "starting": yellow, "waiting": yellow,
	"stopping": yellow, "failed": red, "held": dim}

// verbMarks are what stands before an action.
var verbMarks = map[string]struct{ mark, colour string }{
	"start": {"+", green}, "lift": {"+", green}, "stop": {"-", red}, "forget": {"-", red}, "hold": {"-", yellow},
	"restart": {"~", yellow}, "replace": {"~", yellow}, "scale": {"~", yellow}, "tune": {"~", cyan}}

// colouring decides by flags, then as package early does.
func colouring(g Globals, env func(string) string) func(*os.File) bool {
	switch {
	case g.NoColor || g.Color == "never":
		return func(*os.File) bool { return false }
	case g.Color == "always":
		return func(*os.File) bool { return true }
	}
	return func(f *os.File) bool { return early.Coloured(env, f) }
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
