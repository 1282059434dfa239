package forward

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything here may take at most.
const patience = 30 * time.Second

// A bench is a forwarder before a listener of its own, and what it says.
type bench struct {
	*testing.T
	f    *Forwarder
	at   string
	stop context.CancelFunc
	over chan error

	mu   sync.Mutex
	said Answer
}

// on runs a test over each way of carrying.
func on(t *testing.T, test func(b *bench)) {
	t.Helper()
	for name, plain := range map[string]bool{"loops": false, "goroutines": true} {
		t.Run(name, func(t *testing.T) { test(newBench(t, plain)) })
	}
}

func newBench(t *testing.T, plain bool) *bench {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, at: l.Addr().String(), over: make(chan error, 1)}
	b.f = New(func(a Answer) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.said = a
	})
	b.f.plain = plain
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go func() { b.over <- b.f.Run(ctx, l) }()
	t.Cleanup(stop)
	return b
}

// until waits for what it said last to be as wanted.
func (b *bench) until(what string, ok func(Answer) bool) {
	b.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		b.mu.Lock()
		good := ok(b.said)
		b.mu.Unlock()
		if good {
			return
		}
	}
	b.Fatalf("it never said that %s: %+v", what, b.said)
}

// dial connects to the forwarder.
func (b *bench) dial() *net.TCPConn {
	b.Helper()
	c, err := net.Dial("tcp", b.at)
	if err != nil {
		b.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	b.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// server gives a target whose connections are served by do.
func (b *bench) server(life string, do func(*net.TCPConn)) Target {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				do(c.(*net.TCPConn))
			}()
		}
	}()
	return Target{Life: life, Addr: l.Addr().String()}
}

// count is how many connections a life has.
func (f *Forwarder) count(life string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open[life]
}

// echo says who it is, and then all that it hears.
func echo(name string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		_, _ = c.Write([]byte(name + "\n"))
		_, _ = io.Copy(c, c)
	}
}

// who reads the name that a server says first.
func who(t testing.TB, c net.Conn) string {
	t.Helper()
	b := make([]byte, 2)
	if _, err := io.ReadFull(c, b); err != nil {
		t.Fatalf("nobody answers: %v", err)
	}
	return string(b[:1])
}

// drain is the target, with no new connections.
func drain(t Target) Target {
	t.Drain = true
	return t
}

func TestConnectionsGoWhereFewestAre(t *testing.T) {
	on(t, func(b *bench) {
		b.f.Set(Table{Rev: 1, To: []Target{b.server("a", echo("a")), b.server("b", echo("b"))}})
		got := map[string][]net.Conn{}
		for range 10 {
			c := b.dial()
			name := who(b, c)
			got[name] = append(got[name], c)
		}
		if len(got["a"]) != 5 || len(got["b"]) != 5 {
			b.Fatalf("%d and %d of 10 that stay open", len(got["a"]), len(got["b"]))
		}
		for _, c := range got["b"][:3] {
			_ = c.Close()
		}
		for end := time.Now().Add(patience); b.f.count("b") > 2 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		for range 3 {
			if who(b, b.dial()) != "b" {
				b.Error("a new connection goes to the one that has more")
			}
		}
	})
}

func TestWhatDrainsKeepsItsConnectionsAndGetsNoNewOnes(t *testing.T) {
	on(t, func(b *bench) {
		old, next := b.server("a", echo("a")), b.server("b", echo("b"))
		b.f.Set(Table{Rev: 1, To: []Target{old}})
		first := b.dial()
		if who(b, first) != "a" {
			b.Fatal("not passed on to a")
		}
		b.f.Set(Table{Rev: 2, To: []Target{drain(old), next}})
		b.until("one connection is left to a", func(a Answer) bool { return a.Rev == 2 && a.Open["a"] == 1 })
		for range 5 {
			if who(b, b.dial()) != "b" {
				b.Fatal("a new connection went to what drains")
			}
		}
		if _, err := first.Write([]byte("x\n")); err != nil || who(b, first) != "x" {
			b.Errorf("the open connection is dead: %v", err)
		}
		_ = first.Close()
		b.until("none is left to a", func(a Answer) bool { return a.Rev == 2 && a.Open["a"] == 0 })
	})
}

func TestWhatRefusesIsPassedOver(t *testing.T) {
	on(t, func(b *bench) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		gone := Target{Life: "gone", Addr: l.Addr().String()}
		_ = l.Close()
		b.f.Set(Table{Rev: 1, To: []Target{gone, b.server("b", echo("b"))}})
		for range 5 {
			if who(b, b.dial()) != "b" {
				b.Fatal("not served")
			}
		}
	})
}

func TestWhoeverComesWaitsUntilSomethingIsReady(t *testing.T) {
	on(t, func(b *bench) {
		early := b.dial() // in the queue of the socket
		b.f.Set(Table{Rev: 1, To: []Target{{Life: "gone", Addr: "127.0.0.1:1"}}})
		b.until("it has the table", func(a Answer) bool { return a.Rev == 1 })
		later := b.dial() // taken, and refused behind
		b.f.Set(Table{Rev: 2, To: []Target{b.server("a", echo("a"))}})
		if who(b, early) != "a" || who(b, later) != "a" {
			b.Error("not served")
		}
	})
}

func TestWithoutHopeItRefuses(t *testing.T) {
	on(t, func(b *bench) {
		b.f.Set(Table{Rev: 1, Refuse: true})
		c, err := net.Dial("tcp", b.at)
		if err == nil {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			_, err = c.Read(make([]byte, 1))
		}
		if !errors.Is(err, syscall.ECONNRESET) {
			b.Errorf("got %v", err)
		}
	})
}

func TestAHalfThatEndsLeavesTheOther(t *testing.T) {
	on(t, func(b *bench) {
		b.f.Set(Table{Rev: 1, To: []Target{b.server("a", func(c *net.TCPConn) {
			all, _ := io.ReadAll(c) // ends with the client's half
			_, _ = c.Write(bytes.ToUpper(all))
		})}})
		c := b.dial()
		_, _ = c.Write([]byte("hello"))
		_ = c.CloseWrite()
		if got, err := io.ReadAll(c); string(got) != "HELLO" || err != nil {
			b.Errorf("got %q, %v", got, err)
		}
	})
}

func TestWhatBreaksDoesNotLookWhole(t *testing.T) {
	on(t, func(b *bench) {
		b.f.Set(Table{Rev: 1, To: []Target{b.server("a", func(c *net.TCPConn) {
			_, _ = c.Write([]byte("half of it"))
			_, _ = c.Read(make([]byte, 1)) // until the client has that
			_ = c.SetLinger(0)
		})}})
		c := b.dial()
		if _, err := io.ReadFull(c, make([]byte, len("half of it"))); err != nil {
			b.Fatal(err)
		}
		_, _ = c.Write([]byte("x"))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			b.Errorf("a broken answer ended with %v", err)
		}
	})
}

func TestMuchComesWhole(t *testing.T) {
	on(t, func(b *bench) {
		b.f.Set(Table{Rev: 1, To: []Target{b.server("a", func(c *net.TCPConn) { _, _ = io.Copy(c, c) })}})
		sent := make([]byte, 8<<20)
		rng := rand.NewChaCha8([32]byte{1})
		_, _ = rng.Read(sent)
		c := b.dial()
		var writing sync.WaitGroup
		writing.Go(func() {
			_, _ = c.Write(sent)
			_ = c.CloseWrite()
		})
		got, err := io.ReadAll(c)
		writing.Wait()
		if err != nil || !bytes.Equal(got, sent) {
			b.Errorf("%d bytes of %d came back, or others: %v", len(got), len(sent), err)
		}
	})
}

func TestAtItsEndItWaitsForItsConnections(t *testing.T) {
	on(t, func(b *bench) {
		b.f.Set(Table{Rev: 1, To: []Target{b.server("a", echo("a"))}})
		c := b.dial()
		who(b, c)
		b.stop()
		for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
			d, err := net.Dial("tcp", b.at)
			if err != nil {
				break
			}
			_ = d.Close()
			if time.Now().After(end) {
				b.Fatal("it listens on")
			}
		}
		if _, err := c.Write([]byte("x\n")); err != nil || who(b, c) != "x" {
			b.Errorf("its connection is dead: %v", err)
		}
		select {
		case err := <-b.over:
			b.Fatalf("it ended with a connection open: %v", err)
		default:
		}
		_ = c.Close()
		select {
		case err := <-b.over:
			if err != nil {
				b.Error(err)
			}
		case <-time.After(patience):
			b.Error("it does not end")
		}
	})
}

func TestParseTable(t *testing.T) {
	for line, want := range map[string]bool{
		`{"kitt":"targets","rev":7,"to":[{"life":"shop/web.1#1.a","addr":"127.0.0.1:20001"}]}`: true,
		`{"kitt":"cluster","workers":4}`: false, `"ready"`: false, ``: false, `{`: false,
	} {
		if got, ok := ParseTable([]byte(line)); ok != want || ok && (got.Rev != 7 || got.To[0].Addr != "127.0.0.1:20001") {
			t.Errorf("%s: %+v, %v", line, got, ok)
		}
	}
}

// What one side does not take is kept from the other: it is not gathered here, and none of it is lost; whether it comes in
// pieces, as answers do, or as much as there is room for.
func TestASlowReaderHoldsTheWriterBack(t *testing.T) {
	on(t, func(b *bench) { b.slowReader(1<<20, 0) })
}

func TestASlowReaderOfPiecesHoldsTheWriterBack(t *testing.T) {
	on(t, func(b *bench) { b.slowReader(32<<10, 50*time.Microsecond) })
}

// slowReader has a server send 48 MiB in pieces, which nobody reads at first.
func (b *bench) slowReader(size int, pause time.Duration) {
	const much = 48 << 20
	piece := func(i int) []byte { return bytes.Repeat([]byte{byte(i), byte(i >> 8)}, size/2) }
	var sent atomic.Int64
	b.f.Set(Table{Rev: 1, To: []Target{b.server("a", func(c *net.TCPConn) {
		for i := range much / size {
			if _, err := c.Write(piece(i)); err != nil {
				return
			}
			sent.Add(int64(size))
			time.Sleep(pause)
		}
	})}})
	c := b.dial()
	for last := int64(-1); last != sent.Load(); { // until it is held back
		last = sent.Load()
		time.Sleep(300 * time.Millisecond)
	}
	if sent.Load() == much {
		b.Errorf("all of it was taken, and nobody has read any")
	}
	got := make([]byte, size)
	for i := range much / size {
		if _, err := io.ReadFull(c, got); err != nil {
			b.Fatalf("after %d pieces: %v", i, err)
		}
		if !bytes.Equal(got, piece(i)) {
			b.Fatalf("piece %d is another", i)
		}
	}
	if n, err := c.Read(got); n != 0 || err != io.EOF {
		b.Errorf("then %d bytes, %v", n, err)
	}
}

// Many at once, of all sizes, some of which break off: each gets its own back, and none is left over.
func TestManyAtOnce(t *testing.T) {
	on(t, func(b *bench) {
		b.f.Set(Table{Rev: 1, To: []Target{
			b.server("a", func(c *net.TCPConn) { _, _ = io.Copy(c, c) }), b.server("b", func(c *net.TCPConn) { _, _ = io.Copy(c, c) })}})
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(i), 1))
				c, err := net.Dial("tcp", b.at)
				if err != nil {
					b.Error(err)
					return
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience))
				for range 10 {
					sent := make([]byte, 1+rng.IntN(200_000)>>rng.IntN(16))
					for k := range sent {
						sent[k] = byte(rng.Uint32())
					}
					var writing sync.WaitGroup
					writing.Go(func() { _, _ = c.Write(sent) })
					got := make([]byte, len(sent))
					_, err := io.ReadFull(c, got)
					writing.Wait()
					if err != nil || !bytes.Equal(got, sent) {
						b.Errorf("connection %d: %d bytes, %v", i, len(sent), err)
						return
					}
				}
				if i%3 == 0 {
					_ = c.(*net.TCPConn).SetLinger(0)
				}
			})
		}
		all.Wait()
		for end := time.Now().Add(patience); b.f.count("a")+b.f.count("b") > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				b.Fatalf("%d and %d connections are left", b.f.count("a"), b.f.count("b"))
			}
		}
	})
}

// A program that dies with connections, and its port with it: those are reset, the next go elsewhere.
func TestADeathIsPassedOn(t *testing.T) {
	on(t, func(b *bench) {
		die := make(chan struct{})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("a\n"))
			<-die
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
			_ = l.Close()
		}()
		b.f.Set(Table{Rev: 1, To: []Target{{Life: "a", Addr: l.Addr().String()}}})
		c := b.dial()
		who(b, c)
		close(die)
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			b.Errorf("its connection ended with %v", err)
		}
		later := b.dial()
		time.Sleep(3 * dialAgain) // it is refused meanwhile
		b.f.Set(Table{Rev: 2, To: []Target{{Life: "a", Addr: l.Addr().String()}, b.server("b", echo("b"))}})
		if who(b, later) != "b" {
			b.Error("not served")
		}
	})
}
