package port

import (
	"errors"
	"strings"
)

// splitWords takes a line apart as Python's shlex does in POSIX mode, which supervisor and compose use: quotes of both
// kinds, a backslash that takes the next byte as it is (between double quotes only before \ and "). No variables.
func splitWords(line string) (out []string, err error) {
	var b strings.Builder
	quote, in := byte(0), false
	end := func() {
		if in {
			out = append(out, b.String())
		}
		b.Reset()
		in = false
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'':
			if i+1 == len(line) {
				return out, errors.New("a backslash at the end of the line")
			}
			i++
			if in = true; quote == '"' && line[i] != '"' && line[i] != '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(line[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(c)
		case c == '"' || c == '\'':
			quote, in = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			end()
		default:
			in = true
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return out, errors.New("a quote that is not closed")
	}
	end()
	return out, nil
}

// quoteShlex is the opposite of splitWords.
func quoteShlex(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if w == "" || strings.ContainsAny(w, " \t\n\r\\\"';#") {
			out[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, " ;", ` "";`, " #", ` ""#`, "\t;", "\t\"\";", "\t#", "\t\"\"#").Replace(w) + `"`
		}
	}
	return strings.Join(out, " ")
}
