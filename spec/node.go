package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// A kind is what JSON knows.
type kind string

const (
	isNull   kind = "null"
	isBool   kind = "true or false"
	isNumber kind = "a number"
	isText   kind = "text"
	isList   kind = "a list"
	isObject kind = "an object"
)

// A node is one value of a pm2 file, whether it came from JSON, YAML or JavaScript.
// Members keep the order of the file, and their places where the source has any.
type node struct {
	kind    kind
	text    string // of text; of numbers and booleans as JavaScript prints them
	list    []*node
	members []member
	at      Pos
}

type member struct {
	key   string
	at    Pos
	value *node
}

// get is the member of that name, the last if there are several, as in JavaScript.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].key == key {
			return n.members[i].value
		}
	}
	return nil
}

// shown is the value as a complaint quotes it.
func (n *node) shown() string {
	switch n.kind {
	case isText:
		return strconv.Quote(n.text)
	case isNumber, isBool, isNull:
		return n.text
	}
	return string(n.kind)
}

// value is the node as encoding/json has it.
func (n *node) json() string {
	switch n.kind {
	case isText:
		b, _ := json.Marshal(n.text)
		return string(b)
	case isList:
		parts := make([]string, len(n.list))
		for i, v := range n.list {
			parts[i] = v.json()
		}
		return "[" + strings.Join(parts, ",") + "]"
	case isObject:
		parts := make([]string, len(n.members))
		for i, m := range n.members {
			key, _ := json.Marshal(m.key)
			parts[i] = string(key) + ":" + m.value.json()
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	return n.text
}

// A jsonReader makes nodes of strict JSON. With a file it notes the places.
type jsonReader struct {
	*json.Decoder
	text string
	file string
	line int // of the offset counted to
	bol  int // where that line begins
	upto int
}

// parseJSON reads one strict JSON value and nothing after it. An error is a Complaint where file is given.
func parseJSON(file, text string) (*node, error) {
	d := &jsonReader{Decoder: json.NewDecoder(strings.NewReader(text)), text: text, file: file, line: 1}
	d.UseNumber()
	n, err := d.value(0)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("text after the end of the value")
		}
	}
	if err != nil {
		at := int(d.InputOffset())
		var wrong *json.SyntaxError
		if errors.As(err, &wrong) {
			at = max(0, int(wrong.Offset)-1)
		}
		return nil, Complaint{Pos: d.pos(min(at, len(text))), Text: "read JSON: " + err.Error()}
	}
	return n, nil
}

func (d *jsonReader) value(depth int) (*node, error) {
	if depth > 200 {
		return nil, errors.New("nested too deep")
	}
	at := d.here()
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &node{at: at}
	switch t := token.(type) {
	case nil:
		n.kind, n.text = isNull, "null"
	case bool:
		n.kind, n.text = isBool, strconv.FormatBool(t)
	case json.Number:
		n.kind, n.text = isNumber, jsNumber(t.String())
	case string:
		n.kind, n.text = isText, t
	case json.Delim:
		if t == '[' {
			return n, d.listInto(n, depth)
		}
		return n, d.objectInto(n, depth)
	}
	return n, nil
}

func (d *jsonReader) listInto(n *node, depth int) error {
	n.kind = isList
	for d.More() {
		v, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		n.list = append(n.list, v)
	}
	_, err := d.Token()
	return err
}

func (d *jsonReader) objectInto(n *node, depth int) error {
	n.kind = isObject
	for d.More() {
		at := d.here()
		key, err := d.Token()
		if err != nil {
			return err
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		n.members = append(n.members, member{fmt.Sprint(key), at, v})
	}
	_, err := d.Token()
	return err
}

// here is where the next token starts.
func (d *jsonReader) here() Pos {
	i := int(d.InputOffset())
	for i < len(d.text) && strings.IndexByte(" \t\r\n,:", d.text[i]) >= 0 {
		i++
	}
	return d.pos(i)
}

func (d *jsonReader) pos(i int) Pos {
	if d.file == "" {
		return Pos{}
	}
	for ; d.upto < i; d.upto++ {
		if d.text[d.upto] == '\n' {
			d.line, d.bol = d.line+1, d.upto+1
		}
	}
	return Pos{d.file, d.line, max(1, i-d.bol+1)}
}

// jsNumber prints a number as JavaScript does, so that PORT: 3000.0 is "3000".
func jsNumber(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil && !math.IsInf(f, 0):
		return s
	case math.IsInf(f, 0) || math.IsNaN(f):
		return s
	case f == math.Trunc(f) && math.Abs(f) < 1e21:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case math.Abs(f) >= 1e21 || math.Abs(f) < 1e-6:
		s = strconv.FormatFloat(f, 'e', -1, 64)
		return strings.Replace(strings.Replace(s, "e-0", "e-", 1), "e+0", "e+", 1)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// each is the entries of a list, or the one value that stands for a list of one.
func (n *node) each() []*node {
	if n.kind == isList {
		return n.list
	}
	return []*node{n}
}

// asEnv is the value as a variable of the environment holds it: text as it is, objects and lists as JSON.
func (n *node) asEnv() string {
	if n.kind == isList || n.kind == isObject {
		return n.json()
	}
	return n.text
}
