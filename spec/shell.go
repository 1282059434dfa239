package spec

import (
	"slices"
	"strings"
)

// shellCommand is the argv that runs one line of a Procfile, or a command string of kitt.hcl.
// A shell reads it; where the line is one plain program, that program takes the shell's place.
func shellCommand(line string) []string {
	line = strings.TrimSpace(line)
	if canExec(line) {
		line = "exec " + line
	}
	return []string{"/bin/sh", "-c", line}
}

// shellOwn are first words that only the shell itself understands, or that exec would take the sense from.
var shellOwn = strings.Fields(`. : [ [[ { } ! alias bg break case cd command continue do done elif else esac eval exec exit
	export fc fg fi for function getopts hash if in jobs let local read readonly return select set shift source then time
	times trap type typeset ulimit umask unalias unset until wait while`)

// canExec tells whether "exec "+line means the same as line, with the shell out of the way. When in doubt it is no.
func canExec(line string) bool {
	first := line
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		first = line[:i]
	}
	switch {
	case first == "", slices.Contains(shellOwn, first), strings.HasPrefix(first, "-"):
		return false
	case strings.ContainsAny(first, "=$`<>*?~\\#"):
		return false
	}
	return isOneCommand(line)
}

// isOneCommand scans line as a shell would: no list, pipe, group, substitution or open quote.
func isOneCommand(line string) bool {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '\'':
			if c == '\'' {
				quote = 0
			}
		case c == '`', c == '$' && i+1 < len(line) && line[i+1] == '(':
			return false
		case c == '\\':
			if i++; i == len(line) {
				return false
			}
		case quote == '"':
			if c == '"' {
				quote = 0
			}
		case c == '\'', c == '"':
			quote = c
		case c == '&' && i > 0 && (line[i-1] == '>' || line[i-1] == '<'): // 2>&1
		case strings.IndexByte(";&|()\n", c) >= 0, strings.HasPrefix(line[i:], "<<"):
			return false
		}
	}
	return quote == 0
}
