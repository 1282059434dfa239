package keeper

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A process as the system shows it. ident is its start time, which with the pid and the boot names it for good.
type process struct {
	pid, ppid, pgid, sid int
	ident                uint64
	state                byte // 'Z' is dead and not reaped
	status               int  // wait status of a dead one, where we may see it
}

// bootID names this boot of the machine.
func bootID() string { return strings.TrimSpace(readSmall("/proc/sys/kernel/random/boot_id")) }

// readSmall reads a file of at most 64 KiB with as little as can be; "" if that cannot be.
func readSmall(path string) string {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	var small [1024]byte
	n, err := unix.Read(fd, small[:])
	if err != nil || n < 0 {
		return ""
	}
	if n < len(small) {
		return string(small[:n])
	}
	text := append(make([]byte, 0, 8192), small[:]...)
	var more [4096]byte
	for n > 0 && len(text) < 1<<16 {
		if n, err = unix.Read(fd, more[:]); err != nil {
			return ""
		}
		text = append(text, more[:max(n, 0)]...)
	}
	return string(text)
}

// readWhole reads a file of any size as it is now.
func readWhole(path string) (text []byte, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var b [4096]byte
	for {
		n, err := unix.Read(fd, b[:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return text, err
		}
		text = append(text, b[:n]...)
	}
}

func lookAt(pid int) (process, bool) {
	return parseStat(readSmall("/proc/" + strconv.Itoa(pid) + "/stat"))
}

// parseStat reads /proc/PID/stat: the name, in brackets, may hold anything, brackets too.
func parseStat(s string) (p process, ok bool) {
	head, _, _ := strings.Cut(s, " ")
	end := strings.LastIndexByte(s, ')')
	if end < 0 {
		return p, false
	}
	f := strings.Fields(s[end+1:])
	if len(f) < 20 {
		return p, false
	}
	p.pid, _ = strconv.Atoi(head)
	p.state = f[0][0]
	p.ppid, _ = strconv.Atoi(f[1])
	p.pgid, _ = strconv.Atoi(f[2])
	p.sid, _ = strconv.Atoi(f[3])
	p.ident, _ = strconv.ParseUint(f[19], 10, 64)
	if len(f) > 49 {
		p.status, _ = strconv.Atoi(f[49])
	}
	return p, p.pid > 0
}

func (p process) dead() bool { return p.state == 'Z' || p.state == 'X' }

// everyProcess lists the processes of the system that can be seen.
func everyProcess() (out []process) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, n := range names {
		if n[0] < '0' || n[0] > '9' {
			continue
		}
		pid, err := strconv.Atoi(n)
		if err != nil {
			continue
		}
		if p, ok := lookAt(pid); ok {
			out = append(out, p)
		}
	}
	return out
}

// cookieOf is the KITT_LIFE that a process was started with; seen is false if its environment cannot be read.
func cookieOf(pid int) (life string, seen bool) {
	env := readSmall("/proc/" + strconv.Itoa(pid) + "/environ")
	for rest := env; rest != ""; {
		var kv string
		kv, rest, _ = strings.Cut(rest, "\x00")
		if v, ok := strings.CutPrefix(kv, cookieName+"="); ok {
			return v, true
		}
	}
	return "", env != "" && len(env) < 1<<16
}

// openProcess returns a pidfd. The caller verifies who it is after it has it.
func openProcess(pid int) (int, error) { return unix.PidfdOpen(pid, 0) }

// signalProcess signals the very process that pidfd stands for.
func signalProcess(pidfd, _ int, _ uint64, sig syscall.Signal) error {
	if pidfd < 0 {
		return syscall.ESRCH
	}
	return unix.PidfdSendSignal(pidfd, sig, nil, 0)
}

// peekChild tells how a child ended and leaves it unreaped, so that its pid and group stay reserved.
func peekChild(pid int, _ ready) (Exit, bool) {
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil); err != nil {
		return Exit{}, err != unix.EINTR
	}
	if info.Signo == 0 {
		return Exit{}, false
	}
	status := siginfoInts(&info)[2]
	x := Exit{How: "exit", Code: int(status), At: time.Now()}
	if info.Code != 1 { // CLD_EXITED; else CLD_KILLED or CLD_DUMPED
		x = Exit{How: "signal", Signal: syscall.Signal(status), Core: info.Code == 3, At: time.Now()}
	}
	return x, true
}

// siginfoInts are pid, uid and status, which x/sys does not name.
func siginfoInts(info *unix.Siginfo) [3]int32 {
	at := 12
	if unsafe.Sizeof(uintptr(0)) == 8 {
		at = 16
	}
	return *(*[3]int32)(unsafe.Add(unsafe.Pointer(info), at))
}

// deadChild returns the pid of some child that is dead and not reaped, or 0.
func deadChild() int {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
	if err != nil || info.Signo == 0 {
		return 0
	}
	return int(siginfoInts(&info)[0])
}

// exitOfStranger tells how a process that is not our child ended. final is false if it may be told later, when
// its parent has reaped it.
func exitOfStranger(pidfd, pid int, ident uint64, r ready) (x Exit, final bool) {
	if p, ok := lookAt(pid); ok && p.ident == ident && p.dead() && maySee(pid) {
		return exitOf(syscall.WaitStatus(p.status)), true
	}
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	if err := unix.IoctlPidfdInfo(pidfd, &info); err == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0 {
		return exitOf(syscall.WaitStatus(info.Exit_code)), true
	}
	return Exit{How: "unknown", At: time.Now()}, r.hup
}

// maySee says whether /proc/PID/stat shows us the status, not a zero in its place.
func maySee(pid int) bool {
	var st unix.Stat_t
	euid := unix.Geteuid()
	return euid == 0 || unix.Stat("/proc/"+strconv.Itoa(pid), &st) == nil && int(st.Uid) == euid
}

// raiseOOM makes the kernel rather end the child than the keeper when memory is short.
func raiseOOM(pid, own int) {
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	unix.Write(fd, []byte(strconv.Itoa(min(own+100, 1000))))
	unix.Close(fd)
}

func ownOOM() int {
	n, _ := strconv.Atoi(strings.TrimSpace(readSmall("/proc/self/oom_score_adj")))
	return n
}

// becomeReaper makes orphans of the trees land here, where they can be found and reaped.
func becomeReaper() { unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// ownChildren lists the pids of this process's children; ok is false where the system cannot tell.
func ownChildren() (pids []int, ok bool) { return childrenOf(unix.Getpid()) }

// childrenOf lists the pids of a process's children, whichever of its threads they hang under.
func childrenOf(pid int) (pids []int, ok bool) {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task"
	dir, err := os.Open(tasks)
	if err != nil {
		return nil, false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, t := range names {
		b, err := readWhole(tasks + "/" + t + "/children")
		if err != nil {
			return nil, false
		}
		for _, f := range strings.Fields(string(b)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, true
}

func childAttr(pidfd *int, cgroup int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, PidFD: pidfd, UseCgroupFD: cgroup >= 0, CgroupFD: max(cgroup, 0)}
}
