package keeper

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A kitt that somebody runs in the foreground is on a leash: a FIFO in its run folder that the one in the foreground
// holds open for writing. When nobody holds it any more, however that one ended, everything of that kitt ends. It is
// found by its name, so a keeper that took the place of a dead one is on it as well.

// LeashFile is the FIFO in a run folder that puts a kitt on a leash.
const LeashFile = "leash"

// LeashedIn is the folder whose folders are the homes of kitts on leashes; nothing else is ever removed by a keeper.
const LeashedIn = "up"

type leash int

// holdLeash begins to watch the leash, if there is one. It may have been let go of already.
func (k *keeper) holdLeash() {
	fd, ok := openLeash(k.opt.Run)
	if !ok {
		return
	}
	k.leashed = true
	k.watchFd(fd, leash(fd))
	leash(fd).wake(k, ready{})
}

// wake is told that the leash was let go of: that is a SIGTERM, but nothing is left running in any case.
func (l leash) wake(k *keeper, _ ready) {
	if held(int(l)) {
		return
	}
	k.forgetFd(int(l))
	k.askDaemon()
}

// Unleashed tells whether run is the run folder of a kitt on a leash that nobody holds any more.
func Unleashed(run string) bool {
	fd, ok := openLeash(run)
	if !ok {
		return false
	}
	defer unix.Close(fd)
	return !held(fd)
}

// Leashed tells whether run is the run folder of a kitt on a leash.
func Leashed(run string) bool {
	fd, ok := openLeash(run)
	if ok {
		unix.Close(fd)
	}
	return ok
}

func openLeash(run string) (fd int, ok bool) {
	fd, err := unix.Open(run+"/"+LeashFile, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return -1, false
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO || int(st.Uid) != unix.Geteuid() {
		unix.Close(fd)
		return -1, false
	}
	return fd, true
}

// held tells whether anybody has the FIFO open for writing: reading it then has nothing yet, else it is at its end.
func held(fd int) bool {
	var b [16]byte
	for {
		n, err := unix.Read(fd, b[:])
		if n == 0 && err == nil {
			return false
		}
		if n <= 0 && err != unix.EINTR {
			return true
		}
	}
}

// removeHome removes the home of a kitt whose leash nobody holds: there is nobody else to do it. The keeper's lock on
// it is held until the process ends.
func (k *keeper) removeHome() {
	home := k.opt.Home
	if !k.leashed || home == "" || filepath.Base(filepath.Dir(home)) != LeashedIn || !Unleashed(k.opt.Run) {
		return
	}
	if err := os.RemoveAll(home); err != nil {
		say("remove home: " + err.Error())
		return
	}
	os.Remove(filepath.Dir(home)) // the last of them takes the folder of all
}
