package service

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"kitt.sh/docs"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const committed = "../docs/openapi.json"

// TestTheCommittedDocumentIsThatOfTheCode: docs/openapi.json is what the table of routes and the types say.
func TestTheCommittedDocumentIsThatOfTheCode(t *testing.T) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document(t)); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(committed, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if b.String() != docs.OpenAPI {
		t.Errorf("%s is not what the code says: make generate", committed)
	}
}

// TestTheDocumentIsOpenAPI31 holds the document against the OpenAPI Initiative's own schema for 3.1, each schema in it
// against JSON Schema 2020-12, and each reference against what is there.
func TestTheDocumentIsOpenAPI31(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "openapi-3.1-schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var official jsonschema.Schema
	if err := json.Unmarshal(b, &official); err != nil {
		t.Fatal(err)
	}
	rules, err := official.Resolve(&jsonschema.ResolveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	judge := func(text string) error {
		var doc any
		if err := json.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		return rules.Validate(doc)
	}
	if err := judge(docs.OpenAPI); err != nil {
		t.Error(err)
	}
	for _, breach := range [][2]string{{`"openapi": "3.1.1"`, `"openapi": "2.0"`}, {`"in": "query"`, `"in": "mind"`}, {`"responses": {`, `"answers": {`}, {`"title": "kitt"`, `"name": "kitt"`}} {
		if judge(strings.Replace(docs.OpenAPI, breach[0], breach[1], 1)) == nil {
			t.Errorf("a document with %s passes", breach[1])
		}
	}
	var doc struct {
		Components struct{ Schemas map[string]*jsonschema.Schema }
		Paths      map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal([]byte(docs.OpenAPI), &doc); err != nil {
		t.Fatal(err)
	}
	referred := map[string]bool{}
	for _, m := range regexp.MustCompile(`"\$ref": "#/components/schemas/([^"]+)"`).FindAllStringSubmatch(docs.OpenAPI, -1) {
		referred[m[1]] = true
		if doc.Components.Schemas[m[1]] == nil {
			t.Errorf("%s is referred to and not there", m[1])
		}
	}
	for name := range doc.Components.Schemas {
		if !referred[name] {
			t.Errorf("nobody refers to %s", name)
		}
	}
	seen := map[string]bool{}
	for path, methods := range doc.Paths {
		for _, m := range methods {
			if m.OperationID == "" || seen[m.OperationID] {
				t.Errorf("%s: operation %q", path, m.OperationID)
			}
			seen[m.OperationID] = true
		}
	}
}
