package keeper

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSomeoneElsesFolderInMemoryIsNotUsed plays the user who made the folder above first.
func TestSomeoneElsesFolderInMemoryIsNotUsed(t *testing.T) {
	above := t.TempDir() + "/kitt-root"
	if err := os.Mkdir(above, 0o777); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		os.Chown(above, 65534, 65534)
	} else {
		os.Chmod(above, 0o777)
	}
	if err := makeBoth(above + "/1234"); err == nil {
		t.Error("used")
	}
	if _, err := os.Lstat(above + "/1234"); err == nil {
		t.Error("made")
	}
}

// TestFIFOsLieInRunUnlessTheyMayLieElsewhere also takes back what a keeper with another mind has made.
func TestFIFOsLieInRunUnlessTheyMayLieElsewhere(t *testing.T) {
	o := Options{Run: t.TempDir(), Memory: true}
	os.Chmod(o.Run, 0o700)
	if err := o.makeFifos(); err != nil {
		t.Fatal(err)
	}
	(&keeper{opt: o}).removeSpares()
	o.makeFifos()
	o.Memory = false
	if err := o.makeFifos(); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(o.fifos()); err != nil || !st.IsDir() {
		t.Errorf("%v, %v", st, err)
	}
	os.Remove(memoryFolder(o.Run))
}

func TestMakeFifos(t *testing.T) {
	for _, row := range []struct {
		what   string
		before func(run string) error
		err    string
		stays  string // a file that must still be found in it
	}{
		{"nothing", func(string) error { return nil }, "", ""},
		{"an empty folder", func(run string) error { return os.Mkdir(run+"/fifo", 0o700) }, "", ""},
		{"a folder that lives use", func(run string) error {
			os.Mkdir(run+"/fifo", 0o700)
			return os.WriteFile(run+"/fifo/a.out", nil, 0o600)
		}, "", "a.out"},
		{"a folder that is open to others", func(run string) error {
			os.Mkdir(run+"/fifo", 0o700)
			os.WriteFile(run+"/fifo/a.out", nil, 0o600)
			return os.Chmod(run+"/fifo", 0o755)
		}, "open to others", ""},
		{"a symlink of someone's", func(run string) error { return os.Symlink("/tmp", run+"/fifo") }, "no keeper made", ""},
		{"a file", func(run string) error { return os.WriteFile(run+"/fifo", nil, 0o600) }, "not a directory", ""},
		{"the symlink of a home that was moved", func(run string) error {
			if memoryFolder(run) == "" {
				return nil
			}
			return os.Symlink(filepath.Dir(memoryFolder(run))+"/0123456789abcdef", run+"/fifo")
		}, "", ""},
		{"a symlink whose folder the reboot took", func(run string) error {
			if memoryFolder(run) == "" {
				return nil
			}
			return os.Symlink(memoryFolder(run), run+"/fifo")
		}, "", ""},
	} {
		t.Run(row.what, func(t *testing.T) {
			o := Options{Run: t.TempDir(), Memory: true}
			os.Chmod(o.Run, 0o700)
			if err := row.before(o.Run); err != nil {
				t.Fatal(err)
			}
			k := &keeper{opt: o}
			defer k.removeSpares()
			err := o.makeFifos()
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) {
					t.Errorf("got %v, want %s", err, row.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(o.fifos())
			if err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%v, %v", info, err)
			}
			to, _ := os.Readlink(o.fifos())
			if row.stays == "" && to != memoryFolder(o.Run) {
				t.Errorf("lies in %q, want %q", to, memoryFolder(o.Run))
			}
			if _, err := os.Stat(o.fifos() + "/" + row.stays); err != nil {
				t.Error(err)
			}
		})
	}
}
