package keeper

import (
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// An upgrade is an exec in place: same pid, same children, same lock and listeners. First the daemon ends, having
// answered what it had accepted; clients that come meanwhile wait in the listener's queue. Then the program is
// replaced, takes up what the old one left open (handover.go), and starts its daemon. A program that does not live
// through its trial is left again for the one before (trial.go).

// upgrading is what a keeper knows of upgrades.
type upgrading struct {
	move   *move
	handed *handover
	trial  bool          // this program is on trial
	deaths int           // of the daemon, while on trial
	asking int           // stops whose first signal waits for the asker's end
	left   time.Time     // when it stopped serving, to become another
	pause  time.Duration // from the decision to exec until this program's loop began; 0: it was not handed over to
	news   string        // for the next daemon's event log
	newer  string        // lines of the journal that only a newer keeper understands; kept
}

// A move is an upgrade that was ordered.
type move struct {
	file, path string // the program, and the name that it is known by from then on
	version    string
	back       string // why, if it is the way back
	conn       *conn
	req        uint32
}

const (
	// moveMost is how long the daemon may take to answer what it has accepted.
	moveMost = 3 * time.Second
	// handoverVersion is that of what is passed over exec. A program says which one it takes: see Preflight.
	handoverVersion = 1
)

// orderUpgrade takes kUpgrade. The answer is a refusal, or the end of the connection.
func (k *keeper) orderUpgrade(c *conn, f frame) error {
	m := &move{conn: c, req: f.req}
	if err := each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tPath:
			m.file, m.path = string(v), string(v)
		case tVersion:
			m.version = string(v)
		}
	}); err != nil {
		return err
	}
	if err := k.mayMove(m); err != nil {
		k.fail(c, f.req, err)
		return nil
	}
	k.beginMove(m)
	return nil
}

func (k *keeper) mayMove(m *move) error {
	switch {
	case k.closing != nil:
		return refuse("upgrade", "", errText("kitt is shutting down"))
	case k.up.move != nil:
		return refuse("upgrade", "", errText("another upgrade is under way"))
	case !strings.HasPrefix(m.file, "/"):
		return refuse("upgrade", m.file, errText("not an absolute path"))
	}
	var st unix.Stat_t
	if err := unix.Stat(m.file, &st); err != nil {
		return refuse("upgrade", m.file, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return refuse("upgrade", m.file, errText("not a regular file"))
	}
	return wrapErrno("upgrade", m.file, unix.Access(m.file, unix.X_OK))
}

// beginMove asks the daemon to end. One that does not listen is ended.
func (k *keeper) beginMove(m *move) {
	k.up.move = m
	k.tellDaemons("upgrade", m.version)
	for i, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		k.after(time.Duration(i+1)*moveMost, func() {
			if k.up.move == m && k.daemon.pid > 0 {
				syscall.Kill(k.daemon.pid, sig)
			}
		})
	}
	k.moveOn()
}

// moveOn goes on with a move, from the loop itself, once nothing is in its way.
func (k *keeper) moveOn() {
	m := k.up.move
	if m == nil || k.daemon.pid != 0 || k.up.asking > 0 {
		return
	}
	k.after(0, func() {
		if k.up.move == m && k.daemon.pid == 0 && k.up.asking == 0 {
			k.replace(m)
		}
	})
}

// tellDaemons sends an event to whoever controls, and to the daemon that we started, fenced or not.
func (k *keeper) tellDaemons(what, text string) {
	for _, c := range k.conns {
		if c.trusted || c.epoch == k.epoch && c.epoch > 0 {
			at := len(c.out)
			c.out = endFrame(putString(putString(beginFrame(c.out, kEvent, 0), tKind, what), tText, text), at)
		}
	}
}

// replace becomes the other program. It returns only if that cannot be; then all is as it was.
func (k *keeper) replace(m *move) {
	err := error(refuse("upgrade", "", errText("kitt is shutting down")))
	if k.closing == nil {
		err = k.exec(m)
	}
	say(err.Error())
	k.up.move, k.up.news = nil, err.Error()
	if m.conn != nil && k.conns[m.conn.fd] == m.conn {
		k.fail(m.conn, m.req, err)
	}
	k.startDaemon()
	k.checkClosed()
}

// exec returns only with the reason why it could not be.
func (k *keeper) exec(m *move) error {
	k.up.left = time.Now()
	before, had := readTrial(k.opt.State)
	if err := k.opt.beginTrial(m, k.opt.Version); err != nil {
		return refuse("record upgrade", "", err)
	}
	fds, env, err := k.handOver()
	if err == nil {
		argv := append([]string{m.path}, os.Args[1:]...)
		err = syscall.Exec(m.file, argv, append(without(os.Environ(), handoverName), env))
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	if len(fds) > 0 {
		unix.Close(fds[0])
	}
	if had {
		before.save(k.opt.State)
	} else {
		dropTrial(k.opt.State)
	}
	return refuse("exec", m.file, err)
}

// movesDaemon is told that the daemon ended. It says whether the next step of an upgrade follows from that.
func (k *keeper) movesDaemon() bool {
	if k.up.move != nil {
		k.moveOn()
		return true
	}
	if !k.up.trial {
		return false
	}
	k.up.deaths++
	return k.up.deaths >= trialMost && k.goBack("its daemon ended "+itoa(trialMost)+" times within "+itoa(int(trialFor/time.Second))+" s")
}

// goBack orders the way back to the program before. False means that there is none.
func (k *keeper) goBack(why string) bool {
	k.up.trial = false
	m := &move{file: Previous(k.opt.State), path: k.opt.name(), back: why}
	if err := k.mayMove(m); err != nil {
		say("upgrade: " + why + "; there is no way back: " + err.Error())
		return false
	}
	say("upgrade: " + why + "; going back to the program before")
	k.beginMove(m)
	return true
}

// name is the path that the keeper is known by: argv[0] of the next program.
func (o Options) name() string {
	if o.Exe != "" {
		return o.Exe
	}
	return os.Args[0]
}

func without(env []string, name string) (out []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, name+"=") {
			out = append(out, e)
		}
	}
	return out
}
