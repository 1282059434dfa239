package filewatch

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Usual is what is ignored unless a pattern of a Rule takes it back: dot files, what package managers and interpreters
// write, and what editors leave beside a file while they save it.
var Usual = []string{".*", "node_modules", "__pycache__", "*.pyc", "*~", "#*#", "4913", "*.swp", "*.swx"}

// An ignorer reads patterns as git does in a .gitignore that lies in base: the last that matches decides.
type ignorer struct {
	base  string
	rules []ignoreRule
}

type ignoreRule struct {
	pattern            string
	back, dirs, anchor bool
}

func newIgnorer(base string, patterns []string) *ignorer {
	g := &ignorer{base: base}
	for _, p := range append(append([]string(nil), Usual...), patterns...) {
		if r := g.rule(p); r.pattern != "" {
			g.rules = append(g.rules, r)
		}
	}
	return g
}

func (g *ignorer) rule(p string) (r ignoreRule) {
	p, r.back = strings.CutPrefix(strings.TrimSpace(p), "!")
	if under, ok := strings.CutPrefix(p, g.base+"/"); ok && g.base != "" { // the absolute path of what lies in base
		p = "/" + under
	}
	p = strings.TrimPrefix(p, "./")
	p, r.dirs = strings.CutSuffix(p, "/")
	r.anchor = strings.Contains(p, "/")
	r.pattern = strings.TrimPrefix(p, "/")
	return r
}

// ignored tells whether file, absolute, is to be passed over. That a folder above it is, is not looked for.
func (g *ignorer) ignored(file string, isDir bool) (yes bool) {
	rel, err := filepath.Rel(g.base, file)
	if err != nil {
		rel = file
	}
	name := path.Base(file)
	for _, r := range g.rules {
		if r.back == yes && r.matches(rel, name) && (isDir || !r.dirs) {
			yes = !r.back
		}
	}
	return yes
}

func (r ignoreRule) matches(rel, name string) bool {
	if !r.anchor {
		ok, _ := doublestar.Match(r.pattern, name)
		return ok
	}
	ok, _ := doublestar.Match(r.pattern, rel)
	if above, all := strings.CutSuffix(r.pattern, "/**"); ok && all { // what lies in it, not itself
		itself, _ := doublestar.Match(above, rel)
		return !itself
	}
	return ok
}
