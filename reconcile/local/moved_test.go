package local

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSuccessor(t *testing.T) {
	for _, row := range []struct {
		name, old, there, want string
	}{
		{"none", "v18.1.0", "", ""},
		{"the newest of the same major version", "v18.1.0", "v18.9.0 v18.10.1 v20.1.0 v16.0.0", "v18.10.1"},
		{"else the newest", "v18.1.0", "v9.9.9 v20.1.0 v16.0.0", "v20.1.0"},
		{"Homebrew's revisions count", "22.1.0", "22.1.0_1 22.0.9", "22.1.0_1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := successor(row.old, strings.Fields(row.there)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestAProgramThatMovedWithItsVersionIsFound(t *testing.T) {
	root := t.TempDir()
	versions := filepath.Join(root, ".nvm/versions/node")
	node := filepath.Join(versions, "v18.20.4/bin/node")
	for _, file := range []string{node, filepath.Join(versions, "v20.1.0/bin/other")} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	gone := filepath.Join(versions, "v18.1.0/bin")
	env := map[string]string{"PATH": gone + ":/bin"}
	path, note, err := find(gone+"/node", "/", map[string]string{"PATH": "/bin"})
	if path != node || !strings.Contains(note, "is gone; it runs with "+node) || err != nil {
		t.Errorf("by its path: %q, %q, %v", path, note, err)
	}
	path, note, err = find("node", "/", env)
	if path != node || !strings.Contains(note, gone+" -> "+filepath.Dir(node)) || err != nil || env["PATH"] != filepath.Dir(node)+":/bin" {
		t.Errorf("by the PATH: %q, %q, %v, %q", path, note, err, env["PATH"])
	}
	for _, word := range []string{"nosuch", gone + "/nosuch", "/no/such"} {
		if path, note, err := find(word, "/", map[string]string{"PATH": gone + ":/bin"}); err == nil || note != "" {
			t.Errorf("%s: %q, %q", word, path, note)
		}
	}
	whole := filepath.Join(versions, "v18.20.4/bin") + ":/bin"
	if path, note, err := find("sh", "/", map[string]string{"PATH": whole}); path != "/bin/sh" || note != "" || err != nil {
		t.Errorf("what is there needs no mending: %q, %q, %v", path, note, err)
	}
}
