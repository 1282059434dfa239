package spec_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"kitt.sh/spec"
)

// seeds are the golden files of a name, to start from.
func seeds(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			if b, err := os.ReadFile(file); err == nil {
				f.Add(string(b))
			}
		}
	}
}

// anything is true of whatever is read: no crash, a place for each complaint, names and commands that are
// sound where there is none, and the same answer after a journey as JSON.
func anything(t *testing.T, name, text string) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := spec.Load(context.Background(), spec.Request{Path: filepath.Join(dir, name), Cwd: dir, Env: map[string]string{"HOME": "/h"}}, nil)
	list := complaints(t, err)
	checkComplaints(t, list)
	if len(list) > 0 {
		return
	}
	names := map[string]bool{}
	for _, p := range s.Processes {
		if p.Name == "" || names[p.Name] || len(p.Command) == 0 || !filepath.IsAbs(p.Cwd) || p.Instances < 0 {
			t.Errorf("an unsound process: %+v", p)
		}
		names[p.Name] = true
	}
	b, err := json.Marshal(s)
	var back spec.Spec
	if err != nil || json.Unmarshal(b, &back) != nil {
		t.Errorf("no JSON of it: %v", err)
	}
}

func FuzzProcfile(f *testing.F) {
	seeds(f, "testdata/golden/*/Procfile", "testdata/corpus/procfile/*")
	f.Fuzz(func(t *testing.T, text string) { anything(t, "Procfile", text) })
}

func FuzzDotenv(f *testing.F) {
	seeds(f, "testdata/golden/*/*.env")
	f.Add("A='b' # c\nexport D: \"e\\nf\"\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		for name, text := range map[string]string{".env": text, "Procfile": "web: x\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, err := spec.Load(context.Background(), spec.Request{Path: dir}, nil)
		checkComplaints(t, complaints(t, err))
	})
}

func FuzzHCL(f *testing.F) {
	seeds(f, "testdata/golden/*/kitt.hcl")
	f.Fuzz(func(t *testing.T, text string) { anything(t, "kitt.hcl", text) })
}

func FuzzHCLJSON(f *testing.F) {
	seeds(f, "testdata/golden/*/kitt.hcl.json")
	f.Fuzz(func(t *testing.T, text string) { anything(t, "kitt.hcl.json", text) })
}

func FuzzJSON(f *testing.F) {
	seeds(f, "testdata/golden/*/*.json", "testdata/corpus/ecosystem/*.json")
	f.Fuzz(func(t *testing.T, text string) { anything(t, "ecosystem.json", text) })
}

func FuzzYAML(f *testing.F) {
	seeds(f, "testdata/golden/*/*.yml", "testdata/corpus/ecosystem/*.yml")
	f.Fuzz(func(t *testing.T, text string) { anything(t, "ecosystem.yml", text) })
}
