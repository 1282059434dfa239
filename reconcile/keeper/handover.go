package keeper

import (
	"cmp"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What passes over exec: open descriptors, and a text that says which is which, in a file without a name.
//
//	kitt handover 1
//	keeper at=NS lock=FD api=FD sock=FD base=CGROUP n=N made=1
//	life name=NAME out=FD err=FD pid=FD chan=FD child=1 told=1 linger=1
//	socket owner=SHOP/WEB addr=ADDRESS mode=N fd=FD
//	hole dir=PATH life=NAME bytes=N lines=N why=TEXT
//
// All else is in the journal, as after a death of the keeper: whoever cannot read this text closes what it inherited
// and goes on from there. Values are %-encoded, a missing number is -1.

const (
	handoverName = "KITT_HANDOVER" // the descriptor of the text
	handoverHead = "kitt handover 1"
)

type handover struct {
	at              int64
	lock, api, sock int
	base            string
	n               int
	made            bool
	lives           map[string]handed
	holes           []*hole
	sockets         []*socket
}

// handed is what is passed of one life.
type handed struct {
	out, err, pidfd     int
	child, told, linger bool
	channel             int
}

// handOver keeps open what the next program needs. The first of fds is the text; env tells where it is.
func (k *keeper) handOver() (fds []int, env string, err error) {
	k.flushAll()
	text, fds := k.handoverText()
	fd, err := nameless(k.opt.Run + "/handover.new")
	if err != nil {
		return nil, "", err
	}
	fds = append([]int{fd}, fds...)
	if n, err := unix.Write(fd, []byte(text)); err != nil || n < len(text) {
		return fds, "", syscall.ENOSPC
	}
	for _, fd := range fds {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return fds, "", err
		}
	}
	return fds, handoverName + "=" + itoa(fd), nil
}

// nameless opens an empty file that nobody else can.
func nameless(path string) (int, error) {
	unix.Unlink(path)
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err == nil {
		err = unix.Unlink(path)
	}
	return fd, err
}

func (k *keeper) handoverText() (text string, fds []int) {
	var b strings.Builder
	put := func(name string, fd int) {
		if fd >= 0 {
			fds = append(fds, fd)
			b.WriteString(" " + name + "=" + itoa(fd))
		}
	}
	flag := func(name string, on bool) {
		if on {
			b.WriteString(" " + name + "=1")
		}
	}
	b.WriteString(handoverHead + "\nkeeper at=" + strconv.FormatInt(k.up.left.UnixNano(), 10))
	put("lock", k.opt.lockFd)
	put("api", k.api)
	put("sock", k.keepSock)
	base, n, made := k.forest.handed()
	b.WriteString(" base=" + escape(base, "") + " n=" + itoa(n))
	flag("made", made)
	for _, l := range k.order {
		b.WriteString("\nlife name=" + escape(l.name, ""))
		put("out", l.out.fd)
		put("err", l.err.fd)
		put("pid", l.pidfd)
		put("chan", cmp.Or(l.channel, -1))
		flag("child", l.child)
		flag("told", l.told)
		flag("linger", l.lingering)
	}
	for _, s := range k.sockets {
		b.WriteString(s.handedText())
		put("fd", s.fd)
	}
	for _, h := range k.holes {
		b.WriteString(h.handedText())
	}
	b.WriteString("\n")
	return b.String(), fds
}

// takeHandover reads what the program before passed on; nil if it passed nothing, or nothing that can be read:
// then what was inherited is closed. Call it before anything is opened.
func takeHandover() *handover {
	where, there := os.LookupEnv(handoverName)
	if !there {
		return nil
	}
	os.Unsetenv(handoverName)
	fd, err := strconv.Atoi(where)
	if err == nil && fd > 2 {
		if h, ok := parseHandover(readAll(fd)); ok {
			unix.Close(fd)
			return h
		}
	}
	say("upgrade: what the program before passed on cannot be read; going by the journal")
	for fd := 3; fd < 1<<16; fd++ { // all but what this program has opened itself
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
	return nil
}

func readAll(fd int) string {
	var text []byte
	var buf [4096]byte
	for {
		n, err := unix.Pread(fd, buf[:], int64(len(text)))
		if err != nil || n <= 0 || len(text) > 64<<20 {
			return string(text)
		}
		text = append(text, buf[:n]...)
	}
}

// parseHandover reads the text. Unknown words are skipped; a text that is cut, or of another version, is not ok.
func parseHandover(text string) (h *handover, ok bool) {
	body, found := strings.CutPrefix(text, handoverHead+"\n")
	if !found || !strings.HasSuffix(body, "\n") {
		return nil, false
	}
	h = &handover{lives: map[string]handed{}}
	for line := range strings.Lines(body) {
		words := strings.Fields(line)
		if len(words) == 0 {
			return nil, false
		}
		v := values(words[1:])
		switch words[0] {
		case "keeper":
			h.at, _ = strconv.ParseInt(v["at"], 10, 64)
			h.lock, h.api, h.sock = v.fd("lock"), v.fd("api"), v.fd("sock")
			h.base, h.n, h.made = v["base"], max(v.fd("n"), 0), v["made"] != ""
		case "life":
			h.lives[v["name"]] = handed{v.fd("out"), v.fd("err"), v.fd("pid"), v["child"] != "", v["told"] != "", v["linger"] != "", v.fd("chan")}
		case "socket":
			h.sockets = append(h.sockets, v.socket())
		case "hole":
			h.holes = append(h.holes, v.hole())
		}
	}
	return h, h.lock > 2 && h.api > 2 && h.sock > 2
}

type words map[string]string

func values(fields []string) words {
	v := words{}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		v[name], _ = unescape(value)
	}
	return v
}

func (v words) fd(name string) int {
	n, err := strconv.Atoi(v[name])
	if err != nil {
		return -1
	}
	return n
}

// takeSockets makes the listeners that were passed on ours.
func (k *keeper) takeSockets(h *handover) {
	k.api, k.keepSock = h.api, h.sock
	k.watchFd(k.keepSock, listener(k.keepSock))
	if base, _, _ := k.forest.handed(); base != "" && h.base != "" {
		k.forest = takeForest(h.base, h.n, h.made)
	}
}

// takeStreams gives a life the read ends that were passed on: bytes whose writer is gone are in no other place.
func (k *keeper) takeStreams(l *life) {
	h, ok := k.up.handed.of(l.name)
	for i, s := range []*stream{&l.out, &l.err} {
		if fd := [2]int{h.out, h.err}[i]; ok && fd >= 0 {
			k.attach(s, fd)
		} else {
			k.openStream(s)
		}
	}
}

func (h *handover) of(life string) (handed, bool) {
	none := handed{-1, -1, -1, false, false, false, -1}
	if h == nil {
		return none, false
	}
	one, ok := h.lives[life]
	if !ok { // its zero is a descriptor
		return none, false
	}
	return one, true
}

// takeLife takes up a life that was passed on. False means that it must be found like any other.
func (k *keeper) takeLife(l *life) bool {
	h, ok := k.up.handed.of(l.name)
	defer func() { k.takeChannel(l, h.channel) }()
	if !ok || l.pid <= 1 {
		closeFd(h.pidfd)
		return false
	}
	l.told = h.told
	if l.state == Exited {
		k.takeEnded(l, h)
		return true
	}
	p, seen := lookAt(l.pid)
	if seen && p.ident != l.ident || h.child && seen && p.ppid != unix.Getpid() {
		closeFd(h.pidfd)
		return false
	}
	if h.pidfd < 0 {
		h.pidfd, _ = openProcess(l.pid)
	}
	l.pidfd, l.child, l.adopted = h.pidfd, h.child, !h.child
	if err := k.watchProcess(l); err != nil {
		return l.child && k.childGone(l)
	}
	k.resumeStop(l)
	return true
}

// takeEnded goes on with a life whose program is dead: its tree may still be ending, its pipes still be read.
func (k *keeper) takeEnded(l *life, h handed) {
	if !h.linger {
		closeFd(h.pidfd)
		k.adoptPipes(l)
		return
	}
	l.state, l.lingering, l.child, l.pidfd = Stopping, true, h.child, h.pidfd
	if l.child {
		k.pids[l.pid] = l
	}
	k.linger(l, 5*time.Millisecond)
}

// childGone takes the status of a child that ended while nobody watched, on systems that watch only the living.
// False means that it lives.
func (k *keeper) childGone(l *life) bool {
	var ws syscall.WaitStatus
	pid, err := syscall.Wait4(l.pid, &ws, syscall.WNOHANG, nil)
	if l.child = false; err != nil || pid != l.pid {
		return false
	}
	k.ended(l, exitOf(ws))
	return true
}

// handedOver ends the taking over: what nobody asked for is closed, and who died meanwhile is seen.
func (k *keeper) handedOver() {
	h := k.up.handed
	if h == nil {
		return
	}
	for name, one := range h.lives {
		if k.lives[name] == nil {
			closeFd(one.out)
			closeFd(one.err)
			closeFd(one.pidfd)
			closeFd(one.channel)
		}
	}
	k.takeHoles(h.holes)
	k.takeListening(h.sockets)
	k.up.handed = nil
	k.reap()
	k.up.pause = max(time.Since(time.Unix(0, h.at)), 1)
}

func itoa(n int) string { return strconv.Itoa(n) }
