package service

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Kitt's own folder is its user's alone, so a program that runs as another user finds no socket in it. For such a program, which
// only root can have, the socket lies in a folder of root's in the system's place for them, through which everybody may go and in
// which nobody may look around; the socket itself is the program's user's, so that nobody else can send to it.

// systemRun is where that folder is made, where the system has it.
var systemRun = []string{"/run", "/var/run"}

// outside is that folder.
func (ss *sockets) outside() (string, error) {
	h := fnv.New64a()
	h.Write([]byte(ss.dir))
	for _, run := range systemRun {
		st, err := os.Stat(run)
		if err != nil || !st.IsDir() || owner(st) != 0 || st.Mode().Perm()&0o022 != 0 {
			continue
		}
		dir := filepath.Join(run, "kitt-"+strconv.FormatUint(h.Sum64(), 36))
		if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
			return "", err
		}
		if st, err := os.Lstat(dir); err != nil || !st.IsDir() || owner(st) != os.Geteuid() {
			return "", fmt.Errorf("%s is not kitt's", dir)
		}
		return dir, os.Chmod(dir, 0o711) // whatever the umask
	}
	return "", errors.New("the system has no folder for it that is root's alone")
}

func owner(st os.FileInfo) int {
	if sys, ok := st.Sys().(*syscall.Stat_t); ok {
		return int(sys.Uid)
	}
	return -1
}

// stranger is the user id of a process that runs as another user than kitt; ok is false for the others.
func stranger(name string) (uid int, ok bool) {
	if name == "" || os.Geteuid() != 0 {
		return 0, false
	}
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.LookupId(name)
	}
	if err != nil {
		return 0, false // it cannot start, and says so
	}
	uid, err = strconv.Atoi(u.Uid)
	return uid, err == nil && uid != 0
}

// placeOf is where the socket of a life lies, and whose it is to be; -1: kitt's.
func (ss *sockets) placeOf(life, as string) (path string, uid int, err error) {
	uid, strange := stranger(as)
	if !strange {
		return ss.path(life), -1, os.MkdirAll(ss.dir, 0o700)
	}
	dir, err := ss.outside()
	return filepath.Join(dir, filepath.Base(ss.path(life))), uid, err
}
