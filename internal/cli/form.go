package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"kitt.sh/service/api"
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
	_, err := k.Out.Write(api.Harmless(b))
	return err
}

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
		if strings.ContainsFunc(n.Value, api.Concealed) {
			n.Style = yaml.DoubleQuotedStyle // in which api.Harmless's escapes mean what they say
		}
	}
	for _, child := range n.Content {
		restyle(child)
	}
}
