package logline

import (
	"encoding/json"
	"strings"
)

// maxDepth is how deep a line's objects and lists may lie in each other; deeper ones are plain text.
const maxDepth = 64

// object takes a JSON object apart. False for anything else.
func object(b []byte) (out []Field, ok bool) {
	if len(b) == 0 || b[0] != '{' || tooDeep(b) || !json.Valid(b) {
		return nil, false
	}
	at := skip(b, 1)
	for b[at] == '"' { // b is valid: what follows finds its ends
		end := str(b, at)
		key := string(b[at+1 : end-1])
		if strings.IndexByte(key, '\\') >= 0 {
			key = textOf(b[at:end])
		}
		at = skip(b, skip(b, end)+1)
		end = value(b, at)
		out = append(out, Field{key, json.RawMessage(b[at:end])})
		if at = skip(b, end); b[at] == ',' {
			at = skip(b, at+1)
		}
	}
	return out, true
}

func tooDeep(b []byte) bool {
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			if i = str(b, i) - 1; i < 0 {
				return true // it has no end
			}
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// skip passes over white space.
func skip(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// str is the place behind the string that begins at i; 0 if it has no end.
func str(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// value is the place behind the value that begins at i.
func value(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = str(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
			i++
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
			i++
			continue
		default:
			i++
			continue
		}
		if depth == 0 {
			return i
		}
	}
	return i
}
