package port

import (
	"fmt"
	"strconv"
	"strings"
)

// unitWords takes a value apart as systemd does: quotes of both kinds around a word or a part of it, C escapes outside
// and inside of them. What is wrong stays as it stands.
func unitWords(text string) (out []string) {
	var b strings.Builder
	quote, in := byte(0), false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			n, decoded := unitEscape(text[i:])
			b.WriteString(decoded)
			i += n - 1
			in = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, in = c, true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			if in {
				out = append(out, b.String())
			}
			b.Reset()
			in = false
		default:
			b.WriteByte(c)
			in = true
		}
	}
	if in {
		out = append(out, b.String())
	}
	return out
}

var unitEscapes = map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': `\`, '"': `"`, '\'': "'", 's': " "}

// unitEscape reads one escape at the begin of text: how long it is, and what it stands for.
func unitEscape(text string) (int, string) {
	if s, ok := unitEscapes[text[1]]; ok {
		return 2, s
	}
	digits, base := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[1]], 16
	from := 2
	if text[1] >= '0' && text[1] <= '7' {
		digits, base, from = 3, 8, 1
	}
	if digits == 0 || len(text) < from+digits {
		return 1, `\`
	}
	n, err := strconv.ParseUint(text[from:from+digits], base, 32)
	switch {
	case err != nil || n == 0:
		return 1, `\`
	case text[1] == 'u' || text[1] == 'U':
		return from + digits, string(rune(n))
	}
	return from + digits, string([]byte{byte(n)})
}

// unitQuote writes a word that unitWords reads back: % doubled, and $ too where variables would be looked up.
func unitQuote(w string, dollars bool) string {
	var b strings.Builder
	plain := w != ""
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case c == '%':
			b.WriteString("%%")
		case c == '$' && dollars:
			b.WriteString("$$")
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
			plain = false
		case c == '\n':
			b.WriteString(`\n`)
			plain = false
		case c == '\t':
			b.WriteString(`\t`)
			plain = false
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
			plain = false
		default:
			if strings.IndexByte(" ';", c) >= 0 {
				plain = false
			}
			b.WriteByte(c)
		}
	}
	if plain {
		return b.String()
	}
	return `"` + b.String() + `"`
}

// unitName makes the name of a unit of a process's: what a name may hold and a unit's may not is written \xNN.
func unitName(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if c := name[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(":_-.", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, name[i])
	}
	return b.String()
}

func unitUnescape(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if strings.HasPrefix(name[i:], `\x`) && len(name) >= i+4 {
			if n, err := strconv.ParseUint(name[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(name[i])
	}
	return b.String()
}
