package spec

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

var notifyBlock = hcl.BlockHeaderSchema{Type: "notify", LabelNames: []string{"name"}}

// A notifyField is one word of a notify block and what it sets. The blocks within are made before any is set.
type notifyField struct {
	name string
	set  func(*Notify, *hclValue)
}

var notifyKinds = []string{"webhook", "exec", "mail", "desktop"}

var notifyFields = []notifyField{
	{"on", func(n *Notify, v *hclValue) { n.On = v.words() }},
	{"processes", func(n *Notify, v *hclValue) { n.Processes = v.words() }},
	{"every", func(n *Notify, v *hclValue) { n.Every = v.duration() }},
	{"repeat", func(n *Notify, v *hclValue) { n.Repeat = v.duration() }},
	{"stable", func(n *Notify, v *hclValue) { n.Stable = v.duration() }},
	{"lines", func(n *Notify, v *hclValue) { n.Lines = v.integer(n.Lines) }},
	{"timeout", func(n *Notify, v *hclValue) { n.Timeout = v.duration() }},
	{"flapping.deaths", func(n *Notify, v *hclValue) { n.Deaths = v.integer(n.Deaths) }},
	{"flapping.within", func(n *Notify, v *hclValue) { n.Within = v.duration() }},
	{"webhook.url", func(n *Notify, v *hclValue) { n.Webhook.URL = v.secret() }},
	{"webhook.form", func(n *Notify, v *hclValue) { n.Webhook.Form = v.text() }},
	{"webhook.token", func(n *Notify, v *hclValue) { n.Webhook.Token = v.secret() }},
	{"webhook.chat", func(n *Notify, v *hclValue) { n.Webhook.Chat = v.text() }},
	{"webhook.headers", func(n *Notify, v *hclValue) { n.Webhook.Headers = v.secrets() }},
	{"exec.command", func(n *Notify, v *hclValue) { n.Exec = v.command() }},
	{"mail.host", func(n *Notify, v *hclValue) { n.Mail.Host = v.text() }},
	{"mail.port", func(n *Notify, v *hclValue) { n.Mail.Port = v.integer(0) }},
	{"mail.tls", func(n *Notify, v *hclValue) { n.Mail.TLS = v.text() }},
	{"mail.auth", func(n *Notify, v *hclValue) { n.Mail.Auth = v.text() }},
	{"mail.user", func(n *Notify, v *hclValue) { n.Mail.User = v.text() }},
	{"mail.password", func(n *Notify, v *hclValue) { n.Mail.Password = v.secret() }},
	{"mail.from", func(n *Notify, v *hclValue) { n.Mail.From = v.text() }},
	{"mail.to", func(n *Notify, v *hclValue) { n.Mail.To = v.words() }},
}

// notifyWords are the fields of a block within a notify block, or of itself for "".
func notifyWords(block string) (out []string) {
	for _, f := range notifyFields {
		before, after, nested := strings.Cut(f.name, ".")
		if nested && before == block {
			out = append(out, after)
		} else if !nested && block == "" {
			out = append(out, f.name)
		}
	}
	return out
}

// readNotify reads the notify blocks of the file.
func (h *hclReader) readNotify(blocks hcl.Blocks) {
	lines := map[string]int{}
	for _, b := range blocks {
		name := b.Labels[0]
		if line := lines[name]; line > 0 {
			h.complain(h.pos(b.DefRange), "", "notify %q is already on line %d", name, line)
			continue
		}
		lines[name] = b.DefRange.Start.Line
		if n, ok := h.notify(b); ok {
			h.spec.Notify = append(h.spec.Notify, n)
		}
	}
}

// notify reads one block; not ok where it is not known whom it tells.
func (h *hclReader) notify(b *hcl.Block) (n Notify, ok bool) {
	n = DefaultNotify(b.Labels[0])
	n.Dir, n.Origin, n.Origins = h.dir, h.pos(b.DefRange), map[string]Pos{}
	schema := rootSchema(notifyWords(""))
	for _, name := range append([]string{"flapping"}, notifyKinds...) {
		schema.Blocks = append(schema.Blocks, hcl.BlockHeaderSchema{Type: name})
	}
	content, faults := h.content(b.Body, schema), len(h.errs)
	fields := layer(maps.Clone(content.Attributes))
	var kinds []string
	for _, in := range content.Blocks {
		if in.Type != "flapping" {
			kinds = append(kinds, in.Type)
			n.Origins[in.Type] = h.pos(in.DefRange)
		}
		for name, attr := range h.content(in.Body, rootSchema(notifyWords(in.Type))).Attributes {
			fields[in.Type+"."+name] = attr
		}
	}
	if len(kinds) != 1 {
		h.complain(n.Origin, "write one of webhook { }, exec { }, mail { } and desktop { }; to tell two, write two notify blocks",
			"notify %q: it is to tell exactly one, and has %s", n.Name, listed(kinds))
		return n, false
	}
	n.begin(kinds[0])
	for _, f := range notifyFields {
		attr := fields[f.name]
		if attr == nil {
			continue
		}
		n.Origins[f.name] = h.pos(attr.NameRange)
		if slices.Contains(secretFields, f.name) {
			h.hush(attr)
		}
		if v := h.value("notify."+f.name, attr, h.eval); v != nil {
			f.set(&n, v)
		}
	}
	return n, len(h.errs) == faults
}

// begin makes the place for the fields of a kind.
func (n *Notify) begin(kind string) {
	switch kind {
	case "webhook":
		n.Webhook = &Webhook{Form: "json"}
	case "mail":
		n.Mail = &Mail{TLS: "starttls", Auth: "auto"}
	case "desktop":
		n.Desktop = true
	}
}

// secretFields are those whose values nobody is shown, not even on the line that a complaint stands on.
var secretFields = []string{"webhook.url", "webhook.token", "webhook.headers", "mail.password"}

// reference is a value that tells where a secret is, and nothing of it.
var reference = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(\{\s*(env|file)\s*=\s*"[^"]*"\s*\}|\{\s*exec\s*=\s*\[.*\]\s*\})\s*(#.*)?$`)
})

// hush takes the value of attr out of the lines that complaints quote, unless it is a reference.
func (h *hclReader) hush(attr *hcl.Attribute) {
	at := attr.Expr.Range()
	lines := h.lines[h.file]
	if i := at.Start.Line; at.End.Line == i && i <= len(lines) {
		if line := []rune(lines[i-1]); at.Start.Column <= len(line) && reference().MatchString(string(line[at.Start.Column-1:])) {
			return
		}
	}
	for i := at.Start.Line; i <= at.End.Line && i <= len(lines); i++ {
		from := 0
		if i == at.Start.Line {
			from = min(at.Start.Column-1, len(lines[i-1]))
		}
		lines[i-1] = string([]rune(lines[i-1])[:min(from, len([]rune(lines[i-1])))]) + "***"
	}
}

const secretHint = `write { env = "NAME" }, { file = "PATH" } or { exec = ["pass", "show", "NAME"] }`

// secret is a reference, or text.
func (v *hclValue) secret() (s Secret) {
	if v.v.Type() == cty.String {
		return Secret{Text: v.text()}
	}
	if !v.v.Type().IsObjectType() || v.v.LengthInt() != 1 {
		v.complain(secretHint, "text or one reference is expected")
		return s
	}
	for name, value := range v.v.AsValueMap() {
		in := &hclValue{v.h, v.field + "." + name, value, v.at}
		if value.IsNull() {
			in.complain(secretHint, "null says nothing")
			return s
		}
		switch name {
		case "env":
			s.Env = in.text()
		case "file":
			s.File = in.path()
		case "exec":
			s.Exec = in.command()
		default:
			v.complain(secretHint, "no reference is called %q", name)
			return s
		}
	}
	if s.IsZero() {
		v.complain(secretHint, "the reference is empty")
	}
	return s
}

// secrets is a map of them.
func (v *hclValue) secrets() map[string]Secret {
	if !v.v.Type().IsObjectType() {
		v.complain("headers = { Authorization = { env = \"NAME\" } }", "expected names and values")
		return nil
	}
	out := map[string]Secret{}
	for name, value := range v.v.AsValueMap() {
		if !value.IsNull() {
			out[name] = (&hclValue{v.h, v.field + "." + name, value, v.at}).secret()
		}
	}
	return out
}
