package jseval

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withNode evaluates a file with the real node on its PATH.
func withNode(t *testing.T, dir, name string) (Result, error) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on the PATH")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Run(context.Background(), exe, Request{File: filepath.Join(dir, name), Cwd: dir,
		Env: map[string]string{"HOME": "/home/me", "WHO": "you", "PATH": filepath.Dir(node) + ":/usr/bin:/bin"}, Profile: "staging"})
}

func TestNodeTakesWhatOnlyNodeHas(t *testing.T) {
	for _, test := range []struct{ name, file, text, want, needs string }{
		{"a program that it starts", "e.config.js", `module.exports = [require('child_process').execSync('echo hi').toString().trim(), process.env.WHO]`, `["hi","you"]`, "the module child_process"},
		{"a program that it tries to start", "e.config.js", `let v = 'none'; try { v = String(require('child_process').execFileSync('echo', ['hi'])) } catch {} module.exports = [v]`, `["hi\n"]`, "the module child_process"},
		{"a module of Node's own", "e.config.mjs", `import { createHash } from 'node:crypto'; export const apps = [createHash('sha1').update('').digest('hex').slice(0, 4)]`, `{"apps":["da39"]}`, "the module node:crypto"},
		{"one that it tries", "e.config.js", `let c; try { c = require('crypto') } catch {} module.exports = [c ? 1 : 2]`, `[1]`, "the module crypto"},
		{"a name that any file knows", "e.config.js", `module.exports = async ({ env }) => [Buffer.from('a').toString('hex'), env, __dirname === process.cwd(), process.argv.slice(2).length]`, `["61","staging",true,4]`, "Buffer"},
		{"in JavaScript that is called JSON", "e.json", `{ a: Buffer.from('a').length, }`, `{"a":1}`, "Buffer"},
		{"a package that needs it", "e.config.js", `module.exports = require('p')`, `["c"]`, "the module events"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, test.file, test.text, "node_modules/p/package.json", `{"exports":{".":"./x.js"}}`, "node_modules/p/index.js", `module.exports = require('./x')`, "node_modules/p/x.js", `require('events'); module.exports = ['c']`)
			got, err := withNode(t, dir, test.file)
			if err != nil {
				t.Fatal(err)
			}
			if !sameJSON(t, got.Value, []byte(test.want)) || got.Needs != test.needs || got.Node == "" {
				t.Errorf("got %s by %q for %q, want %s for %q", got.Value, got.Node, got.Needs, test.want, test.needs)
			}
			if !slices.Contains(got.Reads, filepath.Join(dir, test.file)) {
				t.Errorf("reads %q", got.Reads)
			}
			if want := "it uses " + test.needs + ", which only Node has: it was evaluated by "; !strings.HasPrefix(got.Note(), want) {
				t.Errorf("note %q", got.Note())
			}
		})
	}
}

func TestWhatNeedsNoNodeNeverSeesIt(t *testing.T) {
	got, err := withNode(t, files(t, "e.config.js", `module.exports = [require('path').sep, typeof Buffer]`), "e.config.js")
	if err != nil || got.Node != "" || string(got.Value) != `["/","undefined"]` || got.Note() != "" {
		t.Errorf("%s by %q, %v, %q", got.Value, got.Node, err, got.Note())
	}
}

func TestWithoutNodeWhatItDoesWithoutIsTaken(t *testing.T) {
	dir := files(t, "e.config.js", `let v = 'none'; try { v = String(require('child_process').execSync('echo hi')) } catch {} module.exports = [v]`)
	got, err := run(t, dir, "e.config.js")
	if err != nil || string(got.Value) != `["none"]` || !strings.Contains(got.Note(), "there is no node on the PATH: what it does without is taken") {
		t.Errorf("%s, %v, %q", got.Value, err, got.Note())
	}
}

func TestFaultsInNode(t *testing.T) {
	for _, test := range []struct{ name, text, message, at string }{
		{"what is thrown has its place", "require('child_process').execSync('true');\n\n  nope();\n", "evaluate e.config.js: ReferenceError: nope is not defined", "e.config.js:3:3"},
		{"in a file that is required too", "require('child_process').execSync('true');\nrequire('./b')", "SyntaxError: Unexpected token", "b.js:2:0"},
		{"a program that fails", "\nrequire('child_process').execSync('exit 3')", "Error: Command failed: exit 3", "e.config.js:2:26"},
		{"process.exit", "require('child_process').execSync('true'); process.exit(0)", "process.exit(0) in a config file", "e.config.js:1:52"},
		{"a promise that is never settled", "require('child_process').execSync('true'); module.exports = new Promise(() => {})", "never settled", "e.config.js:0:0"},
		{"a package that is nowhere", "require('left-pad')", "Cannot find module 'left-pad'", "e.config.js:1:1"},
		{"a loop without end", "require('child_process').execSync('true'); for (;;) {}", "still running after 3 s", "e.config.js:0:0"},
		{"a list that takes all memory", "require('child_process').execSync('true'); const a = []; for (;;) a.push('x'.repeat(1000) + a.length)", "used more than 128 MB | still running after 3 s", "e.config.js:0:0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := files(t, "e.config.js", test.text, "b.js", "\n)")
			_, err := withNode(t, dir, "e.config.js")
			var wrong *Error
			if !errors.As(err, &wrong) || !containsAny(err.Error(), strings.Split(test.message, " | ")) {
				t.Fatalf("got %v, want %q in it", err, test.message)
			}
			if at := filepath.Base(wrong.File) + ":" + itoa(wrong.Line) + ":" + itoa(wrong.Col); at != test.at {
				t.Errorf("at %s, want %s", at, test.at)
			}
		})
	}
}
