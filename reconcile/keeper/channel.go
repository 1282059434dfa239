package keeper

import (
	"os"

	"golang.org/x/sys/unix"
)

// A channel is a pair of stream sockets: a program that was started with one finds its end as descriptor 3, or behind its sockets. The keeper
// reads nothing of it. It holds the other end so that the program sees no end while daemons come and go, and gives it
// to those that hold lives; those give it to the next keeper.

// channelFD is the program's descriptor where it has no sockets.
const channelFD = 3

// openChannel makes the channel of a new life, and returns the program's end; -1 where there is none.
func (k *keeper) openChannel(l *life, s *Spawn) (app int, err error) {
	if !s.Channel {
		return -1, nil
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, refuse("make channel", s.Life, err)
	}
	for _, fd := range pair {
		unix.CloseOnExec(fd) // nobody else forks here
	}
	unix.SetNonblock(pair[0], true)
	l.channel = pair[0]
	return pair[1], nil
}

func (l *life) closeChannel() {
	if l.channel > 0 {
		unix.Close(l.channel)
		l.channel = 0
	}
}

// takeChannel goes on with a channel of a keeper before, and offers it to those that hold lives.
func (k *keeper) takeChannel(l *life, fd int) {
	if fd <= 0 || l.channel > 0 || l.state == Exited {
		closeFd(fd)
		return
	}
	l.channel = fd
	for _, c := range k.conns {
		c.offer(l)
	}
}

// Channels tells Hold what to do with the channel of a life: a descriptor of its own, not blocking, for the callee to
// close. It is called once for each life that has one, by the goroutine that reads from the keeper.
type Channels func(life string, channel *os.File)

// pass hands a copy of the channel on.
func (open Channels) pass(life string, fd int) {
	if open == nil {
		return
	}
	if fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0); err == nil {
		open(life, os.NewFile(uintptr(fd), "channel of "+life))
	}
}
