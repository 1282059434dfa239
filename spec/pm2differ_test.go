package spec_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kitt.sh/spec"
)

// A pm2File is one file of the corpus: its text, what lies beside it, and how it is asked for.
type pm2File struct {
	name    string
	file    string // its name in a folder of its own
	text    string
	profile string
	beside  []string // name, text, name, text…
	away    bool     // asked for from another folder
	literal bool     // text is a value in JavaScript; the file has it in JSON
}

// A disagreement is one field that kitt and pm2 read differently.
type disagreement struct {
	file      pm2File
	id        string // name #n; "" for the file as a whole
	field     string
	pm2, kitt string // "none" where one has no such field
	ours      facts  // all of kitt's reading of the instance
}

// differences are all that kitt reads otherwise than pm2, on purpose. Every one is needed by some file of the corpus,
// and docs/spec.md tells it with its reason.
var differences = []struct {
	name string // as docs/spec.md has it
	has  func(d disagreement) bool
}{
	{"no `max_restarts` is no limit", func(d disagreement) bool { return d.field == "max_restarts" && d.pm2 == "16 by default" }},
	{"no delay is kitt's back-off", func(d disagreement) bool { return d.field == "pause" && d.pm2 == "none" && d.kitt == "kitt's own" }},
	{"`instances: 1` is no cluster", func(d disagreement) bool {
		return d.field == "exec_mode" && d.pm2 == "cluster" && d.kitt == "fork" && !strings.Contains(d.file.text, "exec_mode")
	}},
	{"a cluster is Node's", func(d disagreement) bool {
		return d.field == "exec_mode" && d.pm2 == "cluster" && d.kitt == "fork" && !strings.Contains(d.ours["argv"], "/node\"")
	}},
	{"`null` takes a variable away", func(d disagreement) bool {
		return strings.HasPrefix(d.field, "env.") && d.pm2 == "null" && d.kitt == "none"
	}},
	{"`filter_env: true` filters", func(d disagreement) bool {
		return strings.HasPrefix(d.field, "env.") && strings.Contains(d.file.text, "filter_env: true") && d.kitt == "none"
	}},
	{"a `#!` line is honoured", func(d disagreement) bool {
		return d.field == "argv" && strings.Contains(d.pm2, "/node\" ") && strings.HasSuffix(d.pm2, d.kitt[1:]) && shebang(d.kitt)
	}},
	{"the workers of a cluster share their logs", func(d disagreement) bool {
		return (d.field == "out" || d.field == "err" || d.field == "log") && d.ours["exec_mode"] == "cluster" && regexp.MustCompile(`-\d+\.log$`).ReplaceAllString(d.pm2, ".log") == d.kitt
	}},
	{"the number in a log's name counts the instances of its process", func(d disagreement) bool {
		n := regexp.MustCompile(`-\d+\.log$`)
		return (d.field == "out" || d.field == "err" || d.field == "log") && n.MatchString(d.pm2) && n.ReplaceAllString(d.pm2, "") == n.ReplaceAllString(d.kitt, "")
	}},
	{"a name stands once", func(d disagreement) bool {
		return d.field == "file" && strings.Contains(d.kitt, "is already on line")
	}},
	{"default exports, functions and promises are read", func(d disagreement) bool {
		return d.field == "file" && strings.Contains(d.pm2, "No script path") && regexp.MustCompile(`export default|=>|Promise|async|default:`).MatchString(d.file.text)
	}},
	{"`\"true\"` and `\"false\"` in quotes are what they say", func(d disagreement) bool {
		return d.field == "file" && strings.Contains(d.pm2, "typeof [object Boolean], but now is [object String]") && d.kitt == "read"
	}},
	{"numbers are text where text is meant", func(d disagreement) bool {
		return d.field == "file" && strings.Contains(d.pm2, "but now is [object Number]") && d.kitt == "read"
	}},
	{"a word for a number is a complaint", func(d disagreement) bool {
		return d.field == "file" && d.pm2 == "read" && (strings.Contains(d.kitt, `expected a number or "max"`) || strings.Contains(d.kitt, "is not a number to count up from"))
	}},
	{"`name_prefix` counts in a file", func(d disagreement) bool {
		return d.field == "process" && strings.Contains(d.file.text, "name_prefix")
	}},
	{"a user's HOME is set at the start", func(d disagreement) bool {
		return d.field == "env.HOME" && strings.HasPrefix(d.file.name, asRoot)
	}},
	{"`static` is served by kitt", func(d disagreement) bool {
		return strings.HasPrefix(d.file.name, "static") && (d.field == "argv" && strings.Contains(d.kitt, "internal serve") || strings.Contains(d.field, "SERVE"))
	}},
	{"a name is fit for a folder", func(d disagreement) bool {
		return d.field == "file" && d.pm2 == "read" && strings.Contains(d.kitt, "a name does not start with a dot")
	}},
	{"`stop_exit_codes: 0` is a code", func(d disagreement) bool { return d.field == "stop_exit_codes" && d.pm2 == "" && d.kitt == "0" }},
	{"a file whose name has spaces is run", func(d disagreement) bool {
		return d.field == "argv" && strings.Contains(d.pm2, `"-c"`) && !strings.Contains(d.kitt, `"-c"`)
	}},
	{"paths lie beside the file", func(d disagreement) bool {
		return d.field == "file" && d.file.away && strings.Contains(d.pm2, "Script not found")
	}},
	{"a script that is not there is told at the start", func(d disagreement) bool {
		return d.field == "file" && !d.file.away && strings.Contains(d.pm2, "Script not found") && d.kitt == "read"
	}},
	{"`PYTHONUNBUFFERED` of the file counts", func(d disagreement) bool {
		return d.field == "env.PYTHONUNBUFFERED" && d.pm2 == "1" && strings.Contains(d.file.text, "PYTHONUNBUFFERED")
	}},
}

// shebang tells whether the program of a quoted command begins with #!.
func shebang(quoted string) bool {
	path, _, _ := strings.Cut(strings.TrimPrefix(quoted, `["`), `"`)
	b, err := os.ReadFile(path)
	return err == nil && strings.HasPrefix(string(b), "#!")
}

// TestPm2ReadsTheSame holds what kitt makes of each file of the corpus against what pm2's own code makes of it, field by
// field. They differ only as docs/spec.md says.
func TestPm2ReadsTheSame(t *testing.T) {
	world := t.TempDir()
	env := peerWorld(t, world)
	captured := maps.Clone(env)
	maps.DeleteFunc(captured, func(name, _ string) bool { return strings.HasPrefix(name, "PM2_") })
	files := pm2Corpus(t)
	literal := literals(t, files)
	specs, said, cases := make([]*spec.Spec, len(files)), make([]string, len(files)), make([]peerCase, len(files))
	for i, f := range files {
		dir := filepath.Join(world, fmt.Sprint(i))
		write(t, dir, append([]string{f.file, or(literal[f.text], f.text)}, f.beside...)...)
		req := spec.Request{Path: filepath.Join(dir, f.file), Cwd: dir, Env: captured, Profile: f.profile}
		if f.away {
			req.Cwd = world
		}
		var list []string
		specs[i], list = load(t, req)
		said[i] = or(strings.Join(list, "; "), "read")
		cases[i] = peerCase{File: req.Path, Cwd: req.Cwd, Profile: f.profile, Pretend: absent(f, specs[i])}
	}
	used := make([]int, len(differences))
	for i, a := range askPeer(t, env, cases) {
		for _, d := range disagreements(files[i], a, peerFacts(a, env), ownFacts(specs[i], captured), said[i]) {
			at := slices.IndexFunc(differences, func(known struct {
				name string
				has  func(d disagreement) bool
			}) bool {
				return known.has(d)
			})
			if at < 0 {
				t.Errorf("%s: %s: %s: pm2 %s, kitt %s", d.file.name, d.id, d.field, d.pm2, d.kitt)
				continue
			}
			used[at]++
		}
	}
	docs, err := os.ReadFile("../docs/spec.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range differences {
		if used[i] == 0 && (os.Geteuid() == 0 || !strings.Contains(d.name, asRoot)) {
			t.Errorf("no file needs the difference %q", d.name)
		}
		if !strings.Contains(string(docs), "| "+d.name) {
			t.Errorf("docs/spec.md does not tell the difference %q", d.name)
		}
	}
}

// literals are the texts of files that are values, in JSON; they are evaluated all at once.
func literals(t *testing.T, files []pm2File) map[string]string {
	t.Helper()
	files = slices.DeleteFunc(slices.Clone(files), func(f pm2File) bool { return !f.literal })
	texts := make([]string, len(files))
	for i, f := range files {
		texts[i] = f.text
	}
	dir := t.TempDir()
	write(t, dir, "all.config.js", "module.exports = [\n"+strings.Join(texts, ",\n")+"]")
	got, err := eval(t.Context(), filepath.Join(dir, "all.config.js"), spec.Request{})
	var list []json.RawMessage
	if err != nil || json.Unmarshal(got.Value, &list) != nil || len(list) != len(texts) {
		t.Fatalf("%d values of %d: %v", len(list), len(texts), err)
	}
	out := map[string]string{}
	for i, text := range texts {
		out[text] = string(list[i])
	}
	return out
}

// disagreements compares one file; where one side refuses it, that alone.
func disagreements(f pm2File, a peerAnswer, theirs, ours map[string]facts, said string) (out []disagreement) {
	refused := a.Error
	if refused != "" {
		refused += " " + strings.Join(a.Said, " ")
	}
	if refused != "" || said != "read" {
		if refused == "" || said == "read" {
			out = append(out, disagreement{f, "", "file", or(refused, "read"), said, nil})
		}
		return out
	}
	for _, id := range slices.Sorted(maps.Keys(union(theirs, ours))) {
		p, k := theirs[id], ours[id]
		if p == nil || k == nil {
			out = append(out, disagreement{f, id, "process", cmp.Or(p["name"], "none"), cmp.Or(k["name"], "none"), k})
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(union(p, k))) {
			pv, inP := p[field]
			kv, inK := k[field]
			if !inP {
				pv = "none"
			}
			if !inK {
				kv = "none"
			}
			if pv != kv {
				out = append(out, disagreement{f, id, field, pv, kv, k})
			}
		}
	}
	return out
}

func union[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return all
}

// peerWorld is the environment that both read the files in: programs that do nothing, and nothing of this machine's.
func peerWorld(t *testing.T, dir string) map[string]string {
	t.Helper()
	bin := filepath.Join(dir, "bin")
	for _, name := range strings.Fields("node bash sh python python3 ruby php perl bun npm npx yarn ts-node sleep") {
		write(t, bin, name, "#!/bin/sh\n")
	}
	write(t, bin, "program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	return map[string]string{"PATH": bin, "HOME": filepath.Join(dir, "home"), "USER": "ada", "TZ": "UTC", "SECRET_KEY": "s", "LANG": "C", "BASE": "4000",
		"PM2_HOME": filepath.Join(dir, ".pm2"), "PM2_CONCURRENT_ACTIONS": "1", "PM2_DISABLE_VERSION_CHECK": "true"}
}

func write(t *testing.T, dir string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// absent are the scripts of a file of the real corpus, which has none beside it. pm2 does not start what it cannot see.
func absent(f pm2File, s *spec.Spec) (out []string) {
	if !strings.HasPrefix(f.name, "corpus/") {
		return nil
	}
	for _, p := range s.Processes {
		for _, word := range p.Command {
			if filepath.IsAbs(word) && !isFile(word) {
				out = append(out, word)
			}
		}
	}
	return out
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// pm2Corpus is the process files of others, and our own.
func pm2Corpus(t *testing.T) []pm2File {
	t.Helper()
	paths, err := filepath.Glob("testdata/corpus/ecosystem/*")
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d files in the corpus: %v", len(paths), err)
	}
	var out []pm2File
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Base(path)
		f := pm2File{name: "corpus/" + base, file: base[strings.LastIndex(base, "__")+2:], text: string(b)}
		out = append(out, f)
		f.name, f.profile = f.name+" for production", "production"
		out = append(out, f)
	}
	for _, f := range ownFiles {
		if os.Geteuid() == 0 || !strings.HasPrefix(f.name, asRoot) {
			out = append(out, f)
		}
	}
	return out
}

// asRoot begins the names of files that pm2 refuses to anybody else.
const asRoot = "a user"
