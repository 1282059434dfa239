package api

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Harmless writes the characters that a terminal would act on, and JSON may hold as they are, as \u escapes: the same text
// to a reader of JSON. They stand only inside its strings.
func Harmless(b []byte) []byte {
	if bytes.IndexFunc(b, Concealed) < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if Concealed(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// Concealed tells whether r is one that an encoder of JSON leaves as it is: DEL, the C1 controls, what turns the direction
// of writing, and separators of lines.
func Concealed(r rune) bool {
	return r >= 0x7f && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029)
}
