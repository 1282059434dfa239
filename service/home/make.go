package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Make makes the folders, 0700, and closes those that stand open to others. It refuses with a Misplaced what others
// could change behind kitt's back: a folder of another user's, a link of another user's, and one that cannot be
// closed. The home and the logs may be links of the user's own, to another disk for instance; run and state may not,
// as what lies in them is believed.
func (d Dirs) Make() error {
	for _, dir := range []string{d.Home, d.Run, d.State, d.Logs} {
		if err := private(dir, dir == d.Home || dir == d.Logs, os.Geteuid()); err != nil {
			return err
		}
	}
	return nil
}

// private makes one folder that only user uid may look into. linked tells whether it may be a link to one.
func private(dir string, linked bool, uid int) error {
	if link, err := os.Lstat(dir); err == nil {
		if err := trusted(dir, link, linked, uid); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return misplaced(err, elsewhere)
	}
	info, err := os.Stat(dir)
	if err == nil {
		err = trusted(dir, info, false, uid)
	}
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return closed(dir)
}

// elsewhere is the way out that always is one.
const elsewhere = "choose another folder with --home DIR or KITT_HOME"

// trusted says why what lies at dir cannot be one of kitt's folders, nil if it can.
func trusted(dir string, info fs.FileInfo, linked bool, uid int) error {
	st, _ := info.Sys().(*syscall.Stat_t)
	switch link := info.Mode()&fs.ModeSymlink != 0; {
	case link && !linked:
		return misplaced(fmt.Errorf("%s is a symlink", dir), "put a folder in its place (the home itself may be a link), or "+elsewhere)
	case st != nil && int(st.Uid) != uid && !(link && st.Uid == 0): // root may do anything without a link as well
		return misplaced(fmt.Errorf("%s belongs to user %d, and this is user %d", dir, st.Uid, uid),
			"run kitt as its owner, or "+elsewhere)
	case !link && !info.IsDir():
		return misplaced(fmt.Errorf("%s is not a folder", dir), elsewhere)
	}
	return nil
}

// closed closes a folder to others. A file system without modes says that it did and did not.
func closed(dir string) error {
	err := os.Chmod(dir, 0o700)
	if err == nil {
		var info fs.FileInfo
		if info, err = os.Stat(dir); err == nil && info.Mode().Perm()&0o077 != 0 {
			err = errors.New("its file system keeps no modes")
		}
	}
	if err != nil {
		return misplaced(fmt.Errorf("%s is open to others and cannot be closed: %w", dir, err),
			"chmod 700 it, or "+elsewhere)
	}
	return nil
}

func misplaced(err error, hint string) error {
	return Misplaced{fmt.Errorf("make home: %w", err), hint}
}
