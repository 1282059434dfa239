package keeper

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// A program that was started with Stdin reads from a FIFO, run/fifo/NAME.in, of which it holds both ends: so it never
// comes to the end of it, whoever dies, and nothing of it need be handed on. Who writes to it opens it by its path.

func (l *life) stdinName() string { return fileName(l.name) + ".in" }

// openStdin makes the FIFO of a new life and returns the program's end; -1 where it is to have none.
func (k *keeper) openStdin(l *life, s *Spawn) (app int, err error) {
	if !s.Stdin {
		return -1, nil
	}
	l.stdin = true
	path := k.opt.fifos() + "/" + l.stdinName()
	if err = k.makeFifo(path); err == unix.EEXIST { // of a life whose record was lost; nobody has this name now
		unix.Unlink(path)
		err = unix.Mkfifo(path, 0o600)
	}
	if err != nil {
		return -1, refuse("make fifo", l.stdinName(), err)
	}
	app, err = unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return -1, refuse("open fifo", l.stdinName(), err)
	}
	return app, nil
}

// dropStdin takes the FIFO of a life that is over away.
func (k *keeper) dropStdin(l *life) {
	if l.stdin {
		unix.Unlink(k.opt.fifos() + "/" + l.stdinName())
		l.stdin = false
	}
}

// Type writes to the stdin of a life, as far as it takes it at once. run is the keeper's run folder.
func Type(run, life string, text []byte) (n int, err error) {
	fd, err := unix.Open(run+"/fifo/"+fileName(life)+".in", unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return 0, syscall.EINVAL
	}
	return unix.Write(fd, text)
}
