package jseval

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// The test binary is the child, as kitt is.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "internal" && os.Args[2] == "eval" {
		work /= 2 // half a dozen files never end
		os.Exit(Main(os.Args[3:], os.Stdin, os.Stdout))
	}
	childEnv = []string{"GORACE=atexit_sleep_ms=0"} // raced, it would sleep for a second before it ends
	work /= 3                                       // node's loops are counted here
	os.Exit(m.Run())
}

// files writes a folder of name, text, name, text… and gives its path.
func files(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "KITT V1") // a space, as people have them
	for i := 0; i < len(pairs); i += 2 {
		path := filepath.Join(dir, pairs[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(pairs[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func run(t *testing.T, dir, name string) (Result, error) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Run(context.Background(), exe, Request{File: filepath.Join(dir, name), Cwd: dir,
		Env: map[string]string{"HOME": "/home/me", "WHO": "you"}, Profile: "staging"})
}

var values = []struct {
	name string
	want string // JSON; DIR stands for the folder
	file string
	text string
	more []string
}{
	{"module.exports is taken as it is", `{"apps":[{"name":"a"}]}`, "e.config.js", `module.exports = { apps: [{ name: 'a' }] }`, nil},
	{"exports too", `{"apps":[1]}`, "e.config.js", `exports.apps = [1]`, nil},
	{"process.env is the one given", `["you",null,"/home/me"]`, "e.config.js", `module.exports = [process.env.WHO, process.env.NOPE || null, process.env.HOME]`, nil},
	{"the file knows where it lies", `["DIR","DIR/e.config.js","DIR/logs/x.log"]`, "e.config.js",
		`const path = require('path'); module.exports = [__dirname, __filename, path.join(__dirname, 'logs', 'x.log')]`, nil},
	{"require reads JSON and files beside it", `["1.2.3",{"b":2}]`, "e.config.js",
		`module.exports = [require('./package.json').version, require('./lib/b')]`, []string{"package.json", `{"version":"1.2.3"}`, "lib/b.js", `exports.b = 2`}},
	{"a folder in node_modules is found", `"hi"`, "e.config.js", `module.exports = { default: require('greet')('hi') }`,
		[]string{"node_modules/greet/package.json", `{"main":"lib/m"}`, "node_modules/greet/lib/m.js", `module.exports = (x) => x`}},
	{"sloppy code is taken", `{"a":1}`, "e.config.js", "x = 1; with ({ y: 1 }) { module.exports = { a: y } }", nil},
	{"functions and undefined vanish as in JSON", `{"a":1}`, "e.config.js", `module.exports = { a: 1, b: undefined, c() {} }`, nil},
	{"a function is called", `{"apps":[3]}`, "e.config.js", `module.exports = () => ({ apps: [3] })`, nil},
	{"a promise is awaited, without waiting for its timers", `[7]`, "e.config.js", `module.exports = new Promise((ok) => setTimeout(() => ok([7]), 60000))`, nil},
	{"an async function too", `[8]`, "e.config.js", `module.exports = async () => [8]`, nil},
	{"an ES module exports by name", `{"apps":[{"name":"m"}]}`, "e.config.mjs", `export const apps = [{ name: 'm' }]`, nil},
	{"an ES module exports a default", `{"apps":["DIR","DIR/e.config.mjs"]}`, "e.config.mjs",
		`import { fileURLToPath } from 'node:url'; import path from 'path';
		const here = fileURLToPath(import.meta.url); export default { apps: [path.dirname(here), import.meta.filename] }`, nil},
	{"an ES module in a .js file is seen as one", `[1,"you"]`, "e.config.js", "import { env } from 'process'\nexport default [1, env.WHO]", nil},
	{"import reads JSON, CommonJS and modules", `[1,2,3,2]`, "e.config.mjs",
		`import j from './j.json' with { type: 'json' }; import c, { two } from './c.cjs'; import { three } from './m.mjs';
		export default [j.one, c.two, three, two]`, []string{"j.json", `{"one":1}`, "c.cjs", `exports.two = 2`, "m.mjs", `export const three = 3`}},
	{"top-level await works", `[5]`, "e.config.mjs", `const x = await Promise.resolve(5); export default [x]`, nil},
	{"import() works in CommonJS", `[3]`, "e.config.cjs", `module.exports = import('./m.mjs').then((m) => [m.three])`, []string{"m.mjs", `export const three = 3`}},
	{"createRequire works", `[9]`, "e.config.mjs", `import { createRequire } from 'module'; const require = createRequire(import.meta.url); export default [require('./n.json')]`, []string{"n.json", "9"}},
	{"new URL beside the module works", `["DIR/"]`, "e.config.mjs", `export default [decodeURIComponent(new URL('.', import.meta.url).pathname)]`, nil},
	{"dotenv reads .env and keeps what is set", `["x y","you"]`, "e.config.js", `require('dotenv').config(); module.exports = [process.env.A, process.env.WHO]`, []string{".env", "A=\"x y\" # c\nWHO=me\n"}},
	{"dotenv.parse works on fs.readFileSync", `{"A":"1"}`, "e.config.js", `module.exports = require('dotenv').parse(require('fs').readFileSync(__dirname + '/.env'))`, []string{".env", "A=1"}},
	{"fs tells what is there", `[true,false,"ENOENT"]`, "e.config.js", `const fs = require('fs'); let code; try { fs.readFileSync('nope') } catch (e) { code = e.code }
		module.exports = [fs.existsSync('./e.config.js'), fs.existsSync('./nope'), code]`, nil},
	{"a .json file is JavaScript", `{"apps":[{"name":"a","n":3}]}`, "ecosystem.json", "{ // yes\n apps: [{ name: 'a', n: 1 + 2, }], }", nil},
	{"a BOM and a #! line are skipped", `[1]`, "e.config.js", "\ufeff#!/usr/bin/env node\nmodule.exports = [1]", nil},
	{"the profile is in argv, as pm2 is called", `true`, "e.config.js", `module.exports = { default: process.argv.includes('staging') }`, nil},
	{"an export named default inside CommonJS counts", `{"apps":[]}`, "e.config.js", `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { apps: [] }`, nil},
}

func TestValues(t *testing.T) {
	for _, test := range values {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, append([]string{test.file, test.text}, test.more...)...)
			got, err := run(t, dir, test.file)
			if err != nil {
				t.Fatalf("%v\n%+v", err, got.Error)
			}
			want := strings.ReplaceAll(test.want, "DIR", dir)
			if !sameJSON(t, got.Value, []byte(want)) {
				t.Errorf("got %s, want %s", got.Value, want)
			}
			if !slices.Contains(got.Reads, filepath.Join(dir, test.file)) {
				t.Errorf("reads %q lack the file itself", got.Reads)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatalf("%v: %s", err, a)
	}
	return reflect.DeepEqual(x, y)
}

var faults = []struct {
	name      string
	file      string
	text      string
	message   string // a part of it
	at        string // file:line:col
	hint      bool
	otherwise []string
}{
	{"a loop without end", "e.config.js", "for (;;) {}", "evaluate e.config.js: still running after 3 s", "e.config.js:0:0", true, nil},
	{"a chain of promises without end", "e.config.js", "module.exports = (async () => { for (;;) await null })()", "still running after 3 s", "e.config.js:0:0", true, nil},
	{"an interval that nothing ends", "e.config.js", "module.exports = new Promise(() => setInterval(() => {}, 1))", "still running after 3 s", "e.config.js:0:0", true, nil},
	{"a regexp that never ends", "e.config.js", "module.exports = /^(a+)+$/.test('a'.repeat(60) + '!')", "still running after 3 s", "e.config.js:0:0", true, nil},
	{"a list that takes all memory", "e.config.js", "const a = []; for (;;) a.push('x'.repeat(1000) + a.length)", "used more than 128 MB | still running after 3 s", "", true, nil},
	{"a string that takes all memory", "e.config.js", "let s = 'x'; for (;;) s += s", "", "", false, nil},
	{"a recursion without end", "e.config.js", "function f() { return f() + 1 }\nf()", "stack overflow", "", true, nil},
	{"a getter without end", "e.config.js", "module.exports = { get a() { for (;;); } }", "still running after 3 s", "e.config.js:0:0", true, nil},
	{"a syntax error has its place", "e.config.js", "module.exports = {\n  apps: [\n    { name: 'a' },,\n  }\n", "SyntaxError", "e.config.js:4:3", false, nil},
	{"on the first line too", "e.config.js", "const a = ;", "SyntaxError", "e.config.js:1:11", false, nil},
	{"in an ES module too", "e.config.mjs", "export default { a: , }", "SyntaxError", "e.config.mjs:1:21", false, nil},
	{"in JavaScript that is called JSON", "ecosystem.json", "{ a: 1,\n b: }", "SyntaxError", "ecosystem.json:2:5", false, nil},
	{"a name that is not there", "e.config.js", "\n\nconst x = 1;\n  nope();\n", "ReferenceError: 'nope' is not defined", "e.config.js:4:3", false, nil},
	{"in a file that is required", "e.config.js", "require('./b')", "'nope' is not defined", "b.js:2:3", false, []string{"b.js", "\n  nope()"}},
	{"in a required JSON file it is named", "e.config.js", "\n require('./b.json')", "SyntaxError", "", false, []string{"b.json", "{a"}},
	{"what is thrown is said", "e.config.js", "throw 'no luck'", "it throws no luck", "e.config.js:0:0", false, nil},
	{"an error that is thrown is said", "e.config.js", "\nthrow new Error('no luck')", "Error: no luck", "e.config.js:2:16", false, nil},
	{"a module that needs Node", "e.config.js", "\nconst c = require('left-pad')", "it uses the package left-pad, which only Node has, and there is no node on the PATH", "e.config.js:2:18", true, nil},
	{"a module of Node's own", "e.config.js", "\nrequire('node:http').createServer()", "it uses the module node:http, which only Node has", "e.config.js:2:8", true, nil},
	{"a name that Node alone knows", "e.config.js", "module.exports = [Buffer.from('a')]", "it uses Buffer, which only Node has", "e.config.js:1:19", true, nil},
	{"a file that is not beside it", "e.config.js", "\nrequire('./b')", "Cannot find module", "e.config.js:2:8", true, nil},
	{"a program is not started", "e.config.js", "require('child_process').execSync('touch /tmp/x')", "it uses the module child_process, which only Node has, and there is no node on the PATH", "e.config.js:1:34", true, nil},
	{"nothing is written", "e.config.js", "require('fs').writeFileSync('x', 'y')", "fs.writeFileSync is not available", "e.config.js:1:28", true, nil},
	{"a promise that is never settled", "e.config.js", "module.exports = new Promise(() => {})", "never settled", "e.config.js:0:0", false, nil},
	{"an export that is nothing", "e.config.js", "module.exports = undefined", "what it exports is no object", "", false, nil},
	{"a file that is not there", "nope/../missing.config.js", "", "no such file", "", false, nil},
	{"process.exit", "e.config.js", "\nprocess.exit(3)", "process.exit(3) in a config file", "e.config.js:2:13", false, nil},
}

func TestFaults(t *testing.T) {
	for _, test := range faults {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, append([]string{"e.config.js", ""}, test.otherwise...)...)
			if !strings.HasPrefix(test.file, "nope") {
				dir = files(t, append([]string{test.file, test.text}, test.otherwise...)...)
			}
			begun := time.Now()
			_, err := run(t, dir, filepath.Clean(test.file))
			var wrong *Error
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !containsAny(err.Error(), strings.Split(test.message, " | ")) {
				t.Errorf("got %q, want %q in it", err, test.message)
			}
			base := filepath.Base(wrong.File) + ":" + itoa(wrong.Line) + ":" + itoa(wrong.Col)
			if test.at != "" && base != test.at {
				t.Errorf("at %s, want %s\n%s", base, test.at, wrong.Stack)
			}
			if (wrong.Hint != "") != test.hint && test.message != "" {
				t.Errorf("hint %q", wrong.Hint)
			}
			if spent := time.Since(begun); spent > 2*wall {
				t.Errorf("it took %s", spent)
			}
		})
	}
}

// containsAny: on a slow machine, one limit may be met before the other.
func containsAny(text string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestReadsNameWhatAnEditWouldTouch(t *testing.T) {
	dir := files(t, "e.config.js", `require('dotenv').config({ path: __dirname + '/none.env' }); require('fs').existsSync(__dirname + '/flag');
		module.exports = require('./lib')`, "lib/index.js", `module.exports = require('../v.json')`, "v.json", "[1]")
	got, err := run(t, dir, "e.config.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"e.config.js", "lib/index.js", "v.json", "none.env", "flag"} {
		if !slices.Contains(got.Reads, filepath.Join(dir, name)) {
			t.Errorf("reads lack %s: %q", name, got.Reads)
		}
	}
}

func TestConsoleIsNotStdout(t *testing.T) {
	dir := files(t, "e.config.js", `console.log('a %s', 1, { b: 2 }); console.error(new Error('x').message); process.stdout.write('raw\n'); module.exports = [1]`)
	got, err := run(t, dir, "e.config.js")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{`a 1 {"b":2}`, "x", "raw"}; !slices.Equal(got.Console, want) {
		t.Errorf("got %q, want %q", got.Console, want)
	}
}

func TestTheCallerCanGiveUp(t *testing.T) {
	dir := files(t, "e.config.js", "for (;;);")
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	exe, _ := os.Executable()
	_, err := Run(ctx, exe, Request{File: filepath.Join(dir, "e.config.js"), Cwd: dir})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A child that does not even notice the time is killed from outside.
func TestAChildThatHangsIsKilled(t *testing.T) { // not parallel: the others need their time
	defer func(was time.Duration) { wall = was }(wall)
	wall = 200 * time.Millisecond
	dir := files(t, "kitt", "#!/bin/sh\nexec sleep 60\n")
	if err := os.Chmod(filepath.Join(dir, "kitt"), 0o755); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	_, err := Run(context.Background(), filepath.Join(dir, "kitt"), Request{File: "/x/e.config.js", Cwd: dir})
	if err == nil || !strings.Contains(err.Error(), "still running after 3 s") || time.Since(begun) > 20*time.Second {
		t.Errorf("got %v after %s", err, time.Since(begun))
	}
}

func TestAChildThatDiesIsSaid(t *testing.T) {
	dir := files(t, "kitt", "#!/bin/sh\necho oh no >&2\nexit 3\n")
	if err := os.Chmod(filepath.Join(dir, "kitt"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := Run(context.Background(), filepath.Join(dir, "kitt"), Request{File: "/x/e.config.js", Cwd: dir})
	var wrong *Error
	if err == nil || errors.As(err, &wrong) || !strings.Contains(err.Error(), "oh no") {
		t.Errorf("got %v", err)
	}
}

// Every value above is what Node gives for the same file, where Node can load it at all.
func TestNodeAgrees(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on this machine to compare with")
	}
	const script = `import(process.argv[1]).then(async (ns) => { let v = 'default' in ns && !('apps' in ns) ? ns.default : { ...ns, default: undefined };
		for (let i = 0; i < 9; i++) { if (typeof v === 'function') v = v({}); else if (v && typeof v.then === 'function') v = await v; else if (v && v.default !== undefined && v.apps === undefined) v = v.default; }
		process.stdout.write('\n==' + JSON.stringify(v)) })`
	for _, test := range values {
		switch {
		case strings.Contains(test.text, "dotenv"), strings.Contains(test.text, "60000"), strings.Contains(test.text, "argv"), strings.HasSuffix(test.file, ".json"):
			continue // needs npm, a minute, pm2 as caller, or pm2's reading of JSON
		case strings.Contains(test.text, "import.meta.filename"), strings.HasPrefix(test.text, "import"), strings.Contains(test.text, "\ufeff#!"):
			continue // newer than Node 20, or clearer than package.json
		}
		t.Run(test.name, func(t *testing.T) {
			dir := files(t, append([]string{test.file, test.text}, test.more...)...)
			got, err := run(t, dir, test.file)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(node, "--input-type=module", "-e", script, filepath.Join(dir, test.file))
			cmd.Dir = dir
			cmd.Env = []string{"HOME=/home/me", "WHO=you"}
			out, err := cmd.Output()
			_, value, _ := strings.Cut(string(out), "\n==")
			if err != nil || value == "" {
				t.Fatalf("node: %v %s", err, out)
			}
			if !sameJSON(t, got.Value, []byte(value)) {
				t.Errorf("kitt %s, node %s", got.Value, value)
			}
		})
	}
}
