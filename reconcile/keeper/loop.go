package keeper

import (
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// A keeper is one loop over what is ready: control first, then bytes. Nothing here is touched by another goroutine.
type keeper struct {
	lastSpawn  int64    // when a life was last begun
	trimming   bool     // a trim is planned
	spareFifos []string // paths of FIFOs that no life has
	opt        Options
	boot       string
	began      time.Time
	ctl        *poller // sockets, processes, signals
	pump       *poller // FIFOs
	ready      []ready
	events     []ready
	timers     []timer
	cooling    int64 // no FIFO need be looked at before this time
	hot        []*stream
	hotNext    int64 // when to look at the hot ones; 0: there are none

	sources  map[int]source
	streams  map[int]*stream
	stores   map[string]*store
	holes    map[string]*hole  // what is being dropped, by folder
	kept     map[string]*spill // pages of a dead keeper, by the log they could not be written to
	lives    map[string]*life
	order    []*life
	sockets  []*socket       // in the order in which they were opened
	listed   map[string]bool // addresses that the daemon wants; nil: it has not said
	pids     map[int]*life   // unreaped children and adopted lives
	orphans  map[int]orphan
	conns    map[int]*conn
	watches  []*watch
	journal  journal
	forest   *forest
	page     *spill
	buf      []byte
	spare    int // a descriptor kept for refusing a client when there are none left
	null     int
	api      int
	keepSock int
	epoch    int64
	oom      int
	daemon   daemon
	closing  *closing
	done     bool
	up       upgrading
	served   int // requests since memory was given back
	runWatch int // a descriptor; 0: none
	mending  bool
	leashed  bool // nothing outlives the one in the foreground: see leash.go
}

// A source is told when its token is ready.
type source interface{ wake(k *keeper, r ready) }

type timer struct {
	at int64
	do func()
}

func (k *keeper) now() int64 { return int64(time.Since(k.began)) }

// after has do called once, in d. There is no way to call it off: do looks whether it is still wanted.
func (k *keeper) after(d time.Duration, do func()) {
	k.timers = append(k.timers, timer{k.now() + int64(d), do})
}

// wait is how long the loop may sleep; negative is for ever.
func (k *keeper) wait(now int64) time.Duration {
	d := int64(-1)
	for _, t := range k.timers {
		if d < 0 || t.at-now < d {
			d = max(0, t.at-now)
		}
	}
	if k.hotNext > 0 && (d < 0 || k.hotNext-now < d) {
		d = max(0, k.hotNext-now)
	}
	if k.cooling > 0 && (d < 0 || k.cooling-now < d) {
		d = max(0, k.cooling-now)
	}
	return time.Duration(d)
}

func (k *keeper) fire() {
	now := k.now()
	var due []timer
	rest := k.timers[:0]
	for _, t := range k.timers {
		if t.at <= now {
			due = append(due, t)
		} else {
			rest = append(rest, t)
		}
	}
	clear(k.timers[len(rest):])
	k.timers = rest
	for _, t := range due {
		t.do()
	}
}

// loop serves until the keeper is to end, and returns its exit status.
func (k *keeper) loop() int {
	for !k.done {
		now := k.now()
		if k.cooling > now {
			await(k.wait(now), k.ctl)
		} else {
			k.cooling = 0
			await(k.wait(now), k.ctl, k.pump)
		}
		k.control()
		if len(k.timers) > 0 {
			k.fire()
		}
		k.flushAll()
		if now := k.now(); k.cooling <= now || k.hotNext > 0 && k.hotNext <= now {
			k.pour()
			k.flushAll() // timers and bytes make events too
		}
	}
	k.leave()
	return 0
}

// control serves everything but bytes.
func (k *keeper) control() {
	k.events = k.ctl.take(k.events[:0])
	for _, r := range k.events {
		if s := k.sources[r.tok]; s != nil {
			s.wake(k, r)
		}
	}
}

// flushAll sends what waits for the clients, and drops those that do not read.
func (k *keeper) flushAll() {
	for _, c := range k.conns {
		if c.wantsFlush() {
			k.flush(c)
		}
		if len(c.out) > c.mostOut() {
			k.closeConn(c)
		}
	}
}

func (k *keeper) scratch() []byte {
	if k.buf == nil {
		k.buf = make([]byte, 1<<16)
	}
	return k.buf
}

// newKeeper takes the sockets and reads the journal. The lock must be held.
func newKeeper(opt Options) (*keeper, error) {
	opt.Copy = opt.Copy || failpoint.On(failpoint.Copy)
	k := &keeper{opt: opt, boot: bootID(), began: time.Now(), oom: ownOOM(), api: -1, keepSock: -1,
		sources: map[int]source{}, streams: map[int]*stream{}, stores: map[string]*store{}, holes: map[string]*hole{},
		lives: map[string]*life{}, pids: map[int]*life{}, orphans: map[int]orphan{}, conns: map[int]*conn{}}
	k.daemon.pidfd, k.daemon.pid = -1, 0
	var err error
	if k.ctl, err = newPoller(); err != nil {
		return nil, refuse("open", "poller", err)
	}
	if k.pump, err = newPoller(); err != nil {
		return nil, refuse("open", "poller", err)
	}
	if k.null, err = unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return nil, refuse("open", "/dev/null", err)
	}
	k.spare, _ = unix.FcntlInt(uintptr(k.null), unix.F_DUPFD_CLOEXEC, 0)
	becomeReaper()
	sig, err := catchSignals()
	if err != nil {
		return nil, refuse("open", "pipe", err)
	}
	k.watchFd(sig, signals(sig))
	if k.forest = (&forest{}); !opt.Scan {
		k.forest = newForest(opt.Home + opt.Run)
	}
	if k.up.handed = opt.handed; opt.handed != nil {
		k.takeSockets(opt.handed)
	} else if err := k.bind(); err != nil {
		return nil, err
	}
	k.kept = replaySpills(opt.Run)
	k.journal = journal{path: opt.Run + "/lives", fd: -1}
	return k, nil
}

// bind makes both sockets, or makes them again where someone removed them.
func (k *keeper) bind() error {
	for _, name := range []string{"api.sock", "keeper.sock"} { // both before either: nobody dials a keeper that cannot stay
		if err := vacant(k.opt.Run + "/" + name); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		name string
		fd   *int
	}{{"api.sock", &k.api}, {"keeper.sock", &k.keepSock}} {
		fd, err := k.opt.listen(s.name)
		if err != nil {
			return err
		}
		*s.fd = fd
	}
	k.watchFd(k.keepSock, listener(k.keepSock))
	return nil
}

func (k *keeper) watchFd(fd int, s source) {
	k.sources[fd] = s
	k.ctl.add(fd)
}

func (k *keeper) forgetFd(fd int) {
	k.ctl.drop(fd)
	delete(k.sources, fd)
	unix.Close(fd)
}

// signals is the read end of the pipe of signals.
type signals int

func (s signals) wake(k *keeper, _ ready) {
	var b [64]byte
	n, _ := unix.Read(int(s), b[:])
	for _, sig := range b[:max(n, 0)] {
		switch syscall.Signal(sig) {
		case syscall.SIGCHLD:
			k.reap()
		case syscall.SIGTERM, syscall.SIGINT:
			k.askDaemon()
		case syscall.SIGUSR1:
			k.runChanged()
		}
	}
}

// leave removes what only a living keeper has. Lives go on; their FIFOs and the journal stay.
func (k *keeper) leave() {
	k.endHoles()
	k.closeSockets()
	for _, name := range []string{"api.sock", "keeper.sock"} {
		unix.Unlink(k.opt.Run + "/" + name)
	}
	if k.page != nil {
		unix.Unlink(k.page.path)
	}
	k.removeSpares()
	k.forest.clear()
	if k.up.trial {
		dropTrial(k.opt.State) // an end that was ordered is no failure
	}
}

// The journal's file: records are appended, and now and then it is rewritten.
type journal struct {
	path string
	fd   int
	size int64
	torn bool // the last write was not whole
}

const journalMost = 256 << 10

// write appends a record with one write(2).
func (k *keeper) write(l *life, r record) error {
	r.boot, r.life = k.boot, l.name
	if r.t == 0 {
		r.t = time.Now().UnixNano()
	}
	return k.journal.append(r.line())
}

func (j *journal) append(line []byte) error {
	if j.fd < 0 {
		fd, size, err := openPlain(j.path, unix.O_WRONLY|unix.O_CREAT|unix.O_APPEND)
		if err != nil {
			return err
		}
		j.fd, j.size = fd, size
	}
	if j.torn {
		line = append([]byte{'\n'}, line...)
	}
	failpoint.Here("keeper.journal.before")
	n, err := unix.Write(j.fd, line)
	failpoint.Here("keeper.journal.appended")
	j.size += int64(max(n, 0))
	if err == nil && n < len(line) {
		err = syscall.ENOSPC
	}
	if j.torn = err != nil && n > 0 || j.torn && err != nil; err != nil {
		return err
	}
	return nil
}

// compact rewrites the journal with what still matters, if it has grown well beyond that.
func (k *keeper) compact(always bool) {
	if !always && k.journal.size < journalMost {
		return
	}
	var live int64
	if !always {
		for _, l := range k.order {
			live += int64(len(l.meta))*4/3 + 512
		}
		if k.journal.size < 2*live {
			return
		}
	}
	var text []byte
	for _, l := range k.order {
		text = append(text, l.records(k.boot)...)
	}
	text = append(text, k.up.newer...)
	tmp := k.journal.path + ".new"
	failpoint.Here("keeper.journal.rewriting")
	if os.WriteFile(tmp, text, 0o600) != nil || unix.Rename(tmp, k.journal.path) != nil {
		unix.Unlink(tmp)
		return
	}
	failpoint.Here("keeper.journal.renamed")
	if k.journal.fd >= 0 {
		unix.Close(k.journal.fd)
	}
	k.journal = journal{path: k.journal.path, fd: -1}
}

// quarantine keeps what no keeper wrote, for whoever wants to know; at most a little.
func (k *keeper) quarantine(bad []string) {
	if len(bad) == 0 {
		return
	}
	text := strings.Join(bad, "\n") + "\n"
	os.WriteFile(k.journal.path+".bad", []byte(text[:min(len(text), 1<<20)]), 0o600)
	say("run/lives: skipped lines that no keeper wrote: see lives.bad")
}
