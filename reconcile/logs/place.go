package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// mostLinks is how many links a path may go through.
const mostLinks = 40

// openPlace opens the file of a copy for appending, and makes it and its folders where they are missing. A link on the
// way is followed only if root or we made it: the folder may belong to the program whose output is copied, and that
// may be another user's, who must not choose where we write.
func openPlace(path string) (*os.File, error) {
	if path == "/dev/stdout" || path == "/dev/stderr" || path == os.DevNull {
		return os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	}
	fd, err := descend(filepath.Clean(path), func(dir int, name string) (int, error) {
		// O_NONBLOCK: a FIFO without a reader must not hold us
		return unix.Openat(dir, name, unix.O_RDWR|unix.O_APPEND|unix.O_CREAT|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(fd), path), nil
}

// renamePlace renames a file inside its folder, which is reached as openPlace reaches it. Both paths lie in one folder.
func renamePlace(from, to string) error {
	return inFolder("rename", from, func(dir int) error {
		return unix.Renameat(dir, filepath.Base(from), dir, filepath.Base(to))
	})
}

// removePlace removes a file from its folder, which is reached as openPlace reaches it.
func removePlace(path string) error {
	return inFolder("remove", path, func(dir int) error { return unix.Unlinkat(dir, filepath.Base(path), 0) })
}

func inFolder(op, path string, do func(dir int) error) error {
	dir, err := descend(filepath.Dir(filepath.Clean(path)), openFolder)
	if err == nil {
		err = do(dir)
		unix.Close(dir)
	}
	if err != nil {
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

// descend walks down from the root, a folder at a time, so that nothing is looked up twice; open opens the last.
func descend(path string, open func(dir int, name string) (int, error)) (int, error) {
	dir, err := openFolder(unix.AT_FDCWD, "/")
	if err != nil {
		return -1, err
	}
	defer func() { unix.Close(dir) }()
	rest := strings.Split(strings.Trim(path, "/"), "/")
	if path == "/" {
		rest[0] = "."
	}
	for links := 0; ; {
		name, last := rest[0], len(rest) == 1
		target, isLink, err := readLink(dir, name)
		switch {
		case err != nil && !(last && err == unix.ENOENT) && err != unix.ENOENT:
			return -1, err
		case isLink:
			if links++; links > mostLinks {
				return -1, unix.ELOOP
			}
			rest = append(strings.Split(strings.Trim(filepath.Clean(target), "/"), "/"), rest[1:]...)
			if filepath.IsAbs(target) {
				unix.Close(dir)
				if dir, err = openFolder(unix.AT_FDCWD, "/"); err != nil {
					return -1, err
				}
			}
			continue
		case last:
			return open(dir, name)
		case err == unix.ENOENT:
			if err := unix.Mkdirat(dir, name, 0o700); err != nil && err != unix.EEXIST {
				return -1, err
			}
		}
		next, err := openFolder(dir, name)
		if err != nil {
			return -1, err
		}
		unix.Close(dir)
		dir, rest = next, rest[1:]
	}
}

// readLink returns where a link leads. A link that neither root nor we made is refused, and so is one that changes
// while it is looked at.
func readLink(dir int, name string) (target string, isLink bool, err error) {
	var before, after unix.Stat_t
	if err := unix.Fstatat(dir, name, &before, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return "", false, err
	}
	if before.Mode&unix.S_IFMT != unix.S_IFLNK {
		return "", false, nil
	}
	if before.Uid != 0 && int(before.Uid) != unix.Geteuid() {
		return "", false, fmt.Errorf("%s is a link of user %d, and not followed", name, before.Uid)
	}
	buf := make([]byte, 4096)
	n, err := unix.Readlinkat(dir, name, buf)
	if err != nil || n == len(buf) {
		return "", false, errors.Join(err, unix.ELOOP)
	}
	if err := unix.Fstatat(dir, name, &after, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return "", false, err
	}
	if after.Ino != before.Ino || ctime(&after) != ctime(&before) {
		return "", false, fmt.Errorf("%s changes while it is looked at", name)
	}
	return string(buf[:n]), true, nil
}

func openFolder(dir int, name string) (int, error) {
	return unix.Openat(dir, name, folderFlags|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
}
