package early

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCalledIsThePathThatWasTyped(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"cellar/kitt": 0o755, "plain/kitt": 0o644} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(dir+"/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../cellar/kitt", dir+"/bin/kitt"); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	path := dir + "/nowhere:" + dir + "/plain:" + dir + "/bin:" + dir + "/cellar"
	for _, row := range []struct{ name, argv0, want string }{
		{"by its name: the link on PATH, not what it points to", "kitt", dir + "/bin/kitt"},
		{"by a whole path", dir + "/cellar/kitt", dir + "/cellar/kitt"},
		{"by a path from here", "bin/kitt", dir + "/bin/kitt"},
		{"by a name that is none", "ktti", ""},
		{"by nothing", "", ""},
		{"by a path that is gone", dir + "/gone/kitt", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := called(row.argv0, path); got != row.want {
				t.Errorf("%q", got)
			}
		})
	}
}
