package keeper

import (
	"os"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// witnessMost is how long the end of a life that nobody saw waits for a daemon that did.
const witnessMost = 2 * time.Second

// adopt takes up the lives of this boot that the journal tells of. Nothing it says is believed: a process counts
// only if start time and cookie agree.
func (k *keeper) adopt() {
	text, _ := os.ReadFile(k.journal.path)
	lives, bad := replay(string(text), k.boot)
	k.up.newer = newer(string(text), k.boot)
	k.quarantine(bad)
	failpoint.Here("keeper.adopt.read")
	witness := k.witnessed()
	for _, l := range lives {
		k.keep(l)
	}
	k.compact(true)
	failpoint.Here("keeper.adopt.compacted")
	k.endLeftTrees(lives)
	for _, l := range lives {
		k.takeStreams(l)
		if !k.takeLife(l) {
			k.adoptOne(l, witness)
		}
	}
	if k.up.newer == "" { // else some are of lives that only a newer keeper knows
		k.sweepFifos()
	}
	failpoint.Here("keeper.adopt.done")
	debug.FreeOSMemory() // of the journal's text
}

// endLeftTrees ends what is left of lives that are over: the keeper before died between their end and that of their tree.
// One look at all processes serves all lives.
func (k *keeper) endLeftTrees(lives []*life) {
	var over []*life
	for _, l := range lives {
		if _, ok := k.up.handed.of(l.name); ok {
			continue // it was passed on: its tree is being seen to
		}
		if l.state == Exited && l.kill != "group" && l.kill != "process" {
			over = append(over, l)
		}
	}
	if len(over) == 0 {
		return
	}
	left := map[string]bool{}
	for _, p := range everyProcess() {
		if name, _ := cookieOf(p.pid); name != "" {
			left[name] = true
		}
	}
	for _, l := range over {
		if pids, _ := cgroupMembers(l.cgroup); left[l.name] || len(pids) > 0 {
			k.endTree(l)
		}
	}
}

func (k *keeper) adoptOne(l *life, witness bool) {
	switch {
	case l.state == Exited:
		k.adoptPipes(l)
	case l.pid <= 1:
		k.findUnrecorded(l, 100)
	case k.take(l):
		for _, s := range []*stream{&l.out, &l.err} {
			if s.fd < 0 {
				k.openUnnamed(l, s)
			}
		}
		k.resumeStop(l)
	case witness:
		l.awaiting = true
		k.after(witnessMost, func() { k.giveUpWitness(l) })
	default:
		k.endUnseen(l)
	}
}

// adoptPipes lets go of the pipes of an ended life that nobody writes to.
func (k *keeper) adoptPipes(l *life) {
	for _, s := range []*stream{&l.out, &l.err} {
		if s.fd < 0 {
			k.removeFifo(s)
			continue
		}
		k.drain(s)
	}
	k.settle(l)
}

// take gets hold of the process of l, if it is still the one.
func (k *keeper) take(l *life) bool {
	fd, err := openProcess(l.pid)
	if err != nil {
		return false
	}
	p, ok := lookAt(l.pid)
	cookie, seen := cookieOf(l.pid)
	if !ok || p.ident != l.ident || seen && cookie != l.name && !p.dead() {
		closeFd(fd)
		return false
	}
	l.pidfd, l.adopted = fd, true
	failpoint.Here("keeper.adopt.taken")
	return k.watchProcess(l) == nil
}

// findUnrecorded looks for a process that was forked but not recorded. Its pipe tells whether there is one: the
// program holds the end that is written to.
func (k *keeper) findUnrecorded(l *life, tries int) {
	failpoint.Here("keeper.adopt.unrecorded")
	k.drain(&l.out)
	if l.out.fd < 0 { // it was never forked, or is over: which of the two, nobody saw
		k.endUnseen(l)
		return
	}
	for _, p := range everyProcess() {
		if name, _ := cookieOf(p.pid); name != l.name || p.sid != p.pid {
			continue
		}
		l.pid, l.ident = p.pid, p.ident
		if k.take(l) {
			k.write(l, record{op: "born", t: l.started.UnixNano(), pid: l.pid, ident: l.ident})
			k.resumeStop(l)
			return
		}
		l.pid, l.ident = 0, 0
	}
	if tries == 0 {
		k.endUnseen(l)
		return
	}
	k.after(10*time.Millisecond, func() { k.findUnrecorded(l, tries-1) })
}

// endUnseen records the end of a life that nobody saw.
func (k *keeper) endUnseen(l *life) {
	l.awaiting = false
	failpoint.Here("keeper.adopt.unseen")
	k.ended(l, Exit{How: "unknown", At: time.Now()})
}

func (k *keeper) giveUpWitness(l *life) {
	if l.awaiting {
		k.endUnseen(l)
	}
}

// witnessed says whether a daemon of the keeper before holds pidfds and pipes: it holds a shared lock.
func (k *keeper) witnessed() bool {
	fd, err := unix.Open(k.opt.Run+"/"+witnessLock, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == unix.EWOULDBLOCK
}

const witnessLock = "witness.lock"

// testify takes what a witness holds of a life: the pidfd tells the end, the pipes the last words.
func (k *keeper) testify(l *life, pidfd, out, err int) {
	for _, h := range []struct {
		s  *stream
		fd int
	}{{&l.out, out}, {&l.err, err}} {
		if h.fd >= 0 && h.s.fd < 0 && l.awaiting {
			k.attach(h.s, h.fd)
		} else {
			closeFd(h.fd)
		}
	}
	if l.awaiting && pidfd >= 0 {
		if x, _ := exitOfStranger(pidfd, l.pid, l.ident, ready{hup: true}); x.How != "unknown" {
			l.awaiting = false
			k.ended(l, x)
		}
	}
	closeFd(pidfd)
}

// testified ends the wait of those lives that the witness did not know.
func (k *keeper) testified() {
	for _, l := range append([]*life(nil), k.order...) {
		k.giveUpWitness(l)
	}
}

// sweepFifos removes FIFOs that no life claims.
func (k *keeper) sweepFifos() {
	mine := map[string]bool{}
	for _, l := range k.order {
		mine[l.out.fifo], mine[l.err.fifo] = true, true
		if l.stdin {
			mine[l.stdinName()] = true
		}
	}
	entries, _ := os.ReadDir(k.opt.fifos())
	for _, e := range entries {
		if !mine[e.Name()] {
			unix.Unlink(k.opt.fifos() + "/" + e.Name())
		}
	}
}
