package service

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"kitt.sh/docs"
	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// full is a value of t in which nothing is empty: a field that is added later is in it as well.
func full(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			if v.Field(i).CanSet() {
				v.Field(i).Set(full(t.Field(i).Type))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(full(t.Elem()))
	case reflect.Slice:
		v.Set(reflect.Append(v, full(t.Elem())))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(full(t.Key()), full(t.Elem()))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Uint64:
		v.SetUint(7)
	}
	return v
}

// TestAWholeProcessIsToldAsTheDocumentSays: each field that a spec can have, its durations as text, and back.
func TestAWholeProcessIsToldAsTheDocumentSays(t *testing.T) {
	p := full(reflect.TypeFor[spec.Process]()).Interface().(spec.Process)
	b, err := json.Marshal(api.Process{Process: p})
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct{ Schemas map[string]map[string]any }
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(docs.OpenAPI, "#/components/schemas/", "#/$defs/")), &doc); err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.Components.Schemas {
		if s["properties"] != nil {
			s["additionalProperties"] = false
		}
	}
	text, err := json.Marshal(m{"$ref": "#/$defs/Process", "$defs": doc.Components.Schemas})
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	rules, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	var wire any
	if err := json.Unmarshal(b, &wire); err != nil {
		t.Fatal(err)
	}
	if err := rules.Validate(wire); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
	var back api.Process
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back.Process, p) {
		t.Errorf("read back as %+v, %v\nwas %+v", back.Process, err, p)
	}
}
