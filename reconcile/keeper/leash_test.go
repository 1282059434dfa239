package keeper

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLeash(t *testing.T) {
	run := t.TempDir()
	path := filepath.Join(run, LeashFile)
	if Leashed(run) || Unleashed(run) {
		t.Error("there is no leash")
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if !Leashed(run) || !Unleashed(run) {
		t.Error("nobody holds it yet")
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if Unleashed(run) {
		t.Error("it is held")
	}
	_ = f.Close()
	if !Unleashed(run) {
		t.Error("it was let go of")
	}
	_ = os.Remove(path)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if Leashed(run) || Unleashed(run) {
		t.Error("a plain file is none")
	}
}

func TestOnlyALeashedHomeIsRemoved(t *testing.T) {
	for _, row := range []struct {
		name    string
		parent  string
		leashed bool
		gone    bool
	}{
		{"a home among those of the foreground", LeashedIn, true, true},
		{"one that was never on a leash", LeashedIn, false, false},
		{"one that lies elsewhere", "state", true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			home := filepath.Join(t.TempDir(), row.parent, "x")
			if err := os.MkdirAll(home+"/run", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mkfifo(home+"/run/"+LeashFile, 0o600); err != nil {
				t.Fatal(err)
			}
			k := &keeper{opt: Options{Home: home, Run: home + "/run"}, leashed: row.leashed}
			k.removeHome()
			if _, err := os.Stat(home); (err != nil) != row.gone {
				t.Errorf("stat: %v", err)
			}
		})
	}
}
