package spec

import (
	"slices"
	"strings"
)

// ShellCommand is the argv that a command written as one line means in every spec file.
func ShellCommand(line string) []string { return shellCommand(line) }

// ShellLine is the line that a spec file would have to hold for command to come of it. ok is false where there is
// none: command does not go through the shell, and is to be written as a list.
func ShellLine(command []string) (line string, ok bool) {
	if len(command) != 3 {
		return "", false
	}
	for _, line := range []string{strings.TrimPrefix(command[2], "exec "), command[2]} {
		if strings.TrimSpace(line) != "" && slices.Equal(shellCommand(line), command) {
			return line, true
		}
	}
	return "", false
}

// QuoteWords writes argv so that a shell reads the same words.
func QuoteWords(words []string) string { return quoteWords(words) }

// NameFault says why a process of a kitt.hcl cannot have this name, or nothing.
func NameFault(name string) string { return nameFault(name, false) }

// ParseSignal takes a signal's name with or without SIG, in any case, and gives it with SIG.
func ParseSignal(name string) (string, bool) { return parseSignal(name) }

// DateLayout turns a date format of pm2 into Go's. unknown is the first token that Go has no word for.
func DateLayout(format string) (layout, unknown string) { return goLayout(format) }
