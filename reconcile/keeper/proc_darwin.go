package keeper

import (
	"bytes"
	"encoding/binary"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process as the system shows it. ident is its start time in microseconds.
type process struct {
	pid, ppid, pgid, sid int
	ident                uint64
	state                byte // 'Z' is dead and not reaped
}

// bootID names this boot of the machine.
func bootID() string {
	s, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(s)
}

func fromKinfo(k *unix.KinfoProc) process {
	p := process{pid: int(k.Proc.P_pid), ppid: int(k.Eproc.Ppid), pgid: int(k.Eproc.Pgid), state: 'R'}
	p.ident = uint64(k.Proc.P_starttime.Sec)*1e6 + uint64(k.Proc.P_starttime.Usec)
	if k.Proc.P_stat == 5 { // SZOMB
		p.state = 'Z'
	}
	p.sid, _ = unix.Getsid(p.pid)
	return p
}

func lookAt(pid int) (process, bool) {
	k, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(k.Proc.P_pid) != pid {
		return process{}, false
	}
	return fromKinfo(k), true
}

func (p process) dead() bool { return p.state == 'Z' }

// everyProcess lists the processes of the system that can be seen.
func everyProcess() (out []process) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil
	}
	for i := range all {
		out = append(out, fromKinfo(&all[i]))
	}
	return out
}

// cookieOf is the KITT_LIFE that a process was started with; seen is false if its environment cannot be read.
// The layout of kern.procargs2: int32 argc, path, zeros, argc arguments, the environment.
func cookieOf(pid int) (life string, seen bool) {
	b, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(b) < 4 {
		return "", false
	}
	argc := int(binary.LittleEndian.Uint32(b))
	b = b[4:]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = bytes.TrimLeft(b[i:], "\x00")
	}
	for n := 0; len(b) > 0; n++ {
		word, rest, _ := bytes.Cut(b, []byte{0})
		b = rest
		if n < argc {
			continue
		}
		if len(word) == 0 {
			break
		}
		if v, ok := bytes.CutPrefix(word, []byte(cookieName+"=")); ok {
			return string(v), true
		}
		seen = true
	}
	return "", seen
}

// openProcess has nothing to open here: identity is the start time.
func openProcess(pid int) (int, error) {
	if _, ok := lookAt(pid); !ok {
		return -1, syscall.ESRCH
	}
	return -1, nil
}

// signalProcess verifies, then signals: best effort, the system has no safer way without private calls.
func signalProcess(_, pid int, ident uint64, sig syscall.Signal) error {
	if p, ok := lookAt(pid); !ok || p.ident != ident || pid <= 1 {
		return syscall.ESRCH
	}
	return syscall.Kill(pid, sig)
}

// peekChild tells how a child ended and leaves it unreaped: kqueue told it with the end itself.
func peekChild(_ int, r ready) (Exit, bool) {
	if !r.hasStatus {
		return Exit{}, false
	}
	return exitOf(syscall.WaitStatus(r.status)), true
}

// deadChild cannot be asked without reaping; orphans go to launchd here, and lives are watched one by one.
func deadChild() int { return 0 }

// exitOfStranger tells how a process that is not our child ended.
func exitOfStranger(_, _ int, _ uint64, r ready) (x Exit, final bool) {
	if r.hasStatus {
		return exitOf(syscall.WaitStatus(r.status)), true
	}
	return Exit{How: "unknown", At: time.Now()}, true
}

func raiseOOM(int, int) {}

func ownOOM() int { return 0 }

func becomeReaper() {}

// ownChildren cannot be told cheaply here.
func ownChildren() (pids []int, ok bool) { return nil, false }

func childrenOf(int) (pids []int, ok bool) { return nil, false }

func childAttr(pidfd *int, _ int) *syscall.SysProcAttr {
	*pidfd = -1
	return &syscall.SysProcAttr{Setsid: true}
}
