package reconcile_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"

	. "kitt.sh/reconcile"
)

// TestWhatIsReplacedIsOnTheDisk asks the kernel how much of a file it has in memory alone: a rename before the disk has
// the content would leave an empty file after a power cut.
func TestWhatIsReplacedIsOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	if unsynced(t, write(t, dir, false)) == 0 || unsynced(t, write(t, dir, true)) > 0 {
		t.Skip("this file system does not tell what is on the disk")
	}
	path := filepath.Join(dir, "replaced")
	if err := Replace(path, make([]byte, 8192), false); err != nil {
		t.Fatal(err)
	}
	if n := unsynced(t, path); n > 0 {
		t.Errorf("%d pages of what was replaced are in memory alone", n)
	}
	in := &Intents{Version: 1, Projects: map[string]*Project{"shop": {File: "/x"}}}
	if err := in.Save(filepath.Join(dir, "desired.json"), true); err != nil {
		t.Fatal(err)
	}
	if n := unsynced(t, filepath.Join(dir, "desired.json")); n > 0 {
		t.Errorf("%d pages of the intents are in memory alone", n)
	}
}

func write(t *testing.T, dir string, sync bool) string {
	f, err := os.CreateTemp(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err = f.Write(make([]byte, 8192)); err == nil && sync {
		err = f.Sync()
	}
	if err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// unsynced counts the pages of a file that are dirty or on their way, by cachestat(2) of Linux 6.5.
func unsynced(t *testing.T, path string) uint64 {
	const cachestat = 451
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	whole := struct{ off, len uint64 }{}
	var stat struct{ cached, dirty, writeback, evicted, recentlyEvicted uint64 }
	_, _, errno := syscall.Syscall6(cachestat, f.Fd(), uintptr(unsafe.Pointer(&whole)), uintptr(unsafe.Pointer(&stat)), 0, 0, 0)
	if errno != 0 {
		t.Skip("no cachestat(2) here: ", errno)
	}
	return stat.dirty + stat.writeback
}
