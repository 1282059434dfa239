// Package logline finds out what a line of output says: its level, its message and its fields, where it is JSON or logfmt;
// of other lines the level, where they begin with one. It is pure, and does nothing that a hostile line could make costly:
// its time grows with the length of the line, and nesting is bounded.
package logline

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// A Form is how a line is written.
type Form string

// Plain lines have no fields.
const (
	Plain  Form = ""
	JSON   Form = "json"
	Logfmt Form = "logfmt"
)

// A Field is a key with its value, which is valid JSON in UTF-8.
type Field struct {
	Key   string
	Value json.RawMessage
}

// Text is the value as people write it: a string without its quotes, all else as it is.
func (f Field) Text() string { return textOf(f.Value) }

func textOf(v json.RawMessage) string {
	var s string
	if len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

// A Record is what a line says. Fields are all that it has besides level, message and time, in their order.
type Record struct {
	Form    Form
	Level   Level
	Message string
	Time    string // as the line has it
	Fields  []Field

	all []Field
}

// The keys that loggers use, by what they hold.
var (
	levelKeys   = []string{"level", "lvl", "severity", "loglevel", "log.level", "@level", "levelname"}
	messageKeys = []string{"msg", "message", "@message"}
	timeKeys    = []string{"time", "ts", "timestamp", "@timestamp"}
)

// Parse reads one line, with or without its line break. Bytes that are no UTF-8 become U+FFFD in what it returns.
func Parse(line []byte) Record {
	line = bytes.TrimSpace(line)
	if len(line) > 1 && line[0] == '{' && line[len(line)-1] == '}' {
		if all, ok := object(valid(line)); ok && len(all) > 0 {
			return record(JSON, all)
		}
		return Record{}
	}
	if all, ok := pairs(line); ok {
		return record(Logfmt, all)
	}
	return Record{Level: headLevel(line)}
}

func valid(line []byte) []byte {
	if utf8.Valid(line) {
		return line
	}
	return bytes.ToValidUTF8(line, []byte("\ufffd"))
}

func record(form Form, all []Field) Record {
	r := Record{Form: form, all: all}
	level, message, at := pick(all, levelKeys), pick(all, messageKeys), pick(all, timeKeys)
	if level >= 0 {
		if r.Level = levelOf(all[level].Value); r.Level == None {
			level = -1 // some other kind of level: a field
		}
	}
	if message >= 0 {
		r.Message = all[message].Text()
	}
	if at >= 0 {
		r.Time = all[at].Text()
	}
	for i, f := range all {
		if i != level && i != message && i != at {
			r.Fields = append(r.Fields, f)
		}
	}
	return r
}

// pick is the place of the first of these keys that is there; -1 without any.
func pick(all []Field, keys []string) int {
	for _, key := range keys {
		for i, f := range all {
			if f.Key == key {
				return i
			}
		}
	}
	return -1
}

// Get is the text of the field at key, level, message and time among them. A dot in key stands for itself, or leads into an
// object: req.url. Of a key that is there twice the last counts.
func (r Record) Get(key string) (string, bool) {
	v, ok := find(r.all, key)
	return textOf(v), ok
}

func find(all []Field, key string) (json.RawMessage, bool) {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Key == key {
			return all[i].Value, true
		}
	}
	for dot := strings.IndexByte(key, '.'); dot >= 0; {
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].Key != key[:dot] {
				continue
			}
			if inner, ok := object(all[i].Value); ok {
				if v, ok := find(inner, key[dot+1:]); ok {
					return v, true
				}
			}
			break
		}
		next := strings.IndexByte(key[dot+1:], '.')
		if next < 0 {
			break
		}
		dot += 1 + next
	}
	return nil, false
}

// Object is the fields as one JSON object, in their order; nil without any.
func (r Record) Object() json.RawMessage {
	if len(r.Fields) == 0 {
		return nil
	}
	var b bytes.Buffer
	for i, f := range r.Fields {
		key, _ := json.Marshal(f.Key) // strings can always be written
		b.WriteByte("{,"[min(i, 1)])
		b.Write(key)
		b.WriteByte(':')
		b.Write(f.Value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
