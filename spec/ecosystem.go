package spec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// An ecosystem is one pm2 process file: its apps, and where their words stand.
type ecosystem struct {
	*reading
	file string
	dir  string
	text string
	root *node
	apps []*node
	keys map[string]found // where each key stands in the text, looked up once

	differing []differing
}

// pm2File makes processes of a pm2 file, whatever its form.
func (r *reading) pm2File(ctx context.Context, eval Eval, file, text string) {
	if root := r.pm2Root(ctx, eval, file, text); root != nil {
		r.ecosystem(file, text, root)
	}
}

// pm2Root is what a pm2 file holds or exports; nil after a complaint.
func (r *reading) pm2Root(ctx context.Context, eval Eval, file, text string) *node {
	var root *node
	err := error(nil)
	switch formatOf(filepath.Base(file)) {
	case formatYAML:
		root, err = parseYAML(file, text)
	case formatJSON:
		root, err = r.jsonRoot(ctx, eval, file, text)
	default:
		root, err = r.jsRoot(ctx, eval, file)
	}
	if err != nil {
		r.complainOf(r.withSource(err), Pos{File: file, Line: 1})
		return nil
	}
	if inner := root.get("default"); inner != nil && root.get("apps") == nil {
		root = inner
	}
	if root.at.Line == 0 {
		placeNodes(root, file, text)
	}
	return root
}

// jsonRoot reads what is nearly always strict JSON. To pm2 these files are JavaScript, with comments and all;
// only then is the evaluator asked.
func (r *reading) jsonRoot(ctx context.Context, eval Eval, file, text string) (*node, error) {
	root, err := parseJSON(file, text)
	switch {
	case err == nil:
		return root, nil
	case strings.TrimSpace(text) == "":
		return nil, Complaint{Pos: Pos{File: file, Line: 1}, Text: "the file is empty"}
	case eval == nil:
		return nil, err
	}
	return r.jsRoot(ctx, eval, file)
}

func (r *reading) jsRoot(ctx context.Context, eval Eval, file string) (*node, error) {
	if eval == nil {
		return nil, fmt.Errorf("read %s: JavaScript cannot be evaluated here", filepath.Base(file))
	}
	got, err := eval(ctx, file, r.req)
	for _, path := range got.Reads {
		r.note(path)
	}
	r.setenv, r.unsetenv = got.Set, got.Unset
	if got.Note != "" {
		r.warn(Pos{File: file, Line: 1}, "", "%s", got.Note)
	}
	if err != nil {
		return nil, err
	}
	root, err := parseJSON("", string(got.Value))
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: its exports are not JSON: %w", filepath.Base(file), err)
	}
	return root, nil
}

// withSource reads the file that a complaint of the evaluator points to, so that its line can be shown.
func (r *reading) withSource(err error) error {
	var c Complaint
	if errors.As(err, &c) && c.File != "" && r.lines[c.File] == nil {
		_, _ = r.tryRead(c.File) // without it the complaint only lacks its line
	}
	return err
}

func newEcosystem(r *reading, file, text string, root *node) *ecosystem {
	return &ecosystem{reading: r, file: file, dir: filepath.Dir(file), text: text, root: root, keys: map[string]found{}}
}

// ecosystem makes processes of the apps of root.
func (r *reading) ecosystem(file, text string, root *node) {
	e := newEcosystem(r, file, text, root)
	if r.req.Deploy {
		e.deploys()
	}
	if !e.findApps() {
		return
	}
	e.rootWords()
	known := map[string]Pos{}
	profiles := map[string]bool{}
	for i := range e.apps {
		a := e.app(i, profiles)
		if a == nil {
			continue
		}
		p := a.process()
		if first, twice := known[p.Name]; twice {
			e.complain(p.Origin, "", "%s: process %q is already on line %d", a.path, p.Name, first.Line)
			continue
		}
		known[p.Name] = p.Origin
		r.spec.Processes = append(r.spec.Processes, p)
	}
	e.statics(known)
	e.checkProfile(profiles)
	e.tellDiffers()
	if len(r.spec.Processes) == 0 && len(r.errs) == 0 {
		r.warn(Pos{File: file, Line: 1}, "", "names no process")
	}
}

// findApps takes the forms that pm2 takes: {apps: …}, {pm2: …}, a list, or one app.
func (e *ecosystem) findApps() bool {
	list := e.root
	for _, word := range []string{"apps", "pm2"} {
		if inner := e.root.get(word); inner != nil {
			list = inner
			break
		}
	}
	switch {
	case list.kind == isList:
		e.apps = list.list
	case list == e.root && e.root.get("static") != nil: // folders alone
	case list.kind == isObject && (list != e.root || hasScript(list)):
		e.apps = []*node{list}
	default:
		e.complain(Pos{File: e.file, Line: 1}, "export { apps: [ { name, script } ] }", "%s: no apps in it", filepath.Base(e.file))
		return false
	}
	return true
}

func hasScript(n *node) bool {
	return slices.ContainsFunc(n.members, func(m member) bool { return pm2Canonical(m.key) == "script" || m.key == "name" })
}

var rootWords = []string{"apps", "pm2", "deploy", "static", "default"}

// rootWords speaks of what stands beside the apps. A package.json may hold anything there.
func (e *ecosystem) rootWords() {
	if e.root.kind != isObject || e.root.get("apps") == nil || filepath.Base(e.file) == "package.json" {
		return
	}
	for _, m := range e.root.members {
		switch {
		case !slices.Contains(rootWords, m.key):
			e.warn(e.place(m.at, 0, m.key), didYouMean(m.key, rootWords), "unknown field %q", m.key)
		}
	}
}

// checkProfile says, as pm2 does, that no app knows the profile; env alone then counts.
func (e *ecosystem) checkProfile(profiles map[string]bool) {
	want := e.req.Profile
	if want == "" || profiles[want] {
		return
	}
	names := slices.Sorted(maps.Keys(profiles))
	hint := didYouMean(want, names)
	if hint == "" && len(names) > 0 {
		hint = "it has " + listed(names)
	}
	e.warn(Pos{File: e.file, Line: 1}, hint, "no app has env_%s; env alone is used", want)
}

// place is where a key stands. JavaScript says nothing of that, so the text is searched: of the apps that
// have the key, the first is taken to have its first place, and so on.
func (e *ecosystem) place(at Pos, app int, key string) Pos {
	if at.Line > 0 {
		return at
	}
	f, known := e.keys[key]
	if !known {
		f = e.find(key)
		e.keys[key] = f
	}
	if len(f.places) == 0 {
		return Pos{File: e.file, Line: 1}
	}
	return f.places[min(f.rank[app], len(f.places)-1)]
}

// found is where the text has a key, and for each app how many before it have the key too.
type found struct {
	places []Pos
	rank   []int
}

func (e *ecosystem) find(key string) found {
	f := found{findKey(e.file, e.text, key), make([]int, len(e.apps)+1)}
	for i, app := range e.apps {
		f.rank[i+1] = f.rank[i]
		if app.get(key) != nil {
			f.rank[i+1]++
		}
	}
	return f
}

// findKey lists where text has key as the key of an object: key: or "key":
func findKey(file, text, key string) []Pos {
	var out []Pos
	line, bol, from := 1, 0, 0
	for {
		i := strings.Index(text[from:], key)
		if i < 0 || key == "" {
			return out
		}
		i += from
		line += strings.Count(text[from:i], "\n")
		if j := strings.LastIndexByte(text[:i], '\n'); j >= 0 {
			bol = j + 1
		}
		from = i + len(key)
		line += strings.Count(key, "\n")
		before := i == 0 || strings.IndexByte(" \t\n\r{,\"'`", text[i-1]) >= 0
		after := strings.TrimLeft(text[from:], "\"'` \t")
		if before && strings.HasPrefix(after, ":") {
			out = append(out, Pos{file, line, i - bol + 1})
		}
	}
}

// app looks at the words of one app and files them under pm2's own names.
func (e *ecosystem) app(i int, profiles map[string]bool) *app {
	n := e.apps[i]
	a := &app{ecosystem: e, index: i, path: fmt.Sprintf("apps[%d]", i), words: map[string]member{}}
	if n.kind != isObject {
		e.complain(e.place(n.at, i, "apps"), "", "%s: expected an object, got %s", a.path, n.shown())
		return nil
	}
	given, named := map[string][]member{}, []string(nil)
	last := map[string]int{} // of two of one name the later counts, as in JavaScript
	for j, m := range n.members {
		last[m.key] = j
	}
	for j, m := range n.members {
		if last[m.key] != j {
			continue
		}
		name := pm2Canonical(m.key)
		switch {
		case strings.HasPrefix(m.key, "env_"):
			a.words[m.key] = m
			named = append(named, m.key)
			profiles[strings.TrimPrefix(m.key, "env_")] = true
		case name == "":
			e.warn(e.place(m.at, i, m.key), didYouMean(m.key, pm2Words()), "%s: unknown field %q", a.path, m.key)
		case m.value.kind == isNull:
		case pm2Later[name] && acts(m.value):
			e.warn(e.place(m.at, i, m.key), "", "%s: %s is not acted on by this version", a.path, m.key)
		default:
			given[name] = append(given[name], m)
		}
	}
	for name, list := range given {
		if m, ok := counts(name, list); ok {
			a.words[name] = m
		}
	}
	a.checkIdle()
	a.checkProfiles(named)
	return a
}

// acts tells whether a switch is on: watch: false asks for nothing.
func acts(n *node) bool {
	return n.kind != isNull && n.text != "false" && n.text != "0" && !(n.kind == isText && n.text == "")
}
