package layers

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// The module's own import path.
const module = "kitt.sh"

// floors, lowest first. A file imports from its own floor or a lower one. "." is package main. port and deploy see no
// process of kitt's: they stand beside spec.
var floors = []string{"spec", "internal/port", "internal/deploy", "reconcile", "service", "internal/early", "internal/recognise", "internal/monit", "internal/cli", "."}

// rooms are all places where Go code may lie.
var rooms = append(slices.Clone(floors), "docs", "examples", "internal/boottest", "internal/doctor", "internal/door", "internal/e2e", "internal/faults", "internal/forward", "internal/jseval", "internal/launchsim", "internal/layers", "internal/logline", "internal/mutants", "internal/recognise", "internal/shell", "internal/torture")

// leaves import nothing of ours, so that every floor above spec may import them.
var leaves = []string{"spec", "internal/forward", "internal/launchsim", "reconcile/keeper", "reconcile/logs", "reconcile/failpoint", "internal/jseval", "internal/recognise", "internal/logline", "internal/shell", "internal/doctor", "docs", "examples"}

// marks is imported by leaves too: in a program that is not built for torture it is nothing.
const marks = "reconcile/failpoint"

// testOnly rooms hold tests and nothing that another package could import.
var testOnly = []string{"internal/door", "internal/e2e", "internal/faults", "internal/layers", "internal/mutants", "internal/torture"}

// forTests are imported by tests alone.
var forTests = []string{"reconcile/runtimetest"}

// banned: the keeper stays small. It is the parent of everything, and must neither crash nor grow.
var banned = map[string][]string{
	"reconcile/keeper": {"net/http", "encoding/json", "os/exec", "text/template", "html/template", "plugin"},
	marks:              {"net/http", "encoding/json", "os/exec", "text/template", "html/template", "plugin", "fmt"},
}

// foreign says who may import code of others at all: a prefix of import paths for each room listed.
var foreign = map[string][]string{
	"reconcile/keeper": {"golang.org/x/sys/"},
	"examples":         {},
}

// confined: each of these is used in a few rooms only, so that it can be replaced there.
var confined = map[string][]string{
	"github.com/alecthomas/kong":             {".", "internal/cli", "internal/shell"},
	"github.com/lmittmann/tint":              {".", "internal/cli"},
	"github.com/kardianos/service":           {"service"},
	"modernc.org/quickjs":                    {"internal/jseval"},
	"charm.land/":                            {"internal/monit", "internal/cli"},
	"github.com/modelcontextprotocol/go-sdk": {"internal/cli", "internal/e2e"},
}

// A file is one Go file: its folder within the module ("." for the top), and what it imports.
type file struct {
	dir, name string
	imports   []string
}

func (f file) test() bool { return strings.HasSuffix(f.name, "_test.go") }

// complaints are all breaches of the rules in these files.
func complaints(files []file) []string {
	var out []string
	for _, f := range files {
		say := func(format string, args ...any) {
			out = append(out, path.Join(f.dir, f.name)+": "+fmt.Sprintf(format, args...))
		}
		if in(f.dir, rooms) == "" {
			say("no code belongs in %s", f.dir)
		}
		if in(f.dir, testOnly) != "" && !f.test() && len(f.imports) > 0 {
			say("%s is for tests only", f.dir)
		}
		for _, imp := range f.imports {
			if why := forbidden(f, imp); why != "" {
				say("imports %s: %s", imp, why)
			}
		}
	}
	return out
}

// forbidden says why f may not import imp, or nothing.
func forbidden(f file, imp string) string {
	if own, ok := strings.CutPrefix(imp+"/", module+"/"); ok {
		return forbiddenOwn(f, path.Clean(own))
	}
	if f.test() {
		return ""
	}
	if room := in(f.dir, keys(banned)); room != "" && slices.Contains(banned[room], imp) {
		return room + " must stay small"
	}
	if room := in(f.dir, keys(foreign)); room != "" && !standard(imp) && !prefixed(imp, foreign[room]) {
		return room + " lives on the standard library"
	}
	for lib, where := range confined {
		if (imp == lib || strings.HasPrefix(imp, lib+"/")) && in(f.dir, where) == "" {
			return "only " + strings.Join(where, ", ") + " may"
		}
	}
	return ""
}

// forbiddenOwn judges an import of the package in the module's folder to.
func forbiddenOwn(f file, to string) string {
	from, target := in(f.dir, floors), in(to, floors)
	room := in(f.dir, leaves)
	switch {
	case f.dir == to: // a test of the package from outside
		return ""
	case in(to, forTests) != "" && !f.test():
		return to + " is for tests"
	case in(to, testOnly) != "" || in(to, []string{"examples"}) != "" || to == ".":
		return "nobody imports " + to
	case in(f.dir, testOnly) != "":
		return "" // a test of the whole may look at any floor
	case to == marks && in(f.dir, []string{"spec", "examples"}) == "":
		return ""
	case room != "" && !(f.test() && in(to, leaves) != "") && in(to, []string{room}) == "":
		return room + " imports nothing of ours"
	case target == "": // a leaf beside the floors: internal/jseval
		return ""
	case slices.Index(floors, from) < slices.Index(floors, target):
		return "imports only go down: " + strings.Join(floors[:len(floors)-1], " < ") + " < main"
	}
	return ""
}

// in returns the innermost of these rooms that dir is or lies in; "." is only itself.
func in(dir string, rooms []string) string {
	best := ""
	for _, r := range rooms {
		if (dir == r || r != "." && strings.HasPrefix(dir, r+"/")) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return !strings.Contains(first, ".")
}

func prefixed(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

func keys(m map[string][]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}
