package keeper

import (
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// leastFree is how many descriptors must be left for one more life.
const leastFree = 32

// spawn begins a life, or returns the one of that name: asking twice is asking once. After an error nothing of it
// is left: no descriptor, no FIFO, no record.
func (k *keeper) spawn(s *Spawn) (*life, error) {
	if l := k.lives[s.Life]; l != nil {
		return l, nil
	}
	if err := checkSpawn(s); err != nil {
		return nil, err
	}
	if err := k.roomLeft(); err != nil {
		return nil, err
	}
	k.trimLater()
	l := newLife(s)
	var app [4]int
	for i, st := range []*stream{&l.out, &l.err} {
		fd, err := k.makeStream(st)
		if err != nil {
			k.undo(l, app[:i], false)
			return nil, refuse("make fifo", st.fifo, err)
		}
		app[i] = fd
	}
	var err error
	if app[2], err = k.openChannel(l, s); err != nil {
		k.undo(l, app[:2], false)
		return nil, err
	}
	if app[3], err = k.openStdin(l, s); err != nil {
		k.undo(l, app[:3], false)
		return nil, err
	}
	sockets, err := k.openListen(l, s)
	if err != nil {
		k.undo(l, app[:], false)
		return nil, err
	}
	failpoint.Here("keeper.spawn.fifos")
	dir, cgroup := k.forest.plant()
	l.cgroup = dir
	if err := k.write(l, l.spawnRecord()); err != nil {
		closeFd(cgroup)
		k.undo(l, app[:], false)
		return nil, refuse("record", s.Life, err)
	}
	failpoint.Here("keeper.spawn.recorded")
	k.offerNow(l)
	err = k.fork(l, s, app, sockets, cgroup)
	failpoint.Here("keeper.spawn.forked")
	closeFd(cgroup)
	if err != nil {
		k.undo(l, app[:], true)
		return nil, err
	}
	unix.Close(app[0])
	unix.Close(app[1])
	closeFd(app[2])
	closeFd(app[3])
	k.born(l)
	failpoint.Here("keeper.spawn.kept")
	return l, nil
}

// born takes note of a process that runs now.
func (k *keeper) born(l *life) {
	raiseOOM(l.pid, k.oom)
	p, _ := lookAt(l.pid)
	l.ident, l.started = p.ident, time.Now()
	k.write(l, record{op: "born", t: l.started.UnixNano(), pid: l.pid, ident: l.ident})
	failpoint.Here("keeper.spawn.born")
	k.keep(l)
	k.watchProcess(l)
	k.offerNow(l)
}

// undo takes back what spawn made.
func (k *keeper) undo(l *life, app []int, recorded bool) {
	for _, fd := range app {
		closeFd(fd)
	}
	l.closeChannel()
	k.dropStdin(l)
	for _, s := range []*stream{&l.out, &l.err} {
		k.closeStream(s)
		unix.Unlink(k.fifoPath(s))
	}
	k.releaseSockets()
	fell(l.cgroup)
	if recorded {
		k.write(l, record{op: "gone"})
		k.offerNow(l)
	}
}

func closeFd(fd int) {
	if fd >= 0 {
		unix.Close(fd)
	}
}

func checkSpawn(s *Spawn) error {
	switch {
	case s.Life == "" || len(s.Life) > 1024 || strings.IndexByte(s.Life, 0) >= 0:
		return refuse("spawn", "", errText("bad name of a life"))
	case !strings.HasPrefix(s.Path, "/"):
		return refuse("exec", s.Path, errText("not an absolute path"))
	case len(s.Argv) == 0:
		return refuse("exec", s.Path, errText("no arguments"))
	case len(s.Meta) > 32<<10:
		return refuse("spawn", s.Life, errText("meta is larger than 32 KiB"))
	case s.Log.Dir != "" && !strings.HasPrefix(s.Log.Dir, "/"):
		return refuse("spawn", s.Life, errText("log folder is not an absolute path"))
	case !validMode(s.KillMode):
		return refuse("spawn", s.Life, errText("kill mode is not tree, group or process"))
	}
	return nil
}

func validMode(m string) bool { return m == "" || m == "tree" || m == "group" || m == "process" }

// roomLeft refuses before descriptors run out, so that control always has some.
func (k *keeper) roomLeft() error {
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) != nil {
		return nil
	}
	fd, err := unix.FcntlInt(uintptr(k.null), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd) // the lowest that is free: all below are taken
	}
	if err != nil || uint64(fd)+leastFree > uint64(lim.Cur) {
		return refuse("spawn", "", syscall.EMFILE)
	}
	return nil
}

// fork starts the program. A cgroup that children may not enter is done without.
func (k *keeper) fork(l *life, s *Spawn, app [4]int, sockets []uintptr, cgroup int) error {
	pid, err := k.forkInto(l, s, app, sockets, cgroup)
	if err != nil && cgroup >= 0 && cgroupRefused(err) {
		if pid, err = k.forkInto(l, s, app, sockets, -1); err == nil {
			fell(l.cgroup)
			l.cgroup = ""
			k.forest.giveUp()
			k.write(l, l.spawnRecord())
		}
	}
	if err != nil {
		return explainFork(s, err)
	}
	l.pid, l.child = pid, true
	return nil
}

func cgroupRefused(err error) bool {
	switch err {
	case syscall.EACCES, syscall.EPERM, syscall.EBUSY, syscall.EOPNOTSUPP, syscall.EINVAL, syscall.ENODEV, syscall.ENOSYS:
		return true
	}
	return false
}

func (k *keeper) forkInto(l *life, s *Spawn, app [4]int, sockets []uintptr, cgroup int) (int, error) {
	env := make([]string, 0, len(s.Env)+1)
	for _, e := range s.Env {
		if !strings.HasPrefix(e, cookieName+"=") {
			env = append(env, e)
		}
	}
	attr := &syscall.ProcAttr{Dir: s.Cwd, Env: append(env, cookieName+"="+s.Life), Sys: childAttr(&l.pidfd, cgroup),
		Files: []uintptr{uintptr(k.null), uintptr(app[0]), uintptr(app[1])}}
	if app[3] >= 0 {
		attr.Files[0] = uintptr(app[3])
	}
	attr.Files = append(attr.Files, sockets...) // firstSocket
	if app[2] >= 0 {
		attr.Files = append(attr.Files, uintptr(app[2])) // channelFD, or behind the sockets
	}
	if s.SetUser {
		attr.Sys.Credential = &syscall.Credential{Uid: s.UID, Gid: s.GID, Groups: s.Groups}
	}
	// The umask is the process's. No other goroutine of the keeper makes files, so it may be lent to the child.
	old := unix.Umask(s.Umask & 0o777)
	pid, err := syscall.ForkExec(s.Path, s.Argv, attr)
	unix.Umask(old)
	return pid, err
}

// explainFork says at which stage a start failed. The system tells only the number, so the stages are tried again.
func explainFork(s *Spawn, err error) error {
	switch err {
	case syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE:
		return refuse("fork", "", err)
	}
	if s.Cwd != "" {
		if e := chdirError(s.Cwd); e != nil {
			return refuse("chdir", s.Cwd, e)
		}
	}
	if err == syscall.EPERM && s.SetUser && unix.Geteuid() != 0 {
		return refuse("set user", "", err)
	}
	return refuse("exec", s.Path, err)
}

func chdirError(dir string) error {
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return syscall.ENOTDIR
	}
	return unix.Access(dir, unix.X_OK)
}
