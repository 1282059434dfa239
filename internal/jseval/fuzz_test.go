package jseval

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// FuzzJS: any text as a config file gives a value or an error, and both can be written as JSON.
func FuzzJS(f *testing.F) {
	for _, s := range []string{"module.exports = {apps: [{name: 'a', script: 'x'}]}", "export default () => ({apps: []})", "throw {toString() { throw 1 }}",
		"module.exports = {get apps() { throw new Error('x') }}", "const a = {}; a.a = a; module.exports = a", "module.exports = new Proxy({}, {ownKeys() { return ['x'] }})",
		"Object.prototype.toJSON = () => { throw 1 }; module.exports = {}", "module.exports = Promise.reject(null)", "JSON.stringify = null; module.exports = 1n", "\x00\xff", "#!/usr/bin/env node\nmodule.exports = []",
		"require('./config.cjs')", "process.exit(1)", "globalThis.__kitt = null; module.exports = {}", "setTimeout(() => { throw 1 }, 0)"} {
		f.Add(s)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"x.config.cjs", "x.config.mjs"} {
			file := filepath.Join(dir, name)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			got := evaluate(Request{File: file, Cwd: dir, Env: map[string]string{"A": "b"}})
			b, err := json.Marshal(got)
			if err != nil || got.Error == nil && !json.Valid(got.Value) {
				t.Fatalf("%q: %s, %v", text, b, err)
			}
		}
	})
}
