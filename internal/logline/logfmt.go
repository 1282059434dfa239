package logline

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// pairs reads a line of nothing but key=value, of which there are two at least, or one that holds a level or a message.
func pairs(line []byte) (out []Field, ok bool) {
	known := false
	for len(line) > 0 {
		end := bytes.IndexByte(line, '=')
		if end <= 0 || !isKey(line[:end]) {
			return nil, false
		}
		key := string(line[:end])
		val, rest, ok := pairValue(line[end+1:])
		if !ok {
			return nil, false
		}
		known = known || slices.Contains(levelKeys, key) || slices.Contains(messageKeys, key)
		out, line = append(out, Field{key, val}), bytes.TrimLeft(rest, " \t")
	}
	return out, len(out) > 1 || known
}

func isKey(b []byte) bool {
	for _, c := range b {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '_' && c != '-' && c != '.' && c != '@' && c != '/' {
			return false
		}
	}
	return true
}

// pairValue reads a value, quoted or up to the next blank.
func pairValue(b []byte) (val json.RawMessage, rest []byte, ok bool) {
	if len(b) > 0 && b[0] == '"' {
		end := str(b, 0)
		if end == 0 || end < len(b) && b[end] != ' ' && b[end] != '\t' {
			return nil, nil, false
		}
		text, err := strconv.Unquote(string(b[:end]))
		if err != nil {
			text = string(b[1 : end-1])
		}
		return quoted(text), b[end:], true
	}
	end := bytes.IndexAny(b, " \t")
	if end < 0 {
		end = len(b)
	}
	if bytes.IndexByte(b[:end], '"') >= 0 {
		return nil, nil, false
	}
	return scalar(string(b[:end])), b[end:], true
}

// scalar is a number or a truth as such, and all else as a string.
func scalar(s string) json.RawMessage {
	switch {
	case s == "true", s == "false":
		return json.RawMessage(s)
	case s != "" && len(s) < 16 && strings.IndexByte("-0123456789", s[0]) >= 0 && json.Valid([]byte(s)):
		return json.RawMessage(s)
	}
	return quoted(s)
}

func quoted(s string) json.RawMessage {
	b, _ := json.Marshal(string(valid([]byte(s)))) // strings can always be written
	return b
}
