package keeper

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The run folder may be emptied under a living keeper: by a clean-up, or by hand. What lives goes on, since it holds
// its pipes; but nobody could reach the keeper any more, and a second one would find no lock and start everything
// again. So the keeper locks its home too, which stays, and makes the run folder anew.

// lockHome makes this the only keeper of its home, whatever becomes of the run folder. An error of EWOULDBLOCK says
// that there is another one.
func (o Options) lockHome() error {
	if o.Home == "" {
		return nil
	}
	fd, err := unix.Open(o.Home, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return lockSoon(fd) // held until the process ends
}

// lockSoon tries for a second.
func lockSoon(fd int) (err error) {
	for end := time.Now().Add(time.Second); ; time.Sleep(10 * time.Millisecond) {
		if err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != unix.EWOULDBLOCK || time.Now().After(end) {
			return err
		}
	}
}

// mendWait lets whoever empties the folder come to an end.
const mendWait = 50 * time.Millisecond

// runChanged is told that something was removed from the run folder, or the folder itself.
func (k *keeper) runChanged() {
	if k.mending {
		return
	}
	k.mending = true
	k.after(mendWait, func() {
		k.mending = false
		if k.closing == nil && k.bereft() {
			k.remakeRun()
		}
	})
}

// bereft says that something is missing by which this keeper is found.
func (k *keeper) bereft() bool {
	for _, name := range []string{"api.sock", "keeper.sock", "keeper.lock"} {
		var st unix.Stat_t
		if unix.Lstat(k.opt.Run+"/"+name, &st) == unix.ENOENT {
			return true
		}
	}
	return false
}

// remakeRun makes the folder, lock, journal and sockets again, and has a new daemon take over the new listener.
func (k *keeper) remakeRun() {
	say("the run folder was emptied; making it again")
	err := k.opt.makeDirs()
	if err == nil {
		err = k.relock()
	}
	if err == nil {
		k.compactAnew()
		old := k.api
		k.forgetFd(k.keepSock)
		if err = k.bind(); err == nil {
			closeFd(old)
		}
	}
	if err != nil {
		say(err.Error())
		k.after(time.Second, k.runChanged)
		return
	}
	k.watchRun()
	if k.daemon.pid > 0 {
		syscall.Kill(k.daemon.pid, syscall.SIGTERM)
	}
}

// relock takes the lock that lies in the folder now. Nobody else can want it for long: the home is ours.
func (k *keeper) relock() error {
	fd, err := unix.Open(k.opt.Run+"/keeper.lock", unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return refuse("lock", k.opt.Run+"/keeper.lock", err)
	}
	if err := lockSoon(fd); err != nil {
		unix.Close(fd)
		return refuse("lock", k.opt.Run+"/keeper.lock", err)
	}
	closeFd(k.opt.lockFd)
	k.opt.lockFd = fd // it is handed on at an upgrade
	return nil
}

// compactAnew writes the journal from what is known, and lets go of pages and FIFOs that have no name any more.
func (k *keeper) compactAnew() {
	closeFd(k.journal.fd)
	k.journal = journal{path: k.journal.path, fd: -1}
	k.compact(true)
	k.spareFifos = nil
	if k.page != nil {
		k.page.unmap()
		k.page = nil
	}
}
