//go:build linux

package torture

import (
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var roles = map[string]func(args []string) int{"mortal": mortal, "flood": flood, "line": line, "crash": crash, "sleep": sleep, "stub": stub, "child": child}

// enter notes that a life began, and that it is no twin: the lock is held as long as the process lives.
func enter() (inst, run string) {
	inst, life, run := myself()
	note("begin %s %s %s", inst, run, life)
	f, err := syscall.Open(os.Getenv("TORTURE_DIR")+"/lock."+inst, syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		panic(err)
	}
	if syscall.Flock(f, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		note("twin %s %s", inst, run)
	}
	return inst, run
}

// A scribe writes numbered lines to one stream, and keeps count where no death loses it: on a mapped page.
type scribe struct {
	fd    int
	head  string
	n     uint64
	tried *atomic.Uint64 // lines handed to write(2)
	done  *atomic.Uint64 // lines that it took
	rng   *rand.Rand
	buf   []byte
}

func newScribe(inst, run, stream string, fd int) *scribe {
	page, err := os.OpenFile(os.Getenv("TORTURE_DIR")+"/count."+run+"."+stream, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		panic(err)
	}
	defer page.Close()
	if err := page.Truncate(16); err != nil {
		panic(err)
	}
	mem, err := syscall.Mmap(int(page.Fd()), 0, 16, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	u := unsafe.Slice((*atomic.Uint64)(unsafe.Pointer(&mem[0])), 2)
	return &scribe{fd: fd, head: "@" + inst + "/" + run + "/" + stream + "/", tried: &u[1], done: &u[0],
		rng: rand.New(rand.NewPCG(uint64(pidOf(run)), uint64(fd)))}
}

// write hands some lines to one write(2), of so many bytes at most, and returns how many bytes that were.
func (s *scribe) write(most int) int {
	s.buf = s.buf[:0]
	n := s.n
	for len(s.buf) == 0 || len(s.buf) < most {
		s.buf = s.line(s.buf, n)
		n++
	}
	s.tried.Store(n)
	for b := s.buf; len(b) > 0; {
		k, err := syscall.Write(s.fd, b)
		if err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			note("refused %s %s", s.head, err.Error())
			os.Exit(99)
		}
		b = b[max(k, 0):]
	}
	s.n = n
	s.done.Store(n)
	return len(s.buf)
}

const pad = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnop"

// line appends the nth line: @INST/RUN/STREAM/N:pad:CRC$ and a line break. Now and then one is longer than a pipe's page.
func (s *scribe) line(b []byte, n uint64) []byte {
	at := len(b)
	b = append(b, s.head...)
	b = strconv.AppendUint(b, n, 10)
	b = append(b, ':')
	b = append(b, pad[:n*7%uint64(len(pad))]...)
	if n%1009 == 1008 {
		for range 60 {
			b = append(b, pad...)
		}
	}
	b = append(b, ':')
	const digits = "0123456789abcdef"
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE(b[at:]))
	for _, c := range sum {
		b = append(b, digits[c>>4], digits[c&15])
	}
	return append(b, '$', '\n')
}

// told is a switch that SIGTERM turns on.
func told() func() bool {
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGTERM)
	return func() bool { return len(got) > 0 }
}

// flood writes as fast as it can for as long as it lives.
func flood([]string) int {
	end := told()
	inst, run := enter()
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 10) // the others need the machine too
	out := newScribe(inst, run, "out", 1)
	for !end() {
		out.write(1 << out.rng.IntN(17))
	}
	note("exit %s %s exit 0", inst, run)
	return 0
}

// line writes to both streams as fast as it can, in bursts, so that all of it can be kept and looked at. Its argument is
// the bytes of a burst.
func line(args []string) int {
	end := told()
	inst, run := enter()
	burst, _ := strconv.Atoi(args[0])
	scribes := []*scribe{newScribe(inst, run, "out", 1), newScribe(inst, run, "err", 2)}
	for !end() {
		for _, s := range scribes {
			for n := 0; n < burst && !end(); {
				n += s.write(1 << s.rng.IntN(17))
			}
		}
		time.Sleep(time.Duration(scribes[0].rng.IntN(100)) * time.Millisecond)
	}
	note("exit %s %s exit 0", inst, run)
	return 0
}

// crash says a few words and ends, each time in another way.
func crash([]string) int {
	inst, run := enter()
	s := newScribe(inst, run, "out", 1)
	r := s.rng
	time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
	s.write(1 << r.IntN(12))
	if r.IntN(4) == 0 { // what it leaves has to end with it
		bear(inst, run, r.IntN(2) == 0, "deaf")
	}
	signal.Ignore(syscall.SIGTERM) // from here on it ends as it says
	switch how := r.IntN(8); how {
	case 0:
		note("exit %s %s signal 9", inst, run)
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	case 1, 2: // by a signal that Go's runtime would keep for itself
		sig := []int{11, 6, 7, 4}[r.IntN(4)]
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
		note("exit %s %s signal %d", inst, run, sig)
		_ = syscall.Exec("/bin/sh", []string{"sh", "-c", "kill -" + strconv.Itoa(sig) + " $$"}, []string{"KITT_LIFE=" + os.Getenv("KITT_LIFE")})
	}
	code := r.IntN(256)
	note("exit %s %s exit %d", inst, run, code)
	return code
}

// sleep does nothing, with two children: one in a session of its own.
func sleep(args []string) int {
	inst, run := enter()
	bear(inst, run, false, args...)
	bear(inst, run, true, args...)
	return child(nil)
}

// bear starts a child, in a session of its own or not.
func bear(inst, run string, setsid bool, args ...string) {
	cmd := exec.Command(os.Args[0], append([]string{"@child"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: setsid}
	if cmd.Start() != nil {
		return
	}
	if c, ok := runOf(cmd.Process.Pid); ok {
		note("child %s %s %s", inst, run, c)
	}
}

// stub does not end when told to, and neither do its children.
func stub([]string) int {
	signal.Ignore(syscall.SIGTERM)
	return sleep([]string{"deaf"})
}

func child(args []string) int {
	if len(args) > 0 {
		signal.Ignore(syscall.SIGTERM)
	}
	for {
		time.Sleep(time.Hour)
	}
}

// mortal lives until it is told to end by a file, and ends with 7.
func mortal([]string) int {
	inst, run := enter()
	for {
		if _, err := os.Stat(os.Getenv("TORTURE_DIR") + "/die"); err == nil {
			note("exit %s %s exit 7", inst, run)
			return 7
		}
		time.Sleep(2 * time.Millisecond)
	}
}
