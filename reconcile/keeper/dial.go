package keeper

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Client speaks to the keeper. Its methods may be called from any goroutine.
type Client struct {
	file    *os.File
	raw     syscall.RawConn
	pid     int
	version string
	about   About

	write sync.Mutex
	mu    sync.Mutex // guards what follows
	next  uint32
	calls map[uint32]*call
	queue []Event
	poke  chan struct{}
	err   error

	events chan Event
	done   chan struct{}
	ended  sync.WaitGroup
	fds    []int // of the reader alone
	hold   *Witness
}

// A call is a request that waits for its answer.
type call struct {
	lives  []Life
	answer Life
	err    error
	done   chan struct{}
}

// Attach takes up the connection that the keeper gave its daemon, fd 4. It controls the keeper from then on, and
// receives events.
func Attach(fd int) (*Client, error) {
	unix.CloseOnExec(fd)
	return begin(fd, "daemon")
}

// Dial connects to a keeper.sock. Role is "daemon", which must Claim before it changes anything, or "cli", which may
// only List, Ping and Shutdown.
func Dial(ctx context.Context, sock, role string) (*Client, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	unix.CloseOnExec(fd)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: sock}); err != nil {
		unix.Close(fd)
		return nil, &os.PathError{Op: "dial", Path: sock, Err: err}
	}
	if uid, err := PeerUID(fd); err != nil || uid != unix.Geteuid() {
		unix.Close(fd)
		return nil, &os.PathError{Op: "dial", Path: sock, Err: errors.New("the keeper there belongs to another user")}
	}
	return begin(fd, role)
}

// begin says hello and starts the two goroutines that Close waits for.
func begin(fd int, role string) (*Client, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	c := &Client{file: os.NewFile(uintptr(fd), "keeper"), calls: map[uint32]*call{}, poke: make(chan struct{}, 1),
		events: make(chan Event), done: make(chan struct{})}
	raw, err := c.file.SyscallConn()
	if err != nil {
		c.file.Close()
		return nil, err
	}
	c.raw = raw
	c.ended.Add(2)
	go c.read()
	go c.deliver()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = c.do(ctx, kHello, func(b []byte) []byte {
		return putString(putInt(putInt(b, tMin, protoMin), tMax, protoMax), tRole, role)
	})
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// PID is the keeper's.
func (c *Client) PID() int { return c.pid }

// Version is what the keeper was told to be.
func (c *Client) Version() string { return c.version }

// Done is closed when the keeper's end is gone.
func (c *Client) Done() <-chan struct{} { return c.done }

// Events delivers what the keeper tells. Events of one kind about one life that nobody has taken yet become one.
// The channel is closed with the connection.
func (c *Client) Events() <-chan Event { return c.events }

// Close ends the connection. Calls that wait return ErrClosed.
func (c *Client) Close() error {
	err := c.file.Close()
	c.ended.Wait()
	return err
}

// do sends a request and waits for its answer. A request that was sent is carried out even if ctx ends before.
func (c *Client) do(ctx context.Context, what kind, body func(b []byte) []byte) (*call, error) {
	w := &call{done: make(chan struct{})}
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return nil, c.err
	}
	c.next++
	req := c.next
	c.calls[req] = w
	c.mu.Unlock()

	b := endFrame(body(beginFrame(nil, what, req)), 0)
	if len(b) > maxFrame {
		c.take(req)
		return nil, &Error{Stage: "send", Errno: syscall.E2BIG, Text: "send request: " + syscall.E2BIG.Error()}
	}
	c.write.Lock()
	_, err := c.file.Write(b)
	c.write.Unlock()
	if err != nil {
		c.take(req)
		return nil, ErrClosed
	}
	select {
	case <-w.done:
		return w, w.err
	case <-ctx.Done():
		c.take(req)
		return nil, ctx.Err()
	}
}

func (c *Client) take(req uint32) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.calls[req]
	delete(c.calls, req)
	return w
}

// read takes frames off the socket until it ends.
func (c *Client) read() {
	defer c.ended.Done()
	var in []byte
	buf, oob := make([]byte, 1<<16), make([]byte, 256)
	for {
		n, err := c.receive(buf, oob)
		if err != nil || n == 0 {
			break
		}
		in = append(in, buf[:n]...)
		rest := in
		for {
			f, r, ok, bad := cutFrame(rest)
			if bad != nil {
				err = bad
			}
			if !ok {
				break
			}
			rest = r
			c.take1(f)
		}
		if err != nil {
			break
		}
		in = append(in[:0], rest...)
	}
	c.fail()
}

// receive reads what there is, and keeps the descriptors that come with it.
func (c *Client) receive(buf, oob []byte) (n int, err error) {
	var oobn int
	if e := c.raw.Read(func(fd uintptr) bool {
		for {
			n, oobn, _, _, err = unix.Recvmsg(int(fd), buf, oob, recvFlags)
			if err != syscall.EINTR {
				return err != syscall.EAGAIN
			}
		}
	}); e != nil {
		return 0, e
	}
	if err == nil && oobn > 0 {
		c.fds = append(c.fds, parseFds(oob[:oobn])...)
	}
	return n, err
}

// fail ends every call that waits.
func (c *Client) fail() {
	c.mu.Lock()
	c.err = ErrClosed
	for req, w := range c.calls {
		w.err = ErrClosed
		close(w.done)
		delete(c.calls, req)
	}
	c.mu.Unlock()
	for _, fd := range c.fds {
		unix.Close(fd)
	}
	close(c.done)
}

// take1 sorts one frame.
func (c *Client) take1(f frame) {
	switch f.kind {
	case kEvent:
		c.event(f)
		return
	case kHeld:
		c.held(f)
		return
	case kHeldSocket:
		c.heldSocket(f)
		return
	case kLife:
		c.mu.Lock()
		w := c.calls[f.req]
		c.mu.Unlock()
		if w != nil {
			l, _ := getLife(f.body)
			w.lives = append(w.lives, l)
		}
		return
	}
	if w := c.take(f.req); w != nil {
		c.answer(w, f)
		close(w.done)
	}
}

func (c *Client) answer(w *call, f frame) {
	var e Error
	why, proto := int64(0), int64(0)
	err := each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tStage:
			e.Stage = string(v)
		case tErrno:
			e.Errno = syscall.Errno(getInt(v))
		case tText:
			e.Text = string(v)
		case tWhy:
			why = getInt(v)
		case tVersion:
			c.version = string(v)
		case tMax:
			proto = getInt(v)
		case tPath, tHandover, tService, tPause:
			c.about.field(tag, v)
		default:
			w.answer.field(tag, v)
		}
	})
	switch {
	case err != nil:
		w.err = err
	case f.kind == kWelcome && (proto < protoMin || proto > protoMax):
		w.err = refuse("speak", "", errText("the keeper "+c.version+" answers in version "+itoa(int(proto))+" of the protocol, this kitt has "+
			itoa(protoMin)+" to "+itoa(protoMax)))
	case f.kind == kWelcome:
		c.pid = w.answer.PID
	case f.kind == kOK:
	case why == whyFenced:
		w.err = ErrFenced
	case why == whyUnknown:
		w.err = ErrUnknown
	default:
		w.err = &e
	}
}

func getLife(body []byte) (l Life, err error) {
	err = each(body, l.field)
	return l, err
}

// event queues an event for whoever reads Events.
func (c *Client) event(f frame) {
	var e Event
	if each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tKind:
			e.Kind = string(v)
		case tText:
			e.Text = string(v)
		default:
			e.Life.field(tag, v)
		}
	}) != nil {
		return
	}
	c.mu.Lock()
	if c.hold != nil && e.Kind == "exit" {
		c.hold.drop(e.Life.Name)
	}
	for i := range c.queue {
		if q := &c.queue[i]; q.Kind == e.Kind && q.Life.Name == e.Life.Name && (e.Kind != "logged" || q.Text == e.Text) {
			*q = e
			c.mu.Unlock()
			return
		}
	}
	c.queue = append(c.queue, e)
	c.mu.Unlock()
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// deliver hands events over, one by one, until the connection ends.
func (c *Client) deliver() {
	defer c.ended.Done()
	defer close(c.events)
	for {
		c.mu.Lock()
		var e Event
		some := len(c.queue) > 0
		if some {
			e, c.queue = c.queue[0], c.queue[1:]
		}
		c.mu.Unlock()
		if some {
			select {
			case c.events <- e:
			case <-c.done:
				return
			}
			continue
		}
		select {
		case <-c.poke:
		case <-c.done:
			return
		}
	}
}
