package spec

import (
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

var quoted = regexp.MustCompile(`"([^"]+)"`)

// diagnose turns what the HCL library found into complaints in kitt's words. schema, if known, is what
// could have been written there instead.
func (h *hclReader) diagnose(diags hcl.Diagnostics, schema *hcl.BodySchema) {
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		if d.Summary == "Invalid multi-line string" || d.Summary == "Unterminated template string" {
			h.complain(Pos{File: h.file, Line: d.Subject.Start.Line}, "text of several lines stands between <<EOT and EOT", "a quote is opened and not closed on this line")
			return // what follows is read inside out
		}
		text, hint := h.words(d, schema)
		at := Pos{File: h.file, Line: 1}
		if d.Subject != nil {
			at = h.pos(*d.Subject)
		}
		h.complain(at, hint, "%s", text)
	}
}

func (h *hclReader) words(d *hcl.Diagnostic, schema *hcl.BodySchema) (text, hint string) {
	name := ""
	if m := quoted.FindStringSubmatch(d.Detail); m != nil {
		name = m[1]
	}
	switch {
	case d.Summary == "Unsupported argument" || d.Summary == "Extraneous JSON object property":
		return "unknown field \"" + name + "\"", fieldHint(name, schema)
	case d.Summary == "Unsupported block type":
		return "unknown block \"" + name + "\"", fieldHint(name, schema)
	case d.Summary == "Unsupported attribute" && rootOf(d) == "env":
		return "environment variable \"" + name + "\" is not set",
			"export it before kitt apply, or give a default: try(env." + name + ", \"…\")"
	case rootOf(d) == "process":
		return h.noPort(d)
	case d.Summary == "Unknown variable" && name == "instance":
		return "instance.n is known in command, cwd and env only", ""
	case d.Summary == "Unknown variable" || d.Summary == "Variables not allowed":
		return d.Summary + ": " + short(d.Detail), "text stands in double quotes; known are env.NAME, path.dir, path.file, path.home and instance.n"
	}
	return lowerFirst(d.Summary) + ": " + short(d.Detail), suggestion(d.Detail)
}

// fieldHint names the nearest word; and says so where a block was written as a field, or the other way.
func fieldHint(name string, schema *hcl.BodySchema) string {
	if schema == nil {
		return ""
	}
	var words []string
	for _, a := range schema.Attributes {
		words = append(words, a.Name)
		if a.Name == name {
			return "write " + name + " = …"
		}
	}
	for _, b := range schema.Blocks {
		words = append(words, b.Type)
		if b.Type == name {
			return "write " + name + " { … }"
		}
	}
	if hint := didYouMean(name, words); hint != "" {
		return hint
	}
	for _, block := range append([]string{""}, subBlocks...) { // policy = … beside restart { }
		for _, word := range processWords(block) {
			if word == name && block != "" {
				return "write " + block + " { " + name + " = … }"
			}
		}
	}
	return ""
}

// rootOf is the variable that the expression at fault begins with.
func rootOf(d *hcl.Diagnostic) string {
	if e, ok := d.Expression.(*hclsyntax.ScopeTraversalExpr); ok {
		return e.Traversal.RootName()
	}
	return ""
}

func suggestion(detail string) string {
	if i := strings.Index(detail, "Did you mean "); i >= 0 {
		return lowerFirst(strings.TrimSpace(detail[i:]))
	}
	return ""
}

// short leaves out what the hint says.
func short(detail string) string {
	if i := strings.Index(detail, " Did you mean "); i >= 0 {
		detail = detail[:i]
	}
	return strings.TrimSuffix(strings.TrimSpace(detail), ".")
}

func lowerFirst(s string) string {
	if s == "" || strings.HasPrefix(s, "JSON") {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
