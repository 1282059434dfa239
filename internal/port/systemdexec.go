package port

import (
	"slices"
	"strings"

	"kitt.sh/spec"
)

// command takes what ExecStart says: words, or a line for the shell where it looks variables up or there are several.
func (r *unitReader) command() {
	var lines []string
	for _, text := range r.exec {
		prefix := len(text) - len(strings.TrimLeft(text, "@-:+!|"))
		words := unitWords(text[prefix:])
		if strings.Contains(text[:prefix], "@") && len(words) > 1 {
			words = slices.Delete(words, 1, 2)
		}
		plain, line := r.execWords(words, strings.Contains(text[:prefix], ":"))
		if len(r.exec) == 1 && plain != nil {
			r.p.Command = shellAgain(plain)
			return
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 {
		r.p.Command = spec.ShellCommand(strings.Join(lines, " && "))
	}
	if len(lines) > 1 {
		r.note("its %d ExecStart run one after the other", len(lines))
	}
}

// execWords gives argv, if no variable is in it, and always the line for a shell that does the same.
func (r *unitReader) execWords(words []string, raw bool) (plain []string, line string) {
	plain = []string{}
	var out []string
	for _, w := range words {
		text := r.specifiers(w)
		name, isVar := strings.CutPrefix(text, "$")
		switch fixed, shell, looks := unitDollars(text); {
		case raw:
			out = append(out, spec.QuoteWords([]string{text}))
			if plain != nil {
				plain = append(plain, text)
			}
		case isVar && isName(name):
			out, plain = append(out, "$"+name), nil
		case looks:
			out, plain = append(out, shell), nil
		default:
			out = append(out, spec.QuoteWords([]string{fixed}))
			if plain != nil {
				plain = append(plain, fixed)
			}
		}
	}
	return plain, strings.Join(out, " ")
}

// unitDollars reads $$ and ${NAME} within a word: the word with $$ as $; and the same for a shell.
func unitDollars(text string) (fixed, shell string, looks bool) {
	var plain, quoted strings.Builder
	quoted.WriteByte('"')
	for i := 0; i < len(text); i++ {
		c := text[i]
		end := strings.IndexByte(text[i:], '}')
		switch {
		case strings.HasPrefix(text[i:], "$$"):
			i++
			plain.WriteByte('$')
			quoted.WriteString(`\$`)
		case strings.HasPrefix(text[i:], "${") && end > 2 && isName(text[i+2:i+end]):
			quoted.WriteString(text[i : i+end+1])
			looks = true
			i += end
		default:
			plain.WriteByte(c)
			if strings.IndexByte("\"\\$`", c) >= 0 {
				quoted.WriteByte('\\')
			}
			quoted.WriteByte(c)
		}
	}
	quoted.WriteByte('"')
	return plain.String(), quoted.String(), looks
}

// isName tells of the name of a variable.
func isName(name string) bool {
	for i, c := range name {
		if c != '_' && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
