package service

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"kitt.sh/service/api"
	"kitt.sh/spec"
)

// schemas are the named types that were met so far, in JSON Schema, as encoding/json writes them.
type schemas struct {
	all   m
	types map[string]reflect.Type
	docs  map[string]string // Package.Type, Package.Type.Field -> its comment
}

func newSchemas(t *testing.T) *schemas {
	t.Helper()
	s := &schemas{all: m{}, types: map[string]reflect.Type{}, docs: map[string]string{}}
	for dir, pkg := range map[string]string{"api": "api", "../spec": "spec"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(err, files)
		}
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			s.read(pkg, f)
		}
	}
	return s
}

// read takes in the comments on types and fields of a file.
func (s *schemas) read(pkg string, f *ast.File) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, one := range g.Specs {
			def := one.(*ast.TypeSpec)
			name := pkg + "." + def.Name.Name
			s.docs[name] = words2(def.Doc, g.Doc)
			if st, ok := def.Type.(*ast.StructType); ok {
				for _, field := range st.Fields.List {
					for _, n := range field.Names {
						s.docs[name+"."+n.Name] = words2(field.Doc, field.Comment)
					}
				}
			}
		}
	}
}

func words2(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if text := strings.TrimSpace(g.Text()); text != "" {
			return text
		}
	}
	return ""
}

// of is the schema of v's type.
func (s *schemas) of(v any) m { return s.typed(reflect.TypeOf(v), false) }

// typed is the schema of a type. In what is told of a process durations are text (api.Process).
func (s *schemas) typed(t reflect.Type, told bool) m {
	switch t {
	case reflect.TypeFor[api.Time]():
		return m{"type": []string{"string", "null"}, "format": "date-time", "description": "RFC 3339 in UTC with milliseconds"}
	case reflect.TypeFor[json.RawMessage]():
		return m{"description": "any JSON"}
	case reflect.TypeFor[time.Duration]():
		if told {
			return m{"type": "string", "description": "a duration: 1m30s"}
		}
		return m{"type": []string{"integer", "string"}, "description": "nanoseconds, or text as 1m30s"}
	case reflect.TypeFor[api.Process]():
		return s.named(reflect.TypeFor[spec.Process](), true)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.typed(t.Elem(), told)
	case reflect.Slice:
		return m{"type": "array", "items": s.typed(t.Elem(), told)}
	case reflect.Map:
		return m{"type": "object", "additionalProperties": s.typed(t.Elem(), told)}
	case reflect.Struct:
		return s.named(t, told)
	case reflect.String:
		return m{"type": "string"}
	case reflect.Bool:
		return m{"type": "boolean"}
	case reflect.Float64:
		return m{"type": "number"}
	case reflect.Uint64, reflect.Uint:
		return m{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int64:
		return m{"type": "integer"}
	}
	panic("openapi: no schema for " + t.String())
}

// named refers to a struct's schema, which is made at the first time.
func (s *schemas) named(t reflect.Type, told bool) m {
	pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	name := upper(t.Name())
	switch {
	case pkg == "spec" && name == "Spec":
		name = "SpecFile"
	case pkg == "spec" && told && name != "Process" && name != "Pos":
		name = "Process" + name
	case pkg == "spec" && !told && name != "Complaint" && name != "Pos":
		name = "Spec" + name
	}
	ref := m{"$ref": "#/components/schemas/" + name}
	if s.all[name] != nil {
		if s.types[name] != t {
			panic("openapi: " + name + " is " + t.String() + " and " + s.types[name].String())
		}
		return ref
	}
	s.types[name] = t
	schema := m{"type": "object"}
	s.all[name] = schema
	props, required := m{}, []string{}
	s.fields(t, told, pkg, props, &required)
	schema["properties"] = props
	if len(required) > 0 {
		schema["required"] = required
	}
	if doc := s.docs[pkg+"."+t.Name()]; doc != "" {
		schema["description"] = doc
	}
	return ref
}

func (s *schemas) fields(t reflect.Type, told bool, pkg string, props m, required *[]string) {
	for f := range t.Fields() {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			s.fields(f.Type, told, pkg, props, required)
			continue
		}
		if name == "-" || !f.IsExported() {
			continue
		}
		schema := s.typed(f.Type, told)
		optional := strings.Contains(opts, "omit")
		if f.Type == reflect.TypeFor[time.Duration]() && pkg == "spec" && !told {
			schema = m{"type": "integer", "description": "nanoseconds"}
		}
		if f.Type.Kind() == reflect.Pointer && !optional {
			schema = nullable(schema)
		}
		if doc := s.docs[pkg+"."+t.Name()+"."+f.Name]; doc != "" {
			if old, ok := schema["description"].(string); ok {
				doc += " (" + old + ")"
			}
			schema["description"] = doc
		}
		props[name] = schema
		if !optional {
			*required = append(*required, name)
		}
	}
}

func nullable(schema m) m {
	if kind, ok := schema["type"].(string); ok {
		schema["type"] = []string{kind, "null"}
		return schema
	}
	return m{"anyOf": []m{schema, {"type": "null"}}}
}

func upper(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// TestSchemasSayWhatIsWritten: rows of Go types and what the document says of them.
func TestSchemasSayWhatIsWritten(t *testing.T) {
	s := newSchemas(t)
	s.of(api.Status{})
	s.of(api.Show{})
	s.of(api.Load{})
	at := func(path ...string) any {
		var v any = s.all
		for _, p := range path {
			v = v.(m)[p]
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	for _, r := range []struct {
		what, want string
		path       []string
	}{
		{"a field's comment is its description", `"the last death"`, []string{"Instance", "properties", "exit", "description"}},
		{"what may be null is said to be", `[{"$ref":"#/components/schemas/Exit"},{"type":"null"}]`, []string{"Instance", "properties", "exit", "anyOf"}},
		{"what is left out when empty is not required", `["project","file","error"]`, []string{"Spec", "required"}},
		{"durations of a process that is shown are text", `"string"`, []string{"ProcessStop", "properties", "timeout", "type"}},
		{"those that are sent are either", `["integer","string"]`, []string{"Load", "properties", "timeout", "type"}},
		{"what a struct embeds is its own", `"integer"`, []string{"Complaint", "properties", "line", "type"}},
	} {
		if got := at(r.path...); got != r.want {
			t.Errorf("%s: %s, want %s", r.what, got, r.want)
		}
	}
}
