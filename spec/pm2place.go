package spec

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A literal is an object as it stands in a JavaScript text: its keys with their places, and the objects in them.
type literal struct {
	at    Pos
	keys  []literalKey
	named map[string]int // of keys, once asked for
}

type literalKey struct {
	name   string
	at     Pos
	text   string     // the value, where it is a text in quotes
	object *literal   // where the value is an object
	list   []*literal // the objects of a list
}

// A scanner reads a JavaScript text for its object literals: brackets, keys and strings, no grammar. Where it errs, a
// complaint stands on a wrong line; nothing else depends on it.
type scanner struct {
	text string
	file string
	i    int
	line int
	bol  int // where that line begins
	upto int // lines are counted to here
	deep int
	all  []*literal // in the order in which they begin
}

// literals are all objects of a JavaScript text, outer ones before those in them.
func literals(file, text string) []*literal {
	s := &scanner{file: file, text: text, line: 1}
	for s.i < len(s.text) {
		s.values(0)
		s.i++ // a closing bracket too many
	}
	return s.all
}

// values reads up to the bracket that ends the innermost list or group, and gives the objects in it.
func (s *scanner) values(end byte) (objects []*literal) {
	for s.i < len(s.text) {
		switch c := s.text[s.i]; {
		case c == end && end != 0:
			return objects
		case c == '}' || c == ']' || c == ')':
			return objects
		case c == '{':
			objects = append(objects, s.object())
		case c == '[' || c == '(':
			objects = append(objects, s.inside(c)...)
		default:
			s.skip()
		}
	}
	return objects
}

// inside reads a list or group, and the bracket that ends it.
func (s *scanner) inside(open byte) []*literal {
	if s.deep++; s.deep > 200 {
		s.i = len(s.text)
		return nil
	}
	s.i++
	objects := s.values(map[byte]byte{'[': ']', '(': ')', '{': '}'}[open])
	s.i++
	s.deep--
	return objects
}

// object reads from { to its }: keys are the names before a colon, or alone between commas.
func (s *scanner) object() *literal {
	o := &literal{at: s.pos(s.i)}
	s.all = append(s.all, o)
	if s.deep++; s.deep > 200 {
		s.i = len(s.text)
		return o
	}
	s.i++
	fresh := true // a key may come
	for s.i < len(s.text) && s.text[s.i] != '}' {
		start := s.i
		switch c := s.text[s.i]; {
		case c == ',':
			fresh = true
			s.i++
		case c == '{':
			o.add(s.object())
		case c == '[' || c == '(':
			o.add(s.inside(c)...)
		case c == ']' || c == ')':
			s.i++
		case fresh && (c == '"' || c == '\'' || wordly(s.rest())):
			at := s.pos(start)
			name := s.word()
			s.space()
			if s.i < len(s.text) && strings.IndexByte(":,}(", s.text[s.i]) >= 0 {
				o.keys = append(o.keys, literalKey{name: name, at: at, text: s.value()})
			}
			fresh = false
		case s.blank():
			s.space()
		default:
			s.skip()
			fresh = false
		}
	}
	s.i++
	s.deep--
	return o
}

// add files objects under the last key.
func (o *literal) add(objects ...*literal) {
	if len(o.keys) == 0 {
		return
	}
	k := &o.keys[len(o.keys)-1]
	if k.object == nil && len(objects) == 1 {
		k.object = objects[0]
	}
	k.list = append(k.list, objects...)
}

// value is the text in quotes after a colon, if one follows; the scanner stands behind the colon then.
func (s *scanner) value() string {
	if s.text[s.i] != ':' {
		return ""
	}
	s.i++
	s.space()
	if s.i < len(s.text) && (s.text[s.i] == '"' || s.text[s.i] == '\'') {
		return s.word()
	}
	return ""
}

func (s *scanner) rest() string { return s.text[s.i:] }

func wordly(text string) bool {
	c, _ := utf8.DecodeRuneInString(text)
	return c == '_' || c == '$' || unicode.IsLetter(c) || unicode.IsDigit(c)
}

// word reads a name or a text in quotes.
func (s *scanner) word() string {
	start := s.i
	if c := s.text[s.i]; c == '"' || c == '\'' {
		s.skip()
		return strings.Trim(s.text[start:s.i], `"'`)
	}
	for s.i < len(s.text) && wordly(s.rest()) {
		_, n := utf8.DecodeRuneInString(s.rest())
		s.i += n
	}
	return s.text[start:s.i]
}

func (s *scanner) space() {
	for s.i < len(s.text) && s.blank() {
		s.skip()
	}
}

// blank tells whether a space or a comment comes.
func (s *scanner) blank() bool {
	return strings.IndexByte(" \t\r\n", s.text[s.i]) >= 0 || strings.HasPrefix(s.rest(), "//") || strings.HasPrefix(s.rest(), "/*")
}

// skip passes one thing that holds no object: a text in quotes, a comment, a regular expression, a word, a sign.
func (s *scanner) skip() {
	c, rest := s.text[s.i], s.rest()
	switch {
	case strings.HasPrefix(rest, "//"):
		s.past(rest, "\n", 2)
	case strings.HasPrefix(rest, "/*"):
		s.past(rest, "*/", 2)
	case c == '"' || c == '\'' || c == '`':
		s.quoted(c)
	case c == '/' && s.regexpComes():
		s.quoted('/')
	case wordly(rest):
		s.word()
	default:
		s.i++
	}
}

func (s *scanner) past(rest, end string, from int) {
	if i := strings.Index(rest[from:], end); i >= 0 {
		s.i += from + i + len(end)
		return
	}
	s.i = len(s.text)
}

// quoted passes a text up to its end; but for one in backticks that is its line's at the latest.
func (s *scanner) quoted(end byte) {
	for s.i++; s.i < len(s.text); s.i++ {
		switch c := s.text[s.i]; {
		case c == '\\':
			s.i++
		case c == end:
			s.i++
			return
		case c == '\n' && end != '`':
			return
		}
	}
	s.i = len(s.text)
}

// regexpComes tells a regular expression from a division by what stands before it.
func (s *scanner) regexpComes() bool {
	before := strings.TrimRight(s.text[:s.i], " \t\r\n")
	return before == "" || strings.IndexByte("=(,:[!&|?{};+", before[len(before)-1]) >= 0
}

func (s *scanner) pos(i int) Pos {
	for ; s.upto < i; s.upto++ {
		if s.text[s.upto] == '\n' {
			s.line, s.bol = s.line+1, s.upto+1
		}
	}
	return Pos{s.file, s.line, i - s.bol + 1}
}

// key is the last of that name, or nil.
func (o *literal) key(name string) *literalKey {
	if o.named == nil {
		o.named = map[string]int{}
		for i, k := range o.keys {
			o.named[k.name] = i
		}
	}
	if i, ok := o.named[name]; ok {
		return &o.keys[i]
	}
	return nil
}
