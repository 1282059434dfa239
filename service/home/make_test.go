package home

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMakeClosesFolders(t *testing.T) {
	d := under(filepath.Join(t.TempDir(), "k"))
	if err := os.MkdirAll(d.Run, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{d.Home, d.Run, d.State, d.Logs} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v %v, want 0700", dir, info.Mode(), err)
		}
	}
}

func TestMakeRefusesWhatOthersCouldChange(t *testing.T) {
	for _, row := range []struct {
		name string
		lay  func(d Dirs) error
		want string // "" where it is fine
	}{
		{"a home that is a link to a folder of the user's", func(d Dirs) error { return linked(d.Home) }, ""},
		{"logs that lie on another disk", func(d Dirs) error { return linked(d.Logs) }, ""},
		{"a link in place of run", func(d Dirs) error { return linked(d.Run) }, "run is a symlink"},
		{"a link in place of state", func(d Dirs) error { return linked(d.State) }, "state is a symlink"},
		{"a file in place of the home", func(d Dirs) error { return os.WriteFile(d.Home, nil, 0o600) }, "is not a folder"},
		{"a link to nothing", func(d Dirs) error { return os.Symlink("/nowhere", d.Home) }, "file exists"},
		{"a link to a file", func(d Dirs) error {
			return errors.Join(os.WriteFile(d.Home+".file", nil, 0o600), os.Symlink(d.Home+".file", d.Home))
		}, "not a directory"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := under(filepath.Join(t.TempDir(), "k"))
			if err := row.lay(d); err != nil {
				t.Fatal(err)
			}
			refused(t, d.Make(), row.want)
		})
	}
}

// linked puts a link to a folder at path.
func linked(path string) error {
	real := filepath.Dir(path) + ".real"
	return errors.Join(os.MkdirAll(real, 0o700), os.MkdirAll(filepath.Dir(path), 0o700), os.Symlink(real, path))
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	var m Misplaced
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &m) || m.Hint() == ""):
		t.Errorf("error %v, want %q and a hint", err, want)
	}
}

func TestMakeRefusesWhatIsAnotherUsers(t *testing.T) {
	dir, stranger := filepath.Join(t.TempDir(), "k"), os.Geteuid()+1
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	refused(t, private(dir, true, stranger), "belongs to user")
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("it was touched: %v, %v", info.Mode(), err)
	}
	if err := os.Symlink(dir, dir+"2"); err != nil {
		t.Fatal(err)
	}
	refused(t, private(dir+"2", true, stranger), "belongs to user")
}
