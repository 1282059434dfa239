package spec

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes keeps a file of aliases of aliases from filling the memory.
const maxNodes = 200_000

// A yamlReader makes nodes of YAML, the way js-yaml reads it for pm2.
type yamlReader struct {
	file  string
	count int
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// parseYAML reads one document. The error is a Complaint.
func parseYAML(file, text string) (*node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		at := Pos{File: file, Line: 1}
		said := strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(said); m != nil {
			at.Line, _ = strconv.Atoi(m[1])
			said = strings.Replace(said, m[0], "", 1)
		}
		at.Line = max(1, min(at.Line, strings.Count(text, "\n")+1))
		if strings.HasPrefix(said, "unknown anchor ") { // which may be half of a password
			return nil, Complaint{Pos: at, Text: "read YAML: an alias of nothing", Hint: "a value that begins with * needs quotes"}
		}
		return nil, Complaint{Pos: at, Text: "read YAML: " + said}
	}
	if len(doc.Content) == 0 {
		return nil, Complaint{Pos: Pos{File: file, Line: 1}, Text: "the file is empty"}
	}
	y := &yamlReader{file: file}
	n, err := y.value(doc.Content[0], 0)
	if err != nil {
		return nil, Complaint{Pos: Pos{File: file, Line: 1}, Text: "read YAML: " + err.Error()}
	}
	return n, nil
}

func (y *yamlReader) value(from *yaml.Node, depth int) (*node, error) {
	if y.count++; y.count > maxNodes || depth > 100 {
		return nil, errors.New("too many values; do its aliases name themselves?")
	}
	n := &node{at: Pos{y.file, from.Line, from.Column}}
	switch from.Kind {
	case yaml.AliasNode:
		return y.value(from.Alias, depth+1)
	case yaml.SequenceNode:
		n.kind = isList
		for _, c := range from.Content {
			v, err := y.value(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.list = append(n.list, v)
		}
	case yaml.MappingNode:
		n.kind = isObject
		return n, y.membersInto(n, from, depth)
	default:
		n.kind, n.text = scalar(from)
	}
	return n, nil
}

func (y *yamlReader) membersInto(n *node, from *yaml.Node, depth int) error {
	var merged []member
	for i := 0; i+1 < len(from.Content); i += 2 {
		key := from.Content[i]
		v, err := y.value(from.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		if key.ShortTag() == "!!merge" {
			for _, part := range append([]*node{v}, v.list...) {
				merged = append(merged, part.members...)
			}
			continue
		}
		if n.get(key.Value) != nil {
			return fmt.Errorf("line %d: %q is there twice", key.Line, key.Value)
		}
		n.members = append(n.members, member{key.Value, Pos{y.file, key.Line, key.Column}, v})
	}
	for _, m := range merged { // what is written out counts more than what is merged in
		if n.get(m.key) == nil {
			n.members = append(n.members, m)
		}
	}
	return nil
}

var yamlNumber = regexp.MustCompile(`^[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?$`)

// scalar reads a plain value as js-yaml does: 010 is ten, 1_000 is text.
func scalar(from *yaml.Node) (kind, string) {
	switch from.ShortTag() {
	case "!!null":
		return isNull, "null"
	case "!!bool":
		return isBool, strings.ToLower(from.Value)
	case "!!int", "!!float":
		switch {
		case yamlNumber.MatchString(from.Value):
			return isNumber, jsNumber(strings.TrimPrefix(from.Value, "+"))
		case strings.Contains(from.Value, "_"):
			return isText, from.Value
		}
		if i, err := strconv.ParseInt(from.Value, 0, 64); err == nil { // 0x1f, 0o17
			return isNumber, strconv.FormatInt(i, 10)
		}
		return isText, from.Value
	}
	return isText, from.Value
}
