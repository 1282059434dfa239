package keeper

import (
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// daemon is child #0. It is started again whenever it ends.
type daemon struct {
	pid, pidfd int
	tok        int
	started    int64
	pause      time.Duration
}

// backoff is the pause before the next start of a daemon that lived for ran: none if it had come up, else doubling.
func backoff(pause, ran time.Duration) time.Duration {
	if ran >= 2*time.Second {
		return 0
	}
	return min(max(10*time.Millisecond, 2*pause), 5*time.Second)
}

// startDaemon starts child #0 with fd 3, the API's listener, and fd 4, its end of the protocol.
func (k *keeper) startDaemon() {
	if k.opt.Exe == "" || k.done || k.closing != nil || k.up.move != nil {
		return
	}
	k.daemon.started = k.now()
	if err := k.forkDaemon(); err != nil {
		say(err.Error())
		k.daemonGone()
	}
}

func (k *keeper) forkDaemon() error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return refuse("start daemon", "", err)
	}
	defer unix.Close(pair[1])
	for _, fd := range pair {
		unix.CloseOnExec(fd)
	}
	unix.SetNonblock(pair[0], true)
	log := k.null
	if k.opt.Stderr != "" {
		makeDir(k.opt.Stderr[:max(strings.LastIndexByte(k.opt.Stderr, '/'), 1)])
		if fd, _, err := openPlain(k.opt.Stderr, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND); err == nil {
			unix.SetNonblock(fd, false)
			log = fd
			defer unix.Close(fd)
		}
	}
	env := append(withoutCookie(os.Environ()), "KITT_KEEPER=1")
	pidfd := -1
	failpoint.Here("keeper.daemon.forking")
	pid, err := syscall.ForkExec(Image(k.opt.Exe), append([]string{k.opt.Exe}, k.opt.DaemonArgs...), &syscall.ProcAttr{
		Env: env, Sys: childAttr(&pidfd, -1),
		Files: []uintptr{uintptr(k.null), uintptr(log), uintptr(log), uintptr(k.api), uintptr(pair[1])},
	})
	if err != nil {
		unix.Close(pair[0])
		return refuse("start daemon", k.opt.Exe, err)
	}
	k.daemon.pid, k.daemon.pidfd = pid, pidfd
	failpoint.Here("keeper.daemon.forked")
	if tok, err := k.ctl.addProcess(pid, pidfd); err == nil {
		k.daemon.tok = tok
		k.sources[tok] = &k.daemon
	}
	k.open(pair[0], true)
	return nil
}

func (d *daemon) wake(k *keeper, _ ready) { k.reapDaemon() }

// reapDaemon takes the daemon's death, if it is dead.
func (k *keeper) reapDaemon() bool {
	d := &k.daemon
	var ws syscall.WaitStatus
	if d.pid == 0 {
		return false
	}
	if pid, err := syscall.Wait4(d.pid, &ws, syscall.WNOHANG, nil); pid != d.pid && err != syscall.ECHILD {
		return false
	}
	k.ctl.dropProcess(d.tok)
	delete(k.sources, d.tok)
	if d.pidfd >= 0 {
		unix.Close(d.pidfd)
	}
	d.pid, d.pidfd = 0, -1
	k.daemonGone()
	return true
}

// daemonGone plans the next start.
func (k *keeper) daemonGone() {
	if k.closing != nil {
		if k.closing.stop {
			k.stopRest() // who was to stop them is gone
		}
		k.checkClosed()
		return
	}
	if k.movesDaemon() {
		return
	}
	k.daemon.pause = backoff(k.daemon.pause, time.Duration(k.now()-k.daemon.started))
	if k.daemon.pause <= 10*time.Millisecond && k.daemon.pause > 0 {
		k.startSoon(0)
		return
	}
	k.startSoon(k.daemon.pause)
}

func (k *keeper) startSoon(d time.Duration) {
	k.after(d, func() {
		if k.daemon.pid == 0 {
			k.startDaemon()
		}
	})
}

// closing is a shutdown that was ordered: stop waits for every life to end, leave waits for nothing.
type closing struct {
	stop  bool
	grace time.Duration // stop: so long the daemon stops the lives itself, each in its own way
	conn  *conn
	req   uint32
	ended bool // the daemon was told to end
}

// askDaemon passes SIGTERM on as a question. Without an answer in 2 s the keeper leaves, and the lives stay.
func (k *keeper) askDaemon() {
	if k.closing != nil {
		return
	}
	k.tell("shutdown", nil, "")
	wait := 2 * time.Second
	if k.daemon.pid == 0 && len(k.conns) == 0 {
		wait = 0
	}
	k.after(wait, func() {
		if k.closing == nil {
			k.shutdown(&closing{stop: k.leashed})
		}
	})
}

// shutdown begins the end. Lives that nobody stops yet, or not within the grace, are stopped by SIGTERM.
func (k *keeper) shutdown(c *closing) {
	if k.closing == nil || c.stop {
		k.closing = c
	}
	switch {
	case c.stop && c.grace > 0 && k.daemon.pid > 0:
		k.after(c.grace, k.stopRest)
	case c.stop:
		k.stopRest()
	}
	k.checkClosed()
}

// stopRest stops every life that nobody stops.
func (k *keeper) stopRest() {
	for _, l := range append([]*life(nil), k.order...) {
		if l.state == Running {
			k.stopLife(l, StopOrder{Life: l.name, Signal: syscall.SIGTERM, Grace: 10 * time.Second})
		}
	}
}

// checkClosed goes on with the end: first the lives, then the answer, then the daemon, then the keeper.
func (k *keeper) checkClosed() {
	c := k.closing
	if c == nil || k.done || c.stop && !k.allExited() {
		return
	}
	if !c.ended {
		c.ended = true
		if c.conn != nil && k.conns[c.conn.fd] == c.conn {
			k.reply(c.conn, kOK, c.req)
			k.flush(c.conn)
		}
		if k.daemon.pid > 0 {
			syscall.Kill(k.daemon.pid, syscall.SIGTERM)
			k.after(2*time.Second, func() {
				if k.daemon.pid > 0 {
					syscall.Kill(k.daemon.pid, syscall.SIGKILL)
				}
			})
		}
	}
	k.done = k.daemon.pid == 0
}

func (k *keeper) allExited() bool {
	for _, l := range k.order {
		if l.state != Exited {
			return false
		}
	}
	return true
}
