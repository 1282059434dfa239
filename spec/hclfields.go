package spec

import (
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// subBlocks may stand in a process.
var subBlocks = []string{"restart", "stop", "log", "ready", "alive", "reload", "limits", "watch", "schedule"}

// A field is one word of a process block and what it sets. Words with nil are read elsewhere,
// since they depend on the instance or on several layers.
type field struct {
	name string
	set  func(*Process, *hclValue)
}

var processFields = slices.Concat(limitFields, watchFields, scheduleFields, orderFields, probeFields, reloadFields, stopFields, wakeFields, []field{
	{"command", nil}, {"cwd", nil}, {"env", nil}, {"env_file", nil}, {"instances", nil}, {"depends_on", nil}, {"port", nil},
	{"description", func(p *Process, v *hclValue) { p.Description = v.text() }},
	{"namespace", func(p *Process, v *hclValue) { p.Namespace = v.text() }},
	{"user", func(p *Process, v *hclValue) { p.User = v.text() }},
	{"group", func(p *Process, v *hclValue) { p.Group = v.text() }},
	{"umask", func(p *Process, v *hclValue) { p.Umask = v.umask() }},
	{"instance_var", func(p *Process, v *hclValue) { p.InstanceVar = v.text() }},
	{"autostart", func(p *Process, v *hclValue) { p.Held = !v.boolean(true) }},
	{"kill_mode", func(p *Process, v *hclValue) { p.Stop.KillMode = v.text() }},
	{"restart.policy", func(p *Process, v *hclValue) { p.Restart.Policy = v.text() }},
	{"restart.backoff_min", func(p *Process, v *hclValue) { p.Restart.BackoffMin = v.duration() }},
	{"restart.backoff_max", func(p *Process, v *hclValue) { p.Restart.BackoffMax = v.duration() }},
	{"restart.factor", func(p *Process, v *hclValue) { p.Restart.Factor = v.number(2) }},
	{"restart.stable", func(p *Process, v *hclValue) { p.Restart.Stable = v.duration() }},
	{"restart.max", func(p *Process, v *hclValue) { p.Restart.Max = v.integer(0) }},
	{"restart.within", func(p *Process, v *hclValue) { p.Restart.Within = v.duration() }},
	{"restart.min_uptime", func(p *Process, v *hclValue) { p.Restart.MinUptime = v.duration() }},
	{"restart.done_codes", func(p *Process, v *hclValue) { p.Restart.DoneCodes = v.integers() }},
	{"mode", func(p *Process, v *hclValue) { p.Mode = v.text() }},
	{"stdin", func(p *Process, v *hclValue) { p.Stdin = v.boolean(false) }},
	{"listen", func(p *Process, v *hclValue) { p.Listen = v.sockets() }},
	{"expose", func(p *Process, v *hclValue) { p.Expose = v.exposed() }},
	{"log.max_size", func(p *Process, v *hclValue) { p.Log.MaxSize = v.size(p.Log.MaxSize) }},
	{"log.keep", func(p *Process, v *hclValue) { p.Log.Keep = v.integer(p.Log.Keep) }},
	{"log.compress", func(p *Process, v *hclValue) { p.Log.Compress = v.boolean(true) }},
	{"log.full", func(p *Process, v *hclValue) { p.Log.Full = v.text() }},
	{"log.timestamps", func(p *Process, v *hclValue) { p.Log.Timestamps = v.boolean(false) }},
	{"log.dir", func(p *Process, v *hclValue) { p.Log.Dir = v.path() }},
	{"log.off", func(p *Process, v *hclValue) { p.Log.Off = v.boolean(false) }},
	{"log.out", func(p *Process, v *hclValue) { p.Log.Out = v.path() }},
	{"log.err", func(p *Process, v *hclValue) { p.Log.Err = v.path() }},
	{"log.combined", func(p *Process, v *hclValue) { p.Log.Combined = v.path() }},
	{"log.stamp", func(p *Process, v *hclValue) { p.Log.Stamp = v.text() }},
	{"log.json", func(p *Process, v *hclValue) { p.Log.JSON = v.boolean(false) }},
})

// processWords are the fields that stand in a block of a process, or in the process itself for "".
func processWords(block string) []string {
	var out []string
	for _, f := range processFields {
		before, after, nested := strings.Cut(f.name, ".")
		switch {
		case nested && before == block:
			out = append(out, after)
		case !nested && block == "":
			out = append(out, f.name)
		}
	}
	return out
}

// An hclValue is the value of one field, to be taken as what the field needs. What it is not is a complaint,
// and the given default is taken.
type hclValue struct {
	h     *hclReader
	field string
	v     cty.Value
	at    hcl.Range
}

// value evaluates attr. It is nil where that failed, with the complaints made, and for null.
func (h *hclReader) value(name string, attr *hcl.Attribute, ctx *hcl.EvalContext) *hclValue {
	v, diags := attr.Expr.Value(ctx)
	h.diagnose(diags, nil)
	if diags.HasErrors() || v.IsNull() || !v.IsWhollyKnown() {
		return nil
	}
	return &hclValue{h, name, v, attr.Expr.Range()}
}

func (v *hclValue) complain(hint, format string, args ...any) {
	v.h.complain(v.h.pos(v.at), hint, v.field+": "+format, args...)
}

// shown is the value as it may be quoted in a complaint.
func (v *hclValue) shown() string {
	switch {
	case v.v.Type() == cty.String:
		return strconv.Quote(v.v.AsString())
	case v.v.Type().IsPrimitiveType():
		s, _ := convert.Convert(v.v, cty.String)
		return s.AsString()
	}
	return "a " + strings.TrimSuffix(v.v.Type().FriendlyName(), " of dynamic")
}

func (v *hclValue) text() string {
	if !v.v.Type().IsPrimitiveType() {
		v.complain("", "expected text, got %s", v.shown())
		return ""
	}
	if v.v.Type() == cty.Number { // the library's own way takes a thousand times as long
		if n, acc := v.v.AsBigFloat().Int64(); acc == big.Exact {
			return strconv.FormatInt(n, 10)
		}
	}
	s, _ := convert.Convert(v.v, cty.String)
	return s.AsString()
}

// path is a file or folder, made absolute on the folder of the spec.
func (v *hclValue) path() string {
	if p := v.text(); p != "" {
		return v.h.expand(p)
	}
	return ""
}

func (h *hclReader) expand(p string) string {
	if home := h.req.Env["HOME"]; home != "" && (p == "~" || strings.HasPrefix(p, "~/")) {
		p = filepath.Join(home, p[1:])
	}
	return resolve(h.dir, p)
}

func (v *hclValue) duration() time.Duration {
	const hint = `write "15s", "500ms" or "1m30s"`
	if !v.v.Type().IsPrimitiveType() || v.v.Type() == cty.Bool {
		v.complain(hint, "%s is not a duration", v.shown())
		return 0
	}
	d, err := parseDuration(v.text())
	if err != nil {
		v.complain(hint, "%s", err)
	}
	return d
}

func (v *hclValue) size(or int64) int64 {
	n, err := parseSize(v.text())
	if err != nil {
		v.complain(`write "10MB" (10 million bytes) or "10MiB" (10 times 1024 times 1024)`, "%s", err)
		return or
	}
	return n
}

func (v *hclValue) integer(or int) int {
	n, err := strconv.Atoi(v.text())
	if err != nil || v.v.Type() == cty.Bool {
		v.complain("", "expected a whole number, got %s", v.shown())
		return or
	}
	return n
}

func (v *hclValue) number(or float64) float64 {
	n, err := strconv.ParseFloat(v.text(), 64)
	if err != nil {
		v.complain("", "expected a number, got %s", v.shown())
		return or
	}
	return n
}

func (v *hclValue) boolean(or bool) bool {
	b, err := convert.Convert(v.v, cty.Bool)
	if err != nil {
		v.complain("", "expected true or false, got %s", v.shown())
		return or
	}
	return b.True()
}

func (v *hclValue) signal() string {
	name, ok := parseSignal(v.text())
	if !ok {
		v.complain(didYouMean(name, sigNames()), "%s is not a signal", v.shown())
		return "SIGTERM"
	}
	return name
}

// umask is text, since a number in HCL is never octal.
func (v *hclValue) umask() *int {
	n, err := strconv.ParseUint(v.text(), 8, 32)
	if err != nil || n > 0o777 || v.v.Type() != cty.String {
		v.complain(`write the octal digits as text: umask = "022"`, "%s is not a umask", v.shown())
		return nil
	}
	mask := int(n)
	return &mask
}

// each gives the members of a list one by one; a single value is a list of itself.
func (v *hclValue) each() []*hclValue {
	if !v.v.CanIterateElements() || v.v.Type().IsObjectType() || v.v.Type().IsMapType() {
		return []*hclValue{v}
	}
	var out []*hclValue
	for _, member := range v.v.AsValueSlice() {
		if !member.IsNull() {
			out = append(out, &hclValue{v.h, v.field, member, v.at})
		}
	}
	return out
}

func (v *hclValue) words() []string {
	out := []string{}
	for _, member := range v.each() {
		out = append(out, member.text())
	}
	return out
}

func (v *hclValue) integers() []int {
	var out []int
	for _, member := range v.each() {
		out = append(out, member.integer(0))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// command is argv: of text through a shell, of a list as it is.
func (v *hclValue) command() []string {
	if v.v.Type() != cty.String {
		return v.words()
	}
	if strings.TrimSpace(v.v.AsString()) == "" {
		return nil
	}
	return shellCommand(v.v.AsString())
}
