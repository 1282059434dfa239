package logs

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// crashing is a disk on which the process dies: each whole change and each byte of a copy asks whether now.
type crashing struct{ died func(what string) bool }

var errDied = errors.New("died")

func (d crashing) point(what string) {
	if d.died(what) {
		panic(errDied)
	}
}

func (d crashing) write(f *os.File, b []byte) (int, error) {
	for i := range b {
		d.point("write")
		if _, err := f.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	d.point("written")
	return len(b), nil
}

func (d crashing) replace(path string, parts ...[]byte) error {
	if d.died("replace") {
		os.WriteFile(path+".new", parts[0][:len(parts[0])/2], 0o600) // half of it
		panic(errDied)
	}
	err := realDisk{}.replace(path, parts...)
	d.point("replaced")
	return err
}

func (d crashing) rename(from, to string) error {
	d.point("rename")
	err := os.Rename(from, to)
	d.point("renamed")
	return err
}

func (d crashing) remove(path string) error {
	d.point("remove")
	err := os.Remove(path)
	d.point("removed")
	return err
}

func mkfifo(t *testing.T, path string) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A full disk takes n bytes of each write until it is freed.
type fullDisk struct {
	realDisk
	n     *int
	state *bool // the state file does not fit either
}

func (d fullDisk) write(f *os.File, b []byte) (int, error) {
	if *d.n < 0 || len(b) <= *d.n {
		return f.Write(b)
	}
	n, err := f.Write(b[:*d.n])
	return n, errors.Join(err, syscall.ENOSPC)
}

func (d fullDisk) replace(path string, parts ...[]byte) error {
	if *d.state {
		return syscall.ENOSPC
	}
	return d.realDisk.replace(path, parts...)
}

func TestAFullDiskDelaysACopyOnly(t *testing.T) {
	w, dir := newWriter(t), t.TempDir()
	c := Copy{Path: dir + "/copy", From: []Feed{{w.dir, "out", 1}}}
	k := copier(t, c, dir+"/state")
	room, noState := -1, false
	k.disk = fullDisk{realDisk{}, &room, &noState}
	for i := range 200 {
		w.write(numbered(i*10, i*10+10, 50))
		room, noState = i%40-1, i%7 == 3
		if err := k.Pump(t.Context(), nil); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if i%31 == 30 {
			k = copier(t, c, dir+"/state")
			k.disk = fullDisk{realDisk{}, &room, &noState}
		}
	}
	room, noState = -1, false
	pump(t, k)
	same(t, slurp(t, c.Path), numbered(0, 2000, 50))
}
