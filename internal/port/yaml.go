package port

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A value is a value of a YAML file, taken as what the field needs.
type value struct{ n *yaml.Node }

const maxDepth = 32

// parseYAML reads one document; its top must be a mapping.
func parseYAML(text []byte) (value, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return value{}, fmt.Errorf("read YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return value{}, errors.New("read YAML: names and values are expected at its top")
	}
	return value{doc.Content[0]}, nil
}

// at follows aliases, of which a chain may be no longer than a file needs.
func (v value) at() *yaml.Node {
	n := v.n
	for i := 0; n != nil && n.Kind == yaml.AliasNode; i++ {
		if n = n.Alias; i == maxDepth {
			return nil
		}
	}
	return n
}

func (v value) given() bool {
	n := v.at()
	return n != nil && !(n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null")
}

// members are the pairs of a mapping, what << merges in first, so that what is written out counts more.
func (v value) members() (keys []string, values map[string]value) {
	values = map[string]value{}
	v.membersInto(&keys, values, 0)
	return keys, values
}

func (v value) membersInto(keys *[]string, values map[string]value, depth int) {
	n := v.at()
	if n == nil || n.Kind != yaml.MappingNode || depth > maxDepth {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].ShortTag() != "!!merge" {
			continue
		}
		from := value{n.Content[i+1]}
		if inner := from.at(); inner != nil && inner.Kind == yaml.SequenceNode {
			for _, one := range inner.Content[:min(len(inner.Content), maxDepth)] {
				value{one}.membersInto(keys, values, depth+8)
			}
			continue
		}
		from.membersInto(keys, values, depth+1)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if n.Content[i].ShortTag() == "!!merge" || n.Content[i].Kind != yaml.ScalarNode {
			continue
		}
		if !slices.Contains(*keys, key) {
			*keys = append(*keys, key)
		}
		values[key] = value{n.Content[i+1]}
	}
}

func (v value) get(key string) value {
	_, values := v.members()
	return values[key]
}

func (v value) isList() bool { n := v.at(); return n != nil && n.Kind == yaml.SequenceNode }
func (v value) isMap() bool  { n := v.at(); return n != nil && n.Kind == yaml.MappingNode }

// text is a scalar as it is written; empty for anything else.
func (v value) text() string {
	if n := v.at(); n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
		return n.Value
	}
	return ""
}

func (v value) yes() bool { b, _ := strconv.ParseBool(v.text()); return b }

func (v value) number() (int, bool) {
	n, err := strconv.ParseFloat(v.text(), 64)
	return int(n), err == nil && n >= 0 && n < 1<<31
}

// list is the members of a list, or a value as a list of itself.
func (v value) list() (out []value) {
	n := v.at()
	switch {
	case n == nil || !v.given():
	case n.Kind == yaml.SequenceNode:
		for _, one := range n.Content {
			out = append(out, value{one})
		}
	default:
		out = []value{v}
	}
	return out
}

func (v value) texts() (out []string) {
	for _, one := range v.list() {
		out = append(out, one.text())
	}
	return out
}
