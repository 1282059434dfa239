package spec

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

// An hclReader reads one kitt.hcl. What a process is made of lies in layers, lowest first:
// defaults {}, its own block, then what the chosen profile says to each.
type hclReader struct {
	*reading
	file string
	dir  string
	eval *hcl.EvalContext

	root     layer            // project, procfile, env, env_file of the file
	defaults layer            // its defaults {}
	blocks   map[string]layer // its process blocks
	profile  over             // what the chosen profile lays over them
	names    []string         // of the process blocks, in their order
	places   map[string]Pos   // of each process's first block
	settings map[string][]setting
	ports    map[string]saidPort // of each process that says one
	given    map[int]string      // ports that are not to be guessed for another -> process.n, or the process that says it
}

// An over is the chosen profile.
type over struct {
	root, defaults layer
	blocks         map[string]layer
}

// layers is what makes up a process, lowest first. A layer that is not there is empty.
func (h *hclReader) layers(name string) []layer {
	return []layer{h.defaults, h.blocks[name], h.profile.root, h.profile.defaults, h.profile.blocks[name]}
}

// A layer is one block taken apart: field, or block and field ("restart.policy"), to its value.
type layer map[string]*hcl.Attribute

// hcl reads a kitt.hcl, or its JSON form.
func (r *reading) hcl(file, text string) {
	h := &hclReader{reading: r, file: file, dir: filepath.Dir(file), places: map[string]Pos{}, settings: map[string][]setting{}}
	var f *hcl.File
	var diags hcl.Diagnostics
	if strings.HasSuffix(strings.ToLower(file), ".json") {
		f, diags = hcljson.Parse([]byte(text), file)
	} else {
		f, diags = hclsyntax.ParseConfig([]byte(text), file, hcl.InitialPos)
	}
	if diags.HasErrors() || f == nil {
		h.diagnose(diags, nil)
		return
	}
	if strings.TrimSpace(text) == "" {
		r.complain(Pos{File: file, Line: 1}, "write process \"NAME\" { command = \"…\" }; to stop everything: kitt down", "the file is empty")
		return
	}
	h.eval = h.context()
	h.readRoot(f.Body)
	h.processes()
}

var rootFields = []string{"project", "procfile", "env_file", "env", "rollback", "sample"}

// laterFields are words of the language that this version does not act on.
var laterFields = []string{"notify"}

func rootSchema(words []string, blocks ...hcl.BlockHeaderSchema) *hcl.BodySchema {
	s := &hcl.BodySchema{Blocks: blocks}
	for _, w := range words {
		s.Attributes = append(s.Attributes, hcl.AttributeSchema{Name: w})
	}
	return s
}

var (
	processBlock  = hcl.BlockHeaderSchema{Type: "process", LabelNames: []string{"name"}}
	profileBlock  = hcl.BlockHeaderSchema{Type: "profile", LabelNames: []string{"name"}}
	logsBlock     = hcl.BlockHeaderSchema{Type: "logs"}
	defaultsBlock = hcl.BlockHeaderSchema{Type: "defaults"}
)

func (h *hclReader) readRoot(body hcl.Body) {
	content := h.content(body, rootSchema(rootFields, processBlock, profileBlock, serviceBlock(body), logsBlock, defaultsBlock, notifyBlock))
	h.root = layer(content.Attributes)
	h.readService(content.Blocks.OfType("service"))
	h.readLogs(content.Blocks.OfType("logs"))
	h.readNotify(content.Blocks.OfType("notify"))
	h.defaults = h.readDefaults(content.Blocks)
	h.blocks = h.readProcesses(content.Blocks.OfType("process"), true)
	h.readProfile(content.Blocks.OfType("profile"))
}

// readLogs reads what holds for the logs of all processes.
func (h *hclReader) readLogs(blocks hcl.Blocks) {
	for i, b := range blocks {
		if i > 0 {
			h.complain(h.pos(b.DefRange), "", "there is a logs block already")
			return
		}
		attr := h.content(b.Body, rootSchema([]string{"max_total"})).Attributes["max_total"]
		if attr == nil {
			continue
		}
		if v := h.value("logs.max_total", attr, h.eval); v != nil {
			h.spec.Logs.MaxTotal = v.size(0)
		}
	}
}

func (h *hclReader) readDefaults(blocks hcl.Blocks) layer {
	var out layer
	for _, b := range blocks.OfType("defaults") {
		if out != nil {
			h.complain(h.pos(b.DefRange), "", "there is a defaults block already")
		}
		out = h.layerOf(b.Body)
	}
	return out
}

// readProcesses reads the process blocks of one level; use is false for those of a profile not chosen.
// A name twice on one level is a mistake.
func (h *hclReader) readProcesses(blocks hcl.Blocks, use bool) map[string]layer {
	out, here := map[string]layer{}, map[string]int{}
	for _, b := range blocks {
		name := b.Labels[0]
		if line := here[name]; line > 0 {
			h.complain(h.pos(b.DefRange), "", "process %q is already on line %d", name, line)
			continue
		}
		here[name] = b.DefRange.Start.Line
		out[name] = h.layerOf(b.Body)
		if _, known := h.places[name]; !known && use {
			h.places[name] = h.pos(b.DefRange)
			h.names = append(h.names, name)
		}
	}
	return out
}

// readProfile reads all profiles, so that each is checked, and keeps the one asked for.
func (h *hclReader) readProfile(blocks hcl.Blocks) {
	var names []string
	for _, b := range blocks {
		name := b.Labels[0]
		if slices.Contains(names, name) {
			h.complain(h.pos(b.DefRange), "", "profile %q is already in the file", name)
			continue
		}
		names = append(names, name)
		content := h.content(b.Body, rootSchema([]string{"env_file", "env"}, processBlock, defaultsBlock))
		read := over{layer(content.Attributes), h.readDefaults(content.Blocks),
			h.readProcesses(content.Blocks.OfType("process"), name == h.req.Profile)}
		if name == h.req.Profile {
			h.profile = read
		}
	}
	if h.req.Profile != "" && !slices.Contains(names, h.req.Profile) {
		hint := "this file has no profiles"
		if len(names) > 0 {
			hint = "it has " + listed(names)
		}
		h.complain(Pos{File: h.file, Line: 1}, hint, "no profile %q in this file", h.req.Profile)
	}
}

// layerOf takes the body of a process or defaults block apart.
func (h *hclReader) layerOf(body hcl.Body) layer {
	schema := rootSchema(append(processWords(""), laterFields...))
	for _, name := range append(slices.Clone(subBlocks), laterFields...) {
		schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: name})
	}
	content := h.content(body, schema)
	out := layer{}
	for name, attr := range content.Attributes {
		if slices.Contains(laterFields, name) {
			h.later(name, attr.NameRange)
			continue
		}
		out[name] = attr
	}
	first := map[string]int{}
	for _, b := range content.Blocks {
		line := first[b.Type]
		switch {
		case slices.Contains(laterFields, b.Type):
			h.later(b.Type, b.DefRange)
		case line > 0:
			h.complain(h.pos(b.DefRange), "", "block %q is already on line %d", b.Type, line)
		default:
			first[b.Type] = b.DefRange.Start.Line
			for name, attr := range h.content(b.Body, rootSchema(processWords(b.Type))).Attributes {
				out[b.Type+"."+name] = attr
			}
		}
	}
	return out
}

func (h *hclReader) later(word string, at hcl.Range) {
	h.warn(h.pos(at), "", "%s is not acted on by this version", word)
}

// content reads a body by its schema. Each thing that does not belong there is a complaint.
func (h *hclReader) content(body hcl.Body, schema *hcl.BodySchema) *hcl.BodyContent {
	content, diags := body.Content(schema)
	h.diagnose(diags, schema)
	return content
}

func (h *hclReader) pos(at hcl.Range) Pos {
	return Pos{File: at.Filename, Line: at.Start.Line, Col: at.Start.Column}
}
