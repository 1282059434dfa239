package keeper

import (
	"cmp"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// stopLife takes an order to end l. It is in the journal before this returns.
func (k *keeper) stopLife(l *life, o StopOrder) error {
	if l.state == Exited {
		return nil
	}
	if !validMode(o.KillMode) {
		return refuse("stop", l.name, errText("kill mode is not tree, group or process"))
	}
	if o.KillMode != "" {
		l.kill = o.KillMode
	}
	if l.stopSig = o.Signal; l.stopSig == 0 {
		l.stopSig = syscall.SIGTERM
	}
	l.state = Stopping
	l.stopRound++
	l.told = false
	asker := -1
	if o.After > 1 {
		asker, _ = unixPidfd(o.After)
	}
	wait := time.Duration(0)
	if o.After > 1 && asker >= 0 {
		wait = askerMost
	}
	l.plan(o, wait)
	err := k.write(l, l.stopRecord())
	failpoint.Here("keeper.stop.recorded")
	k.releaseSockets()
	if wait > 0 {
		k.afterAsker(l, o, asker)
		return err
	}
	k.firstSignal(l, o.Grace)
	return err
}

// plan notes when what is to follow the first signal is due, which is sent after wait.
func (l *life) plan(o StopOrder, wait time.Duration) {
	l.deadline = time.Now().Add(wait + o.Grace)
	if l.second, l.secondAt = o.Second, (time.Time{}); o.Second > 0 {
		l.secondAt = time.Now().Add(wait + o.SecondAfter)
	}
}

// askerMost is how long a stop waits for the one who asked for it from inside the tree.
const askerMost = 2 * time.Second

// afterAsker sends the first signal once the asker has ended.
func (k *keeper) afterAsker(l *life, o StopOrder, pidfd int) {
	round, begun := l.stopRound, false
	k.up.asking++
	begin := func() {
		if begun {
			return
		}
		begun = true
		k.up.asking--
		k.moveOn()
		k.forgetFd(pidfd)
		if l.stopRound == round && l.state == Stopping {
			l.plan(o, 0)
			k.write(l, l.stopRecord())
			k.firstSignal(l, o.Grace)
		}
	}
	k.watchFd(pidfd, onReady(begin))
	k.after(askerMost, begin)
}

// onReady is a source that calls a function.
type onReady func()

func (f onReady) wake(*keeper, ready) { f() }

// NoSignal as a StopOrder's Signal sends none: the program was asked by other means.
const NoSignal = syscall.Signal(-1)

// firstSignal asks the tree to end, and plans the last word.
func (k *keeper) firstSignal(l *life, grace time.Duration) {
	if !l.lingering && !l.told {
		l.told = true
		mode := l.kill
		if mode == "" {
			mode = "tree"
		}
		if l.stopSig != NoSignal {
			k.signalTree(l, l.stopSig, mode)
		}
		failpoint.Here("keeper.stop.signalled")
		k.signalTree(l, syscall.SIGCONT, mode) // one that is stopped would never hear it
	}
	round := l.stopRound
	k.planSecond(l, round)
	k.after(grace, func() {
		if l.state == Stopping && l.stopRound == round && !l.lingering {
			failpoint.Here("keeper.stop.deadline")
			k.endTree(l)
			failpoint.Here("keeper.stop.killed")
			k.watchUnkillable(l, 5*time.Second)
		}
	})
}

// planSecond sends the second signal in its time, to what has not ended by then: also to a tree that has lost its program.
func (k *keeper) planSecond(l *life, round int) {
	if l.second <= 0 {
		return
	}
	k.after(max(0, time.Until(l.secondAt)), func() {
		if l.state == Stopping && l.stopRound == round {
			k.signalTree(l, l.second, cmp.Or(l.kill, "tree"))
		}
	})
}

// watchUnkillable tells of a process that outlives SIGKILL: it sits in the kernel, and no twin may be started.
func (k *keeper) watchUnkillable(l *life, d time.Duration) {
	k.after(d, func() {
		if l.state == Exited || l.lingering {
			return
		}
		if p, ok := lookAt(l.pid); ok {
			k.tell("unkillable", l, "process state "+string(rune(p.state)))
		}
		k.endTree(l)
		k.watchUnkillable(l, min(2*d, time.Minute))
	})
}

// resumeStop goes on with a stop that a dead keeper had begun.
func (k *keeper) resumeStop(l *life) {
	if l.state != Stopping {
		return
	}
	l.stopRound++
	if l.stopSig == 0 {
		l.stopSig = syscall.SIGTERM
	}
	k.firstSignal(l, max(0, min(time.Until(l.deadline), 24*time.Hour)))
}

// unixPidfd opens something that becomes readable when a process ends, where the system has that.
func unixPidfd(pid int) (int, error) {
	fd, err := openProcess(pid)
	if err != nil {
		return -1, err
	}
	if fd >= 0 {
		unix.SetNonblock(fd, true)
	}
	return fd, nil
}
