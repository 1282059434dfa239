package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// emit prints JSON as it is, or as YAML when that was asked for.
func (k *Kitt) emit(b []byte) error {
	if k.Output == "yaml" {
		var err error
		if b, err = toYAML(b); err != nil {
			return err
		}
	}
	if len(b) == 0 || b[len(b)-1] != '\n' {
		b = append(b, '\n')
	}
	_, err := k.Out.Write(harmlessJSON(b))
	return err
}

// harmlessJSON writes the characters that a terminal would act on, and JSON may hold as they are, as \u escapes: the
// same text to a reader of JSON. They stand only inside strings, also in our YAML, which quotes such text.
func harmlessJSON(b []byte) []byte {
	if bytes.IndexFunc(b, concealed) < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if concealed(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// concealed are the hostile ones that an encoder of JSON leaves as they are.
func concealed(r rune) bool { return r >= 0x7f && hostile(r) }

// emitValue is emit for a value of our own.
func (k *Kitt) emitValue(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return k.emit(b)
}

// toYAML keeps the order of the keys: JSON is YAML, only written another way.
func toYAML(b []byte) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("write yaml: %w", err)
	}
	restyle(&doc)
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("write yaml: %w", err)
	}
	return out.Bytes(), nil
}

func restyle(n *yaml.Node) {
	if n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode {
		n.Style = 0
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" {
		var plain yaml.Node
		plain.SetString(n.Value) // quoted only where it must be
		n.Style = plain.Style
		if strings.ContainsFunc(n.Value, concealed) {
			n.Style = yaml.DoubleQuotedStyle // in which harmlessJSON's escapes mean what they say
		}
	}
	for _, child := range n.Content {
		restyle(child)
	}
}
