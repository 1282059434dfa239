package spec_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"kitt.sh/spec"
)

// folder writes name, text, name, text… into a folder with a space in its name.
func folder(t testing.TB, pairs ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "KITT V1")
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// load reads the spec in dir; what is wrong comes as lines.
func load(t testing.TB, req spec.Request) (*spec.Spec, []string) {
	t.Helper()
	s, err := spec.Load(context.Background(), req, eval)
	if s == nil {
		t.Fatal("Load gave no Spec")
	}
	var said []string
	for _, c := range complaints(t, err) {
		said = append(said, c.Error())
	}
	return s, said
}

func process(t testing.TB, s *spec.Spec, name string) spec.Process {
	t.Helper()
	i := slices.IndexFunc(s.Processes, func(p spec.Process) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("no process %q", name)
	}
	return s.Processes[i]
}

func TestPortsOfAProcfile(t *testing.T) {
	for _, test := range []struct {
		name string
		file string // .env
		req  spec.Request
		want string
	}{
		{"start at 5000", "", spec.Request{}, "5000"},
		{"at PORT of the environment", "", spec.Request{Env: map[string]string{"PORT": "6000"}}, "6000"},
		{"rather at PORT of .env", "PORT=7000", spec.Request{Env: map[string]string{"PORT": "6000"}}, "7000"},
		{"rather at the flag", "PORT=7000", spec.Request{Port: 8000}, "8000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if runtime.GOOS == "darwin" && test.want == "5000" {
				t.Skip("AirPlay listens there: linePort has a test of its own")
			}
			dir := folder(t, "Procfile", "a: x\nb: y\n", ".env", test.file)
			test.req.Path, test.req.Cwd = dir, "/"
			s, said := load(t, test.req)
			if said != nil {
				t.Fatal(said)
			}
			if _, _, env := process(t, s, "a").For(1); env["PORT"] != test.want {
				t.Errorf("got %s, want %s", env["PORT"], test.want)
			}
			_, _, first := process(t, s, "b").For(1)
			_, _, second := process(t, s, "b").For(2)
			if first["PORT"] != test.want[:1]+"100" || second["PORT"] != test.want[:1]+"101" {
				t.Errorf("the second process has %s and %s", first["PORT"], second["PORT"])
			}
		})
	}
}

func TestFormation(t *testing.T) {
	dir := folder(t, "Procfile", "release: r\nweb: x\nworker: y\n")
	s, said := load(t, spec.Request{Path: dir, Formation: map[string]int{"all": 2, "worker": 0}})
	if said != nil {
		t.Fatal(said)
	}
	for name, want := range map[string]int{"release": 1, "web": 2, "worker": 0} {
		if got := process(t, s, name).Instances; got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if _, said := load(t, spec.Request{Path: dir, Formation: map[string]int{"wep": 2}}); len(said) != 1 || !strings.Contains(said[0], "wep=2") {
		t.Errorf("got %q", said)
	}
}

func TestFlagsOfAProcfileMeanNothingElsewhere(t *testing.T) {
	dir := folder(t, "kitt.hcl", "process \"web\" {\n command = \"x\"\n}\n", "e.json", `{"apps":[{"name":"web","script":"./x"}]}`, "x", "",
		"both.hcl", "procfile = \"Procfile\"\nprocess \"db\" {\n command = \"x\"\n}\n", "Procfile", "web: x\n")
	for _, row := range []struct {
		name, file string
		req        spec.Request
		want       string
	}{
		{"a formation of an HCL file", "kitt.hcl", spec.Request{Formation: map[string]int{"web": 2}}, "--formation web=2 is for the processes of a Procfile"},
		{"a formation of an ecosystem file", "e.json", spec.Request{Formation: map[string]int{"all": 2}}, "--formation all=2 is for"},
		{"a port of an HCL file", "kitt.hcl", spec.Request{Port: 3000}, "--port 3000 is for"},
		{"an HCL file that has a Procfile", "both.hcl", spec.Request{Formation: map[string]int{"web": 2}, Port: 3000}, ""},
		{"of which another process is meant", "both.hcl", spec.Request{Formation: map[string]int{"db": 2}}, "formation db=2: no such process"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.req.Path = filepath.Join(dir, row.file)
			_, said := load(t, row.req)
			if got := strings.Join(said, "; "); len(said) > 1 || (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
				t.Errorf("said %q, want %q", said, row.want)
			}
		})
	}
}

func TestFilesThatAreNoSpec(t *testing.T) {
	dir := folder(t, "empty/x", "", "notes.txt", "hello\n", "procs", "web: x\n# y\n", "Procfile.empty", "# nothing\n", "e.hcl", "", "e.json", "",
		"e.yml", "# x\n", "nul.hcl", "a\x00b", "bad.yml", "apps:\n  - a: [\n", "e.config.js", "module.exports = 5", "tags.json", `{"a": 1}`, "Procfile", "ok: y\n")
	for _, test := range []struct{ name, path, want string }{
		{"one that is not there", "none.hcl", "no such file"},
		{"a folder without one", "empty", "no spec file in this folder"},
		{"text of another kind", "notes.txt", "notes.txt:1: notes.txt: neither its name nor its text"},
		{"an empty Procfile", "Procfile.empty", "Procfile.empty:1: names no process"},
		{"an empty kitt.hcl: an editor may be writing it", "e.hcl", "e.hcl:1: the file is empty"},
		{"an empty JSON file", "e.json", "the file is empty"},
		{"an empty YAML file", "e.yml", "the file is empty"},
		{"a file that is not text", "nul.hcl", "nul.hcl:1: this is not a text file"},
		{"broken YAML, with its line", "bad.yml", "bad.yml:2: read YAML"},
		{"an export that is a number", "e.config.js", "no apps in it"},
		{"JSON of another kind", "tags.json", "no apps in it"},
		{"a device", "/dev/null", "not a regular file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, said := load(t, spec.Request{Path: test.path, Cwd: dir})
			if len(said) != 1 || !strings.Contains(said[0], test.want) {
				t.Errorf("got %q, want one with %q", said, test.want)
			}
			if test.path != "empty" && test.path != "none.hcl" && !filepath.IsAbs(test.path) && len(s.Reads) == 0 {
				t.Error("nobody can watch the file: Reads is empty")
			}
		})
	}
	if s, said := load(t, spec.Request{Path: "procs", Cwd: dir}); said != nil || len(s.Processes) != 1 {
		t.Errorf("a file of Procfile lines under any name: %q", said)
	}
	if s, said := load(t, spec.Request{Path: ".", Cwd: dir}); said != nil || s.File != filepath.Join(dir, "Procfile") || s.Project != "KITT V1" {
		t.Errorf("a folder: %s %q %q", s.File, s.Project, said)
	}
}

func TestReadsSurviveAnError(t *testing.T) {
	dir := folder(t, "kitt.hcl", "env_file = [\"a.env\", \"-b.env\"]\nprocess \"web\" {\n  command = file(\"cmd\")\n  cwd = 5 + \n}\n")
	s, said := load(t, spec.Request{Path: dir})
	if len(said) == 0 || !slices.Equal(s.Reads, []string{filepath.Join(dir, "kitt.hcl")}) {
		t.Errorf("a syntax error: %q %q", said, s.Reads)
	}
	dir = folder(t, "kitt.hcl", "env_file = [\"a.env\", \"-b.env\"]\nprocess \"web\" {\n  command = file(\"cmd\")\n  cwd = 5 + true\n}\n")
	s, said = load(t, spec.Request{Path: dir})
	if len(said) != 3 {
		t.Errorf("got %q", said)
	}
	for _, name := range []string{"a.env", "b.env", "cmd", "kitt.hcl"} {
		if !slices.Contains(s.Reads, filepath.Join(dir, name)) {
			t.Errorf("Reads lack %s: %q", name, s.Reads)
		}
	}
}

func TestEachCoversAScaledProcess(t *testing.T) {
	dir := folder(t, "kitt.hcl", "process \"web\" {\n  command = \"web ${instance.n}\"\n}\n")
	s, said := load(t, spec.Request{Path: dir, Scale: map[string]int{"web": 3}})
	if said != nil {
		t.Fatal(said)
	}
	p := process(t, s, "web")
	if command, _, _ := p.For(3); p.Instances != 1 || len(p.Each) != 3 || command[2] != "exec web 3" {
		t.Errorf("%d instances, %d covered, the third runs %q", p.Instances, len(p.Each), command)
	}
}

func TestRelativePathsOfAPm2File(t *testing.T) {
	for _, test := range []struct {
		name  string
		files []string
		app   string
		check func(t *testing.T, dir, called string, p spec.Process)
	}{
		{"without cwd it is the file's folder", nil, `script: 'a.js'`, func(t *testing.T, dir, called string, p spec.Process) {
			if p.Cwd != dir+"/conf" || p.Command[1] != dir+"/conf/a.js" {
				t.Errorf("%q in %q", p.Command, p.Cwd)
			}
		}},
		{"unless the script is only where apply was called", []string{"called/b.js", ""}, `script: 'b.js'`, func(t *testing.T, dir, called string, p spec.Process) {
			if p.Cwd != called || p.Command[1] != called+"/b.js" {
				t.Errorf("%q in %q", p.Command, p.Cwd)
			}
		}},
		{"a cwd is looked for beside the file first", []string{"conf/sub/x", "", "called/sub/x", ""}, `script: 'a.js', cwd: 'sub'`, func(t *testing.T, dir, called string, p spec.Process) {
			if p.Cwd != dir+"/conf/sub" {
				t.Errorf("cwd %q", p.Cwd)
			}
		}},
		{"then where apply was called", []string{"called/sub/x", ""}, `script: 'a.js', cwd: './sub'`, func(t *testing.T, dir, called string, p spec.Process) {
			if p.Cwd != called+"/sub" {
				t.Errorf("cwd %q", p.Cwd)
			}
		}},
		{"logs lie under the cwd, ~ is home", nil, `script: 'a.js', cwd: '/srv', out_file: 'o.log', error_file: '~/e.log', log_file: 'NULL'`, func(t *testing.T, dir, called string, p spec.Process) {
			if p.Log.Out != "/srv/o.log" || p.Log.Err != "/home/me/e.log" || p.Log.Combined != "" {
				t.Errorf("%+v", p.Log)
			}
		}},
		{"a program with its own first line is run by it", []string{"conf/run", "#!/bin/sh\n"}, `script: './run'`, func(t *testing.T, dir, called string, p spec.Process) {
			if !slices.Equal(p.Command, []string{dir + "/conf/run"}) {
				t.Errorf("%q", p.Command)
			}
		}},
		{"a file whose name has a space is a file", []string{"conf/my app.js", ""}, `script: './my app.js'`, func(t *testing.T, dir, called string, p spec.Process) {
			if !slices.Equal(p.Command, []string{"node", dir + "/conf/my app.js"}) {
				t.Errorf("%q", p.Command)
			}
		}},
		{"a program of the PATH stays a name", nil, `script: 'npm', args: 'run bridge:start'`, func(t *testing.T, dir, called string, p spec.Process) {
			if !slices.Equal(p.Command, []string{"npm", "run", "bridge:start"}) {
				t.Errorf("%q", p.Command)
			}
		}},
		{"the name is the script's without its end", nil, `script: './lib/a.b.js'`, func(t *testing.T, dir, called string, p spec.Process) {
			if p.Name != "a.b" {
				t.Errorf("%q", p.Name)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := folder(t, append([]string{"conf/e.config.js", "module.exports = [{ " + test.app + " }]", "called/x", ""}, test.files...)...)
			req := spec.Request{Path: "../conf/e.config.js", Cwd: dir + "/called", Env: map[string]string{"HOME": "/home/me", "PATH": "/usr/bin:/bin"}}
			s, said := load(t, req)
			if said != nil || len(s.Processes) != 1 {
				t.Fatalf("%q, %d processes", said, len(s.Processes))
			}
			test.check(t, dir, req.Cwd, s.Processes[0])
		})
	}
}

func TestComplaintsAboutJavaScriptHaveTheirLine(t *testing.T) {
	dir := folder(t, "ecosystem.config.js", "const wait = '3s';\nmodule.exports = {\n  apps: [\n    { name: 'a', script: 'a.js', kill_timeout: 5 },\n    { name: 'b', script: 'b.js',\n      kill_timeout: wait },\n  ],\n};\n",
		"loop.config.js", "for (;;);", "syntax.config.js", "module.exports = {\n  apps: [,\n", "lib.config.js", "require('./lib')", "lib.js", "\n  nope()")
	for file, want := range map[string]string{
		"ecosystem.config.js": `ecosystem.config.js:6:7: apps[1].kill_timeout: expected a number (milliseconds), got "3s"`,
		"loop.config.js":      "loop.config.js:1: evaluate loop.config.js: still running after 3 s",
		"syntax.config.js":    "evaluate syntax.config.js: SyntaxError",
		"lib.config.js":       "lib.js:2:3: evaluate lib.config.js: ReferenceError: 'nope' is not defined",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			_, said := load(t, spec.Request{Path: file, Cwd: dir})
			if len(said) != 1 || !strings.Contains(said[0], want) {
				t.Errorf("got %q, want %q", said, want)
			}
		})
	}
}

var foreman = regexp.MustCompile(`^([A-Za-z0-9_-]+):\s*(.+)$`)

// Every Procfile of the corpus reads as foreman's regexp says; every pm2 file reads.
func TestRealFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/corpus/procfile/*")
	if err != nil || len(files) < 70 {
		t.Fatalf("%d Procfiles, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimPrefix(strings.ReplaceAll(string(b), "\r\n", "\n"), "\ufeff")
		want, twice := []string{}, 0
		for _, line := range strings.Split(text, "\n") {
			m := foreman.FindStringSubmatch(line)
			switch {
			case m == nil:
			case slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(w, m[1]+": ") }):
				twice++
			default:
				want = append(want, m[1]+": "+strings.TrimSpace(m[2]))
			}
		}
		abs, _ := filepath.Abs(file)
		dir := folder(t, "Procfile", string(b))
		s, said := load(t, spec.Request{Path: dir})
		got := []string{}
		for _, p := range s.Processes {
			got = append(got, p.Name+": "+strings.TrimPrefix(p.Command[2], "exec "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", abs, got, want)
		}
		if wrong := twice > 0 || len(want) == 0; wrong != (said != nil) {
			t.Errorf("%s: %q", abs, said)
		}
	}
	files, err = filepath.Glob("testdata/corpus/ecosystem/*")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d pm2 files, %v", len(files), err)
	}
	for _, file := range files {
		s, said := load(t, spec.Request{Path: file})
		if said != nil || len(s.Processes) == 0 {
			t.Errorf("%s: %d processes, %q", file, len(s.Processes), said)
		}
	}
}

// A Spec is sent between processes; nothing of it may be lost on the way.
func TestRoundTrip(t *testing.T) {
	dirs, _ := filepath.Glob("testdata/golden/*")
	for _, dir := range dirs {
		s, said := load(t, spec.Request{Path: dir, Env: map[string]string{"HOME": "/h"}})
		if said != nil {
			continue
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back spec.Spec
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(b) {
			t.Errorf("%s: %v\n%s\n%s", dir, err, b, again)
		}
		for i, p := range s.Processes {
			if changes := spec.Diff(p, back.Processes[i]); len(changes) > 0 || p.RunDigest(1) != back.Processes[i].RunDigest(1) {
				t.Errorf("%s: %s came back changed: %+v", dir, p.Name, changes)
			}
		}
	}
}

func TestTheSameRequestReadsTheSame(t *testing.T) {
	dirs, _ := filepath.Glob("testdata/golden/*")
	for _, dir := range dirs {
		req := spec.Request{Path: dir, Env: map[string]string{"HOME": "/h"}}
		first, said1 := load(t, req)
		second, said2 := load(t, req)
		if !reflect.DeepEqual(first, second) || !slices.Equal(said1, said2) {
			t.Errorf("%s reads differently twice", dir)
		}
	}
}
