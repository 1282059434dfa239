package keeper

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() { roles["answer"] = asAnswer }

// asAnswer tells its pid to each client of its first socket.
func asAnswer([]string) int {
	l, err := net.FileListener(os.NewFile(firstSocket, "socket"))
	if err != nil {
		fmt.Println(err)
		return 7
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return 8
		}
		fmt.Fprintln(c, os.Getpid())
		c.Close()
	}
}

// freeAddr is an address that nobody listens on, as far as the next moment is concerned.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "tcp://" + l.Addr().String()
}

// knock begins a connection; what it returns waits for the answer.
func (b *box) knock(addr string) (answer func() string) {
	b.Helper()
	network, at := "unix", strings.TrimPrefix(addr, "unix:")
	if tcp, ok := strings.CutPrefix(addr, "tcp://"); ok {
		network, at = "tcp", tcp
	}
	c, err := net.DialTimeout(network, at, 5*time.Second)
	b.ok(err)
	return func() string {
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(15 * time.Second))
		text, err := io.ReadAll(c)
		b.ok(err)
		return strings.TrimSpace(string(text))
	}
}

func (b *box) refused(addr string) {
	b.Helper()
	network, at := "unix", strings.TrimPrefix(addr, "unix:")
	if tcp, ok := strings.CutPrefix(addr, "tcp://"); ok {
		network, at = "tcp", tcp
	}
	b.until("a refusal at "+addr, func() bool {
		c, err := net.DialTimeout(network, at, 5*time.Second)
		if err == nil {
			c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT) // a full queue is none
	})
}

// answering is a life that answers at addr.
func (b *box) answering(sockets ...Socket) Life {
	b.Helper()
	order := b.order(os.Args[0], "@answer")
	order.Listen = sockets
	l, err := b.c.Spawn(b.ctx(), order)
	b.ok(err)
	return l
}

// Who comes while there is no program waits for the next one, whatever became of the one before, or of the keeper.
func TestClientsWaitForTheNextLife(t *testing.T) {
	b := newBox(t)
	path := b.home + "/web.sock"
	for i, s := range []Socket{{Owner: "shop/web", Addr: freeAddr(t)}, {Owner: "shop/web", Addr: "unix:" + path}} {
		b.ok(b.c.Listen(b.ctx(), []Socket{s}, false))
		early := b.knock(s.Addr)
		l := b.answering(s)
		if got := early(); got != itoa(l.PID) {
			t.Errorf("%s: %q answered, not %d", s.Addr, got, l.PID)
		}
		b.ok(syscall.Kill(l.PID, syscall.SIGKILL))
		b.exited(l.Name)
		between := b.knock(s.Addr)
		b.upgrade(b.program("next" + itoa(i)))
		late := b.knock(s.Addr)
		l = b.answering(s)
		for _, got := range []string{between(), late()} {
			if got != itoa(l.PID) {
				t.Errorf("%s: %q answered after the upgrade, not %d", s.Addr, got, l.PID)
			}
		}
		b.ok(b.c.Listen(b.ctx(), nil, false))
		if got := b.knock(s.Addr)(); got != itoa(l.PID) {
			t.Errorf("%s: what runs lost its socket: %q", s.Addr, got)
		}
		b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: 5 * time.Second}))
		b.refused(s.Addr)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the file of a socket that was closed is left")
	}
}

// While a stop is under way, what is not wanted any more is closed by the keeper at once.
func TestAStopClosesWhatNobodyWants(t *testing.T) {
	b := newBox(t)
	s := Socket{Owner: "shop/web", Addr: freeAddr(t)}
	order := b.order("/bin/sh", "-c", "exec 3>&-; trap '' TERM; echo deaf; while :; do sleep 0.1; done")
	order.Listen = []Socket{s}
	b.ok(b.c.Listen(b.ctx(), order.Listen, false))
	l, err := b.c.Spawn(b.ctx(), order)
	b.ok(err)
	b.ok(b.c.Listen(b.ctx(), nil, false))
	b.until("the trap", func() bool { return b.text(1, "out") == "deaf\n" })
	b.knock(s.Addr) // it runs: nothing is taken from it
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: time.Minute}))
	b.refused(s.Addr)
	if b.life(l.Name).State != Stopping {
		t.Error("the stop is over already: nothing was shown")
	}
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Signal: syscall.SIGKILL}))
}

// The keeper dies while no program runs: the witness keeps the queue.
func TestAWitnessKeepsTheQueue(t *testing.T) {
	b := newBox(t)
	s := Socket{Owner: "shop/web", Addr: freeAddr(t)}
	w, err := b.c.Hold(b.ctx(), b.home+"/run", nil)
	b.ok(err)
	b.ok(b.c.Listen(b.ctx(), []Socket{s}, false))
	b.until("the witness to hold it", func() bool { return w.Sockets() == 1 })
	waiting := b.knock(s.Addr)
	b.kill()
	meanwhile := b.knock(s.Addr)
	b.start()
	b.ok(DialWitness(b.ctx(), b.home+"/run/keeper.sock", w))
	l := b.answering(s)
	for _, got := range []string{waiting(), meanwhile()} {
		if got != itoa(l.PID) {
			t.Errorf("%q answered, not %d", got, l.PID)
		}
	}
	w, err = b.c.Hold(b.ctx(), b.home+"/run", nil)
	b.ok(err)
	b.until("the next witness to hold it", func() bool { return w.Sockets() == 1 })
	b.ok(b.c.Listen(b.ctx(), nil, false))
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: 5 * time.Second}))
	b.until("the witness to let go", func() bool { return w.Sockets() == 0 })
	b.refused(s.Addr)
	b.ok(w.Close())
}

// Nobody but the program has the socket when keeper and witness die: the next keeper takes a copy.
func TestASocketIsTakenBackFromAProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system gives nobody a descriptor of another process")
	}
	b := newBox(t)
	s := Socket{Owner: "shop/web", Addr: freeAddr(t)}
	l := b.answering(s)
	b.kill()
	b.start()
	other := b.answering(s)
	b.ok(syscall.Kill(l.PID, syscall.SIGKILL))
	b.exited(l.Name)
	if got := b.knock(s.Addr)(); got != itoa(other.PID) {
		t.Errorf("%q answered, not %d", got, other.PID)
	}
	b.ok(syscall.Kill(other.PID, syscall.SIGKILL))
	b.exited(other.Name)
	b.knock(s.Addr)
}

// An address that cannot be had is told in a line, and changes nothing.
func TestAnAddressThatCannotBeHad(t *testing.T) {
	b := newBox(t)
	good := Socket{Owner: "shop/web", Addr: freeAddr(t)}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	b.ok(err)
	defer taken.Close()
	file := b.home + "/file"
	b.ok(os.WriteFile(file, nil, 0o600))
	busy, err := net.Listen("unix", b.home+"/busy")
	b.ok(err)
	defer busy.Close()
	b.ok(b.c.Listen(b.ctx(), nil, false))
	for addr, want := range map[string]string{
		"tcp://" + taken.Addr().String():    "address already in use",
		"unix:" + file:                      "no socket is in its place",
		"unix:" + b.home + "/busy":          "address already in use by process " + itoa(os.Getpid()),
		"unix:" + b.home + "/none/x":        "no such file",
		"unix:/" + strings.Repeat("x", 103): "at most 103 bytes",
		"tcp://127.0.0.1:0":                 "not an address",
		"tcp://192.0.2.1:9":                 "requested address",
		"nonsense":                          "not an address",
	} {
		err := b.c.Listen(b.ctx(), []Socket{good, {Owner: "shop/web", Addr: addr}}, true)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "listen on "+addr) {
			t.Errorf("%s: got %v", addr, err)
		}
		b.refused(good.Addr)
	}
	for _, path := range []string{file, b.home + "/busy"} {
		if _, err := os.Lstat(path); err != nil {
			t.Error("it was removed:", err)
		}
	}
}

// A socket that nobody listens on any more is replaced; its mode is as asked for.
func TestAStaleSocketIsReplaced(t *testing.T) {
	b := newBox(t)
	path := filepath.Join(b.home, "web.sock")
	old, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	b.ok(err)
	old.SetUnlinkOnClose(false)
	b.ok(old.Close())
	for mode, want := range map[uint32]os.FileMode{0: 0o600, 0o660: 0o660} {
		b.ok(b.c.Listen(b.ctx(), []Socket{{Owner: "shop/web", Addr: "unix:" + path, Mode: mode}}, false))
		st, err := os.Lstat(path)
		b.ok(err)
		if st.Mode().Perm() != want || st.Mode().Type() != os.ModeSocket {
			t.Errorf("mode %o: it is %v", mode, st.Mode())
		}
		b.knock("unix:" + path)
	}
	// What somebody else put there meanwhile stays.
	b.ok(os.Remove(path))
	b.ok(os.WriteFile(path, []byte("mine"), 0o600))
	b.ok(b.c.Listen(b.ctx(), nil, false))
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Error("a file that is none of the socket's was removed")
	}
}

// Who holds lives and has never heard of sockets is sent none, and a keeper of before reads what this one wrote.
func TestSocketsAmongOthers(t *testing.T) {
	b := newBox(t)
	s := Socket{Owner: "shop/web", Addr: freeAddr(t)}
	b.ok(b.c.Listen(b.ctx(), []Socket{s}, false))
	b.answering(s)
	c, err := Dial(b.ctx(), b.home+"/run/keeper.sock", "daemon")
	b.ok(err)
	defer c.Close()
	b.ok(c.Claim(b.ctx()))
	w := &Witness{lock: -1, held: map[string]testimony{}, sockets: map[string]socket{}}
	c.hold = w
	b.ok(c.call(b.ctx(), kHold, nil)) // as it was
	b.until("the life", func() bool { return w.Lives() == 1 })
	b.ok(c.Listen(b.ctx(), []Socket{s, {Owner: "shop/api", Addr: freeAddr(t)}}, false))
	b.ok(c.Ping(b.ctx()))
	if w.Sockets() != 0 {
		t.Error("a socket came unasked")
	}
	w.drop(b.name(1))
	c.hold = nil
	b.c.Close()
	b.c, err = Dial(b.ctx(), b.home+"/run/keeper.sock", "daemon")
	b.ok(err)
	b.ok(b.c.Claim(b.ctx()))
}

func TestRecordsOfSockets(t *testing.T) {
	list := []string{"tcp://[::1]:3000", "unix:/a b/%20\x01=.sock", "tcp://127.0.0.1:80"}
	r := record{op: "spawn", life: "shop/web.1#1.a", boot: "b", out: "o", err: "e", listen: list}
	got, ok := parseRecord(strings.TrimSuffix(string(r.line()), "\n"))
	if !ok || strings.Join(got.listen, "|") != strings.Join(list, "|") {
		t.Errorf("%v, %q", ok, got.listen)
	}
	r.listen = nil
	if line := string(r.line()); strings.Contains(line, "listen") {
		t.Error("a life without sockets is written as never before:", line)
	}
	if got, ok := parseRecord(strings.TrimSuffix(string(r.line()), "\n")); !ok || got.listen != nil {
		t.Errorf("%v, %q", ok, got.listen)
	}
}

// A keeper that runs out of descriptors refuses a socket rather than its clients.
func TestASocketLeavesRoomForControl(t *testing.T) {
	b := newBox(t, "nofile=80")
	b.ok(b.c.Listen(b.ctx(), nil, false))
	var err error
	for n := 0; err == nil && n < 80; n++ {
		err = b.c.Listen(b.ctx(), []Socket{{Owner: "shop/web", Addr: "unix:" + b.home + "/s" + itoa(n)}}, true)
	}
	if !errors.Is(err, syscall.EMFILE) || !strings.HasPrefix(err.Error(), "listen on unix:") {
		t.Errorf("got %v", err)
	}
	b.ok(b.c.Ping(b.ctx()))
	other, err := Dial(b.ctx(), b.home+"/run/keeper.sock", "cli")
	b.ok(err)
	b.ok(other.Close())
}
