package keeper

import (
	"syscall"
	"time"

	"kitt.sh/reconcile/failpoint"
)

func exitOf(ws syscall.WaitStatus) Exit {
	if ws.Signaled() {
		return Exit{How: "signal", Signal: ws.Signal(), Core: ws.CoreDump(), At: time.Now()}
	}
	return Exit{How: "exit", Code: ws.ExitStatus(), At: time.Now()}
}

// childEnded looks at the end of our own child, and leaves it unreaped until its tree is dealt with: until then
// its pid, group and session can belong to nobody else.
func (k *keeper) childEnded(l *life, r ready) {
	if l.state == Exited || l.lingering {
		return
	}
	x, dead := peekChild(l.pid, r)
	if !dead {
		return
	}
	if x.How == "" {
		x = Exit{How: "unknown", At: time.Now()}
	}
	failpoint.Here("keeper.exit.seen")
	k.ended(l, x)
}

// strangerEnded is childEnded for a life whose parent is gone: the system keeps its status for whoever holds a
// pidfd, at the latest when its new parent reaps it.
func (k *keeper) strangerEnded(l *life, r ready) {
	if l.state == Exited || l.lingering || l.awaiting {
		return
	}
	x, final := exitOfStranger(l.pidfd, l.pid, l.ident, r)
	failpoint.Here("keeper.stranger.seen")
	if final {
		k.ended(l, x)
		return
	}
	k.ctl.onlyHup(l.pidfd)
	k.after(time.Second, func() {
		if l.state != Exited && !l.lingering {
			k.ended(l, x)
		}
	})
}

// ended records an end first of all, then deals with what is left of the tree.
func (k *keeper) ended(l *life, x Exit) {
	if l.tok != 0 { // it would be told again and again
		k.ctl.dropProcess(l.tok)
		delete(k.sources, l.tok)
		l.tok = 0
	}
	l.exit = x
	k.write(l, l.exitRecord())
	failpoint.Here("keeper.exit.recorded")
	k.drain(&l.out)
	k.drain(&l.err)
	failpoint.Here("keeper.exit.drained")
	if left := k.leftovers(l); len(left) > 0 {
		if grace := time.Until(l.deadline); l.state == Stopping && grace > 0 {
			l.lingering = true
			k.linger(l, 5*time.Millisecond)
			return
		}
		k.endTree(l)
		failpoint.Here("keeper.exit.treekilled")
		l.lingering = true
		k.fade(l, time.Now().Add(fadeMost), 0)
		return
	}
	k.finish(l)
}

// fadeMost is how long an end waits for the tree that was killed: one that sits in the kernel must not hold it for ever.
const fadeMost = 2 * time.Second

// fade finishes a life once what was killed of its tree is gone: the next life must find its ports free.
func (k *keeper) fade(l *life, until time.Time, pause time.Duration) {
	if l.state == Exited {
		return
	}
	if len(k.leftovers(l)) == 0 || !time.Now().Before(until) {
		k.finish(l)
		return
	}
	pause = min(max(2*pause, time.Millisecond), 50*time.Millisecond)
	k.after(pause, func() { k.fade(l, until, pause) })
}

// linger waits for a stopped tree to be gone, until the deadline: what has been told to end may be doing so.
func (k *keeper) linger(l *life, pause time.Duration) {
	k.after(pause, func() {
		if l.state == Exited {
			return
		}
		if len(k.leftovers(l)) > 0 {
			if time.Now().Before(l.deadline) {
				k.linger(l, min(2*pause, 100*time.Millisecond))
				return
			}
			k.endTree(l)
			failpoint.Here("keeper.linger.treekilled")
			k.fade(l, time.Now().Add(fadeMost), 0)
			return
		}
		k.finish(l)
	})
}

// finish reaps, tells, and lets the next life begin.
func (k *keeper) finish(l *life) {
	k.drain(&l.out)
	k.drain(&l.err)
	l.state, l.lingering, l.awaiting = Exited, false, false
	l.closeChannel()
	k.dropStdin(l)
	if l.escaped > 0 {
		k.write(l, l.exitRecord())
	}
	if l.child {
		var ws syscall.WaitStatus
		failpoint.Here("keeper.exit.reaping")
		syscall.Wait4(l.pid, &ws, syscall.WNOHANG, nil)
		failpoint.Here("keeper.exit.reaped")
		l.child = false
	}
	k.unwatchProcess(l)
	fell(l.cgroup)
	for _, s := range []*stream{&l.out, &l.err} {
		if s.fd < 0 {
			k.removeFifo(s)
		}
	}
	k.releaseSockets()
	k.tell("exit", l, "")
	failpoint.Here("keeper.exit.told")
	k.checkClosed()
}

// reap takes all dead children: lives, the daemon, and orphans of trees that landed here.
func (k *keeper) reap() {
	for n := 0; n < 4096; n++ {
		pid := deadChild()
		if pid == 0 {
			break
		}
		if l := k.pids[pid]; l != nil && l.child {
			k.childEnded(l, ready{})
			if l.lingering { // it must stay unreaped, and would be shown again
				k.reapOrphans()
				break
			}
			continue
		}
		if pid == k.daemon.pid {
			k.reapDaemon()
			continue
		}
		k.reapOne(pid)
	}
	if deadChild() == 0 && k.daemon.pid != 0 {
		k.reapDaemon()
	}
}

func (k *keeper) reapOne(pid int) {
	var ws syscall.WaitStatus
	if got, _ := syscall.Wait4(pid, &ws, syscall.WNOHANG, nil); got == pid {
		delete(k.orphans, pid) // one that lives is remembered: it would be counted as escaped again
	}
}

// reapOrphans reaps those children that are neither a life nor the daemon.
func (k *keeper) reapOrphans() {
	pids, _ := ownChildren()
	for _, pid := range pids {
		if k.pids[pid] == nil && pid != k.daemon.pid {
			k.reapOne(pid)
		}
	}
}
