package keeper

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// A life, as the keeper holds it.
type life struct {
	name       string
	pid, pidfd int
	channel    int      // 0: none
	stdin      bool     // it has a FIFO to read from
	listen     []string // addresses of the sockets that it was given
	tok        int
	ident      uint64
	child      bool // ours to reap
	state      State
	started    time.Time
	deadline   time.Time
	exit       Exit
	escaped    int
	cgroup     string
	kill       string
	log        Log
	meta       []byte
	out, err   stream

	stopSig   syscall.Signal
	second    syscall.Signal // follows stopSig; 0: none does
	secondAt  time.Time
	stopRound int  // counts stop orders, so that an older one's timers know
	told      bool // its first signal was sent
	lingering bool // its program is dead, its tree not yet
	awaiting  bool // gone while there was no keeper; a witness may know how
	adopted   bool
	forgotten bool
	gone      bool
}

func newLife(s *Spawn) *life {
	l := &life{name: s.Life, pidfd: -1, state: Running, started: time.Now(), log: s.Log, kill: s.KillMode, meta: s.Meta}
	l.bindStreams()
	return l
}

func (l *life) bindStreams() {
	name := fileName(l.name)
	l.out = stream{life: l, fd: -1, fifo: name + ".out"}
	l.err = stream{life: l, fd: -1, fifo: name + ".err"}
}

// view is the life as others see it.
func (l *life) view() Life {
	return Life{Name: l.name, PID: l.pid, State: l.state, Started: l.started, Deadline: l.deadline, Adopted: l.adopted,
		Exit: l.exit, Escaped: l.escaped, Cgroup: l.cgroup, Meta: l.meta}
}

// wake is told that the process ended.
func (l *life) wake(k *keeper, r ready) {
	if l.child {
		k.childEnded(l, r)
	} else {
		k.strangerEnded(l, r)
	}
}

// keep puts a life into the list.
func (k *keeper) keep(l *life) {
	k.lives[l.name] = l
	k.order = append(k.order, l)
}

// watchProcess begins to wait for the end of l.
func (k *keeper) watchProcess(l *life) error {
	k.pids[l.pid] = l
	tok, err := k.ctl.addProcess(l.pid, l.pidfd)
	if err == nil {
		l.tok = tok
		k.sources[tok] = l
	}
	return err
}

func (k *keeper) unwatchProcess(l *life) {
	if k.pids[l.pid] == l {
		delete(k.pids, l.pid)
	}
	if k.sources[l.tok] == source(l) {
		k.ctl.dropProcess(l.tok)
		delete(k.sources, l.tok)
	}
	if l.pidfd >= 0 {
		unix.Close(l.pidfd)
		l.pidfd = -1
	}
}

// forget drops a life that is over. If its pipes are still held by someone, they are read to their end first.
func (k *keeper) forget(l *life) error {
	if l.state != Exited {
		return refuse("forget", l.name, errText("it still runs"))
	}
	if l.out.fd < 0 && l.err.fd < 0 {
		k.drop(l)
		return nil
	}
	l.forgotten = true
	return k.write(l, record{op: "forget"})
}

// settle drops a life that was forgotten, once its pipes are read.
func (k *keeper) settle(l *life) {
	if l.forgotten && l.out.fd < 0 && l.err.fd < 0 {
		k.drop(l)
	}
}

// drop takes a life out of the list and everything of it off the disk, but its logs.
func (k *keeper) drop(l *life) {
	k.unwatchProcess(l)
	l.closeChannel()
	k.dropStdin(l)
	for _, s := range []*stream{&l.out, &l.err} {
		k.closeStream(s)
		k.removeFifo(s)
	}
	failpoint.Here("keeper.drop.unlinked")
	fell(l.cgroup)
	l.gone = true
	delete(k.lives, l.name)
	for i, o := range k.order {
		if o == l {
			k.order = append(k.order[:i], k.order[i+1:]...)
			break
		}
	}
	k.write(l, record{op: "gone"})
	failpoint.Here("keeper.drop.recorded")
	k.compact(false)
}
