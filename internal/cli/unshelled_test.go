package cli

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheFolderOfAShellIsNotRecorded(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	version := filepath.Join(root, "node-versions/v20.9.0/installation")
	shells := filepath.Join(root, "fnm_multishells")
	for _, dir := range []string{version + "/bin", shells} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(version, shells+"/812_1700"); err != nil {
		t.Fatal(err)
	}
	env := capture([]string{"PATH=" + shells + "/812_1700/bin:" + shells + "/gone/bin:/bin"})
	if want := version + "/bin:" + shells + "/gone/bin:/bin"; env["PATH"] != want {
		t.Errorf("recorded %q, want %q", env["PATH"], want)
	}
}
