package keeper

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// Options say where a keeper lives and what its daemon is.
type Options struct {
	Home       string   // KITT_HOME: names this kitt; optional
	Run        string   // sockets, lock, FIFOs, journal; made if missing, 0700
	State      string   // made if missing, 0700; "" is none
	Exe        string   // the daemon's program, by the path it is known by; "" runs without a daemon
	Program    string   // StartDetached: the file to exec; "" is that of this process
	DaemonArgs []string // its arguments, without argv[0]
	Service    bool     // started by a service manager: stay in its session
	Stderr     string   // log file of the daemon, and of a detached keeper
	Version    string   // told to clients
	Copy       bool     // move bytes by a mapped page even where splice works
	Scan       bool     // find trees by looking at every process even where there are cgroups
	Detach     bool     // begin a session of its own
	Memory     bool     // FIFOs may lie in memory, outside of Run
	Ready      func()   // called once, when the sockets are bound and the lives of this boot are found; may be nil

	lockFd int
	handed *handover
}

// cookieName is the variable by which a process is known to belong to a life.
const cookieName = "KITT_LIFE"

// Run is the keeper process: it returns its exit status, 0 also when another keeper is there already. Call it as
// the first statement of main.
func Run(opt Options) int {
	debug.SetGCPercent(25)
	runtime.GOMAXPROCS(1)
	unix.Umask(0o077)
	trial, news := opt.start()
	opt.handed = takeHandover()
	keepFromChildren()
	opt.keepImage()
	if opt.Detach {
		unix.Setsid()
	}
	if err := opt.makeDirs(); err != nil {
		return die(err)
	}
	lock, err := opt.lock(time.Second)
	if err == syscall.EWOULDBLOCK {
		say("another keeper runs in " + opt.Run)
		return 0
	} else if err != nil {
		return die(refuse("lock", opt.Run+"/keeper.lock", err))
	}
	if err := opt.lockHome(); err == syscall.EWOULDBLOCK {
		say("another keeper runs in " + opt.Home)
		return 0
	} else if err != nil {
		return die(refuse("lock", opt.Home, err))
	}
	k, err := newKeeper(opt)
	if err != nil {
		return die(err)
	}
	k.opt.lockFd = lock // held until the process ends
	failpoint.Here("keeper.lock.taken")
	k.up.trial, k.up.news = trial, news
	k.passTrial()
	k.adopt()
	k.handedOver()
	k.watchRun()
	k.startDaemon()
	k.holdLeash()
	if opt.Ready != nil {
		opt.Ready()
	}
	code := k.loop()
	k.removeHome()
	return code
}

func die(err error) int {
	say(err.Error())
	return 1
}

// say writes a line to stderr: a log file, the journal of the service manager, or nothing.
func say(text string) { os.Stderr.WriteString("kitt keeper: " + text + "\n") }

// makeDirs makes the folders that nobody else may look into, and refuses what looks like a trap.
func (o Options) makeDirs() error {
	for _, dir := range []string{o.State, o.Run} {
		if dir == "" {
			continue
		}
		if err := makePrivate(dir); err != nil {
			return err
		}
	}
	return o.makeFifos()
}

type errText string

func (e errText) Error() string { return string(e) }

// lock makes this the only keeper. A child that a killed keeper was just forking holds the lock until its exec, so
// it is tried for a while; but not while a keeper answers: if that is told to end meanwhile, everything is to stay down.
func (o Options) lock(most time.Duration) (fd int, err error) {
	if o.handed != nil {
		return o.handed.lock, nil
	}
	fd, err = unix.Open(o.Run+"/keeper.lock", unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return -1, err
	}
	for end := time.Now().Add(most); ; time.Sleep(10 * time.Millisecond) {
		if err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != unix.EWOULDBLOCK || time.Now().After(end) || o.answers() {
			return fd, err
		}
	}
}

// answers tells whether a living keeper says hello. That somebody listens tells nothing: the very child that holds the
// lock of a killed keeper holds its sockets too.
func (o Options) answers() bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	if unix.Connect(fd, &unix.SockaddrUnix{Name: o.Run + "/keeper.sock"}) != nil {
		return false
	}
	b := putInt(putInt(beginFrame(nil, kHello, 1), tMin, protoMin), tMax, protoMax)
	if _, err := unix.Write(fd, endFrame(putString(b, tRole, "cli"), 0)); err != nil {
		return false
	}
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 50)
	if err != nil || n == 0 {
		return false
	}
	n, err = unix.Read(fd, make([]byte, 64))
	return err == nil && n > 0
}

// maxPath is what sun_path takes on the narrowest system.
const maxPath = 103

// vacant says whether a socket may be bound at path: there is nothing, or a stale one of ours.
func vacant(path string) error {
	if len(path) > maxPath {
		return refuse("bind", path, errText("socket path is too long; choose a shorter folder with --home"))
	}
	var st unix.Stat_t
	switch err := unix.Lstat(path, &st); {
	case err != nil:
		return nil
	case st.Mode&unix.S_IFMT != unix.S_IFSOCK:
		return refuse("bind", path, errText("something that is no socket is in its place; remove it"))
	case int(st.Uid) != unix.Geteuid():
		return refuse("bind", path, errText("the socket there belongs to another user"))
	}
	return nil
}

// listen binds a socket at run/name, in place of a stale one. Only with the lock held.
func (o Options) listen(name string) (int, error) {
	path, tmp := o.Run+"/"+name, o.Run+"/k.new"
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, refuse("bind", path, err)
	}
	unix.CloseOnExec(fd)
	unix.SetNonblock(fd, true)
	unix.Unlink(tmp)
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: tmp}); err == nil {
		if err = unix.Chmod(tmp, 0o600); err == nil {
			if err = unix.Listen(fd, 1024); err == nil {
				failpoint.Here("keeper.listen.bound")
				err = unix.Rename(tmp, path)
			}
		}
	}
	if err != nil {
		unix.Close(fd)
		return -1, refuse("bind", path, err)
	}
	return fd, nil
}

// catchSignals turns signals into bytes on a pipe, whose read end it returns. The goroutine lives as long as the
// process: there is nobody to wait for it.
func catchSignals() (int, error) {
	var p [2]int
	if err := unix.Pipe(p[:]); err != nil {
		return -1, err
	}
	for _, fd := range p {
		unix.CloseOnExec(fd)
		unix.SetNonblock(fd, true)
	}
	got := make(chan os.Signal, 16)
	signal.Notify(got, syscall.SIGCHLD, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1)
	go func() {
		for s := range got {
			unix.Write(p[1], []byte{byte(s.(syscall.Signal))})
		}
	}()
	return p[0], nil
}
