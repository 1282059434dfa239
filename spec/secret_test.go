package spec_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kitt.sh/spec"
)

// TestNoComplaintQuotesAValueOfTheEnvironment: what is wrong with a file is kept as an event, and a value may be a
// secret. The line itself is handed over apart, for those who may see it.
func TestNoComplaintQuotesAValueOfTheEnvironment(t *testing.T) {
	const s = "swordfish99"
	for _, row := range []struct{ file, text string }{
		{"kitt.hcl", "process \"a\" {\n  command = \"x\"\n  env = \"" + s + "\"\n}\n"},
		{"kitt.hcl", "process \"a\" {\n  command = \"x\"\n  env = { A = \"" + s + "\n}\n"},
		{"kitt.hcl", "process \"a\" {\n  command = \"x\"\n  env = { A = \"" + s + "\" B = 1 }\n}\n"},
		{"kitt.hcl", "process \"a\" {\n  command = \"x\"\n  env = { \"\" = \"" + s + "\" }\n}\n"},
		{"kitt.hcl", "process \"a\" {\n  command = \"x\"\n  env = { A = upper(\"" + s + "\", 1) }\n}\n"},
		{"kitt.hcl", "process \"a\" {\n  command = \"x\"\n  env = { A = jsondecode(\"" + s + "\") }\n}\n"},
		{"kitt.hcl", "process \"a\" {\n  command = \"x\"\n  env = { A = \"" + s + "\".b }\n}\n"},
		{"kitt.hcl.json", `{"process": {"a": {"command": "x", "env": "` + s + `"}}}`},
		{"kitt.hcl.json", `{"process": {"a": {"command": "x", "env": {"A": "` + s + `}}}`},
		{"ecosystem.json", `{"apps": [{"name": "a", "script": "x", "env": "` + s + `"}]}`},
		{"ecosystem.json", `{"apps": [{"name": "a", "script": "x", "env": {"A": "` + s + `}]}`},
		{"ecosystem.json", `{"apps": [{"name": "a", "script": "x", "env": {"A": "` + s + `\u0000"}}]}`},
		{"ecosystem.yml", "apps:\n  - name: a\n    script: x\n    env: " + s + "\n"},
		{"ecosystem.yml", "apps:\n  - name: a\n    script: x\n    env:\n      A: \"" + s + "\n"},
		{"ecosystem.yml", "apps:\n  - name: a\n    script: x\n    env:\n      A: *" + s + "\n"},
		{"ecosystem.yml", "apps:\n  - name: a\n    script: x\n    env:\n      A: !!int " + s + "\n"},
		{"ecosystem.yml", "apps:\n  - name: a\n    script: x\n    env:\n     A: " + s + "\n    " + s + "\n"},
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, row.file)
		if err := os.WriteFile(file, []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := spec.Load(context.Background(), spec.Request{Path: file, Cwd: dir}, nil)
		for _, c := range complaints(t, err) {
			if strings.Contains(c.Text+c.Hint, s) {
				t.Errorf("%s\n%s%s (%s)", row.text, c.Text, c.Hint, row.file)
			}
		}
	}
}
