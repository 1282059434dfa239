package early

import (
	"os"

	"golang.org/x/term"
)

// Coloured decides whether what goes to f is coloured, where no flag says so: NO_COLOR, CLICOLOR_FORCE and FORCE_COLOR,
// then what f is.
func Coloured(env func(string) string, f *os.File) bool {
	forced := func(name string) bool { v := env(name); return v != "" && v != "0" }
	switch {
	case env("NO_COLOR") != "":
		return false
	case forced("CLICOLOR_FORCE") || forced("FORCE_COLOR"):
		return true
	case env("TERM") == "dumb":
		return false
	}
	return term.IsTerminal(int(f.Fd()))
}

// Columns is the width of a terminal; 0 where f is none.
func Columns(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
