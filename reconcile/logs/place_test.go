package logs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// links builds a tree in which /app belongs to another user, and returns its root.
func links(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"app", "ours", "etc"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put := func(path, text string) {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("etc/passwd", "root\n")
	for from, to := range map[string]string{"ours/log": root + "/etc/passwd", "ours/dir": "../etc", "ours/gone": "../etc/new", "ours/ring": "ring"} {
		if err := os.Symlink(to, filepath.Join(root, from)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestACopyGoesThroughOurOwnLinks(t *testing.T) {
	root := links(t)
	for path, want := range map[string]string{"ours/log": "etc/passwd", "ours/dir/passwd": "etc/passwd", "ours/gone": "etc/new",
		"a/b/c.log": "a/b/c.log", "ours/../x.log": "x.log"} {
		f, err := openPlace(filepath.Join(root, path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		_, _ = f.WriteString("line\n")
		f.Close()
		if b, _ := os.ReadFile(filepath.Join(root, want)); !strings.HasSuffix(string(b), "line\n") {
			t.Errorf("%s did not lead to %s: %q", path, want, b)
		}
	}
	for _, path := range []string{"ours/ring", "etc/passwd/x", "etc"} {
		if f, err := openPlace(filepath.Join(root, path)); err == nil {
			f.Close()
			t.Errorf("%s: no error", path)
		}
	}
}

// TestACopyGoesThroughNobodyElsesLinks needs root: only root can make a link that belongs to another user.
func TestACopyGoesThroughNobodyElsesLinks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a link away")
	}
	root := links(t)
	for _, link := range []string{"ours/log", "ours/dir", "ours/gone"} {
		if err := os.Lchown(filepath.Join(root, link), 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(root, "etc/passwd"), filepath.Join(root, "app/hard")); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"ours/log", "ours/dir/passwd", "ours/dir/sub/new", "ours/gone", "app/hard"} {
		k := copier(t, Copy{Path: filepath.Join(root, path)}, filepath.Join(root, "state"))
		if f, _, err := k.dest(); err == nil {
			f.Close()
			t.Errorf("%s was opened", path)
		} else if !strings.HasPrefix(err.Error(), "copy log: ") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(root, "etc/passwd")); string(b) != "root\n" {
		t.Errorf("it was written to: %q", b)
	}
	if _, err := os.Lstat(filepath.Join(root, "etc/sub")); err == nil {
		t.Error("a folder was made through another user's link")
	}
	through := filepath.Join(root, "ours/dir/passwd")
	if renamePlace(through, through+".1") == nil || removePlace(through) == nil {
		t.Error("a file was renamed, or removed, through another user's link")
	}
}

func TestACopyRotatesInItsFolder(t *testing.T) {
	root := links(t)
	through := filepath.Join(root, "ours/dir/passwd")
	if err := renamePlace(through, through+".1"); err != nil {
		t.Error(err)
	}
	if err := removePlace(filepath.Join(root, "etc/passwd.1")); err != nil {
		t.Error(err)
	}
	if err := removePlace(filepath.Join(root, "etc/passwd.1")); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := renamePlace("/kitt-has-no-such-file", "/kitt-has-no-such-file.1"); !os.IsNotExist(err) {
		t.Errorf("in the root folder: %v", err)
	}
}
