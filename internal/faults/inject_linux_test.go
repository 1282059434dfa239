package faults

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() { roles["inject"] = asInjected; roles["filter"] = asFiltered }

// An injector stands between the keeper and the kernel: the system calls it knows come to it first, and it has them
// fail as long as it is told to. All else, and all other processes, go on as ever.
type injector struct {
	fd     int
	mu     sync.Mutex
	target int
	fail   map[uintptr]unix.Errno
	hits   int
	tgids  map[uint32]int
	done   chan struct{}
}

// injected are the calls that pass by an injector.
var injected = []uint32{unix.SYS_SPLICE, unix.SYS_WRITE, unix.SYS_OPENAT, unix.SYS_CLONE, unix.SYS_CLONE3}

// inject has the next command, and all that it starts, run under an injector, which it returns once that is begun.
func (w *world) inject(args ...string) *injector {
	w.Helper()
	path := filepath.Join(w.home, "i.sock")
	sock, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	w.ok(err)
	defer sock.Close()
	w.before = own("inject", path)
	got := make(chan int, 1)
	go func() { got <- takeFd(sock) }() // ended by the command's connection, or by the deadline
	_ = sock.SetDeadline(time.Now().Add(patience))
	cmd := w.command(args...)
	w.before = nil
	w.ok(cmd.Start())
	in := &injector{fd: <-got, fail: map[uintptr]unix.Errno{}, tgids: map[uint32]int{}, done: make(chan struct{})}
	if in.fd < 0 {
		_ = cmd.Wait()
		w.Skip("needs seccomp user notification to provoke the fault")
	}
	go in.run() // ended by the end of the last process under it
	w.after = append(w.after, func() {
		select {
		case <-in.done:
		case <-time.After(patience):
			w.Error("the injector still has processes")
		}
	})
	if err := cmd.Wait(); err != nil {
		w.Fatalf("kitt %s: %v", args, err)
	}
	in.target = w.keeper()
	return in
}

func takeFd(l *net.UnixListener) int {
	c, err := l.AcceptUnix()
	if err != nil {
		return -1
	}
	defer c.Close()
	oob, b := make([]byte, 64), make([]byte, 1)
	_, n, _, _, err := c.ReadMsgUnix(b, oob)
	if err != nil {
		return -1
	}
	msgs, _ := unix.ParseSocketControlMessage(oob[:n])
	for i := range msgs {
		if fds, err := unix.ParseUnixRights(&msgs[i]); err == nil && len(fds) > 0 {
			unix.CloseOnExec(fds[0])
			return fds[0]
		}
	}
	return -1
}

// set has calls fail from now on; with 0 they go on again.
func (in *injector) set(errno unix.Errno, calls ...uintptr) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, c := range calls {
		in.fail[c] = errno
	}
	in.hits = 0
}

// failed is how many calls were made to fail since set.
func (in *injector) failed() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.hits
}

type notice struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type verdict struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

const (
	noticeRecv = 0xc0502100 // SECCOMP_IOCTL_NOTIF_RECV
	noticeSend = 0xc0182101 // SECCOMP_IOCTL_NOTIF_SEND
)

func (in *injector) run() {
	defer close(in.done)
	defer unix.Close(in.fd)
	for {
		p := []unix.PollFd{{Fd: int32(in.fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, -1); err == unix.EINTR {
			continue
		}
		if p[0].Revents&unix.POLLIN == 0 {
			return // nobody is left
		}
		var n notice
		if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(in.fd), noticeRecv, uintptr(unsafe.Pointer(&n))); e != 0 {
			continue
		}
		v := verdict{id: n.id, flags: 1} // go on
		if e := in.judge(&n); e != 0 {
			v = verdict{id: n.id, errno: -int32(e)}
		}
		unix.Syscall(unix.SYS_IOCTL, uintptr(in.fd), noticeSend, uintptr(unsafe.Pointer(&v)))
	}
}

func (in *injector) judge(n *notice) unix.Errno {
	in.mu.Lock()
	defer in.mu.Unlock()
	e := in.fail[uintptr(n.nr)]
	if e == 0 || in.tgid(n.pid) != in.target || n.nr == unix.SYS_CLONE && n.args[0]&unix.CLONE_THREAD != 0 {
		return 0
	}
	in.hits++
	return e
}

// tgid is the process of a thread.
func (in *injector) tgid(tid uint32) int {
	if pid, ok := in.tgids[tid]; ok {
		return pid
	}
	_, rest, _ := strings.Cut(read(fmt.Sprintf("/proc/%d/status", tid)), "\nTgid:\t")
	pid, _ := strconv.Atoi(strings.TrimSpace(rest[:max(0, strings.IndexByte(rest, '\n'))]))
	in.tgids[tid] = pid
	return pid
}

// asInjected puts the filter in place, hands its other end to SOCKET, and becomes the command: @inject SOCKET CMD...
func asInjected(args []string) int {
	runtime.LockOSThread()
	fd, err := filter(unix.SECCOMP_RET_USER_NOTIF, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, injected)
	if err == nil {
		err = giveFd(args[0], fd)
	}
	if err == nil {
		err = syscall.Exec(args[1], args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "inject:", err)
	return 1
}

func giveFd(path string, fd int) error {
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path})
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = c.WriteMsgUnix([]byte{0}, unix.UnixRights(fd), nil)
	return err
}

// asFiltered has system calls fail for a command, and for all that it starts, for ever: @filter ERRNO NR CMD...
func asFiltered(args []string) int {
	runtime.LockOSThread()
	errno, _ := strconv.Atoi(args[0])
	nr, _ := strconv.Atoi(args[1])
	_, err := filter(unix.SECCOMP_RET_ERRNO|uint32(errno), 0, []uint32{uint32(nr)})
	if err == nil {
		err = syscall.Exec(args[2], args[2:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "filter:", err)
	return 1
}

// filter has these calls of this thread answered by what; it holds over exec and fork.
func filter(what uint32, flags uintptr, calls []uint32) (int, error) {
	prog := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for _, nr := range calls {
		prog = append(prog, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: nr},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: what})
	}
	prog = append(prog, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, err
	}
	p := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	fd, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&p)))
	runtime.KeepAlive(prog)
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}

// withoutSplice is a command under which bytes can only be moved by way of a page: the pump of other systems.
func withoutSplice() []string {
	return own("filter", strconv.Itoa(int(unix.ENOSYS)), strconv.Itoa(unix.SYS_SPLICE))
}

// keepersCPU is how much of a processor the keeper uses over a second.
func (w *world) keepersCPU(t *testing.T) float64 {
	t.Helper()
	pid := w.keeper()
	time.Sleep(time.Second) // what came before calms down
	used, began := cpu(pid), time.Now()
	time.Sleep(time.Second)
	return float64(cpu(pid)-used) / float64(time.Since(began))
}
