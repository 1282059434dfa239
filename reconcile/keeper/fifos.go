package keeper

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// fifos is the folder of the FIFOs: run/fifo, or a symlink of that name to a folder in memory. An inode on a disk can
// cost more than the start of a program does (ext4, while many were deleted lately), and no FIFO outlives a boot.
func (o Options) fifos() string { return o.Run + "/fifo" }

// makeFifos makes the folder of the FIFOs. One that has FIFOs in it stays where it is: lives hold them.
func (o Options) makeFifos() error {
	path, quick := o.fifos(), ""
	if o.Memory {
		quick = memoryFolder(o.Run)
	}
	var st unix.Stat_t
	err := unix.Lstat(path, &st)
	switch {
	case err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK:
		to, _ := os.Readlink(path)
		if to == quick && quick != "" {
			return makeBoth(quick)
		}
		if !isMemoryFolder(to) {
			return refuse("check", path, errText("a symlink that no keeper made; remove it"))
		}
		unix.Unlink(path) // of another boot, or another place
	case err == nil && quick != "":
		if unix.Rmdir(path) != nil { // something is in it, or it is no folder
			return makePrivate(path)
		}
	case err != nil && err != unix.ENOENT:
		return refuse("check", path, err)
	}
	if quick != "" && makeBoth(quick) == nil && unix.Symlink(quick, path) == nil {
		return nil
	}
	return makePrivate(path)
}

// makeBoth makes a folder in memory, and the one above it: whoever owned that could put something else in its place.
func makeBoth(dir string) error {
	if err := makePrivate(dir[:strings.LastIndexByte(dir, '/')]); err != nil {
		return err
	}
	return makePrivate(dir)
}

// makePrivate makes a folder that nobody else may look into, and refuses what looks like a trap.
func makePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return refuse("check", dir, err)
	}
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFDIR:
		return refuse("check", dir, errText("not a folder, or a symlink"))
	case int(st.Uid) != unix.Geteuid():
		return refuse("check", dir, errText("belongs to another user"))
	case st.Mode&0o077 != 0:
		return refuse("check", dir, errText("is open to others: chmod 700 it"))
	}
	return nil
}

// removeSpares takes away the FIFOs that no life has, and their folder in memory if it is empty then.
func (k *keeper) removeSpares() {
	for _, path := range k.spareFifos {
		unix.Unlink(path)
	}
	to, err := os.Readlink(k.opt.fifos())
	if err == nil && unix.Rmdir(to) == nil {
		unix.Unlink(k.opt.fifos())
	}
}

// remakeFifos makes the folder again after someone removed it, or what it points to.
func (k *keeper) remakeFifos() {
	if err := k.opt.makeFifos(); err != nil {
		if _, ok := err.(*Error); !ok {
			err = refuse("make", k.opt.fifos(), syscall.ENOENT)
		}
		say(err.Error())
	}
}
