package keeper

import (
	"context"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// A Witness holds, for every life, what outlives the keeper: a pidfd, which tells how the life ended, and the read
// ends of its FIFOs, which keep its last words; and the listening sockets, so that their queues outlive it. It reads nothing.
type Witness struct {
	lock int
	mu   sync.Mutex
	held map[string]testimony

	sockets map[string]socket // by address

	channels Channels
}

type testimony struct {
	mask int64
	fds  []int
}

// Hold begins to witness: the keeper sends what there is for every life, now and later, without being waited for.
// Run is the keeper's run folder, in which the next keeper sees that there is a witness. Call it once, after Attach
// or Claim. What passes for channels may be nil. When Done is closed, call Testify; in any case Close.
func (c *Client) Hold(ctx context.Context, run string, channels Channels) (*Witness, error) {
	fd, err := unix.Open(run+"/"+witnessLock, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: run + "/" + witnessLock, Err: err}
	}
	if err := unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB); err != nil {
		unix.Close(fd)
		return nil, &os.PathError{Op: "lock", Path: run + "/" + witnessLock, Err: err}
	}
	w := &Witness{lock: fd, held: map[string]testimony{}, sockets: map[string]socket{}, channels: channels}
	c.mu.Lock()
	c.hold = w
	c.mu.Unlock()
	if err := c.call(ctx, kHold, func(b []byte) []byte { return putBool(b, tSockets, true) }); err != nil {
		return nil, err
	}
	return w, nil
}

// held takes the descriptors of one life, in place of those that came before. Of one that is about to begin they are kept,
// and the channel is not passed on yet; of one that could not begin there are none.
func (c *Client) held(f frame) {
	var name string
	mask, unborn := int64(0), false
	err := each(f.body, func(tag uint16, v []byte) {
		switch tag {
		case tLife:
			name = string(v)
		case tFDs:
			mask = getInt(v)
		case tUnborn:
			unborn = getBool(v)
		}
	})
	n := 0
	for i := range 4 {
		n += int(mask >> i & 1)
	}
	if err != nil || n > len(c.fds) {
		return
	}
	t := testimony{mask, append([]int(nil), c.fds[:n]...)}
	c.fds = c.fds[n:]
	c.mu.Lock()
	w := c.hold
	c.mu.Unlock()
	if w == nil {
		t.close()
		return
	}
	w.drop(name)
	if n > 0 {
		w.mu.Lock()
		w.held[name] = t
		w.mu.Unlock()
	}
	if mask&(1<<3) != 0 && !unborn {
		w.channels.pass(name, t.fds[len(t.fds)-1])
	}
}

func (t testimony) close() {
	for _, fd := range t.fds {
		unix.Close(fd)
	}
}

func (w *Witness) drop(life string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held[life].close()
	delete(w.held, life)
}

// Lives is how many lives are held.
func (w *Witness) Lives() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.held)
}

// Testify gives what is held to the next keeper, which must be coming up at sock. It tries until ctx ends, and
// returns once the keeper has taken it.
func (w *Witness) Testify(ctx context.Context, sock string) error {
	var c *Client
	var err error
	for {
		if c, err = Dial(ctx, sock, "witness"); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(2 * time.Millisecond):
		}
	}
	defer c.Close()
	w.mu.Lock()
	for name, t := range w.held {
		b := endFrame(putInt(putString(beginFrame(nil, kWitness, 0), tLife, name), tFDs, t.mask), 0)
		if err = c.send(b, t.fds); err != nil {
			break
		}
	}
	if err == nil {
		err = w.testifySockets(c)
	}
	w.mu.Unlock()
	if err != nil {
		return err
	}
	failpoint.Here("daemon.witness.sent")
	return c.call(ctx, kWitnessEnd, nil)
}

// send writes one frame with descriptors.
func (c *Client) send(b []byte, fds []int) (err error) {
	c.write.Lock()
	defer c.write.Unlock()
	oob := unix.UnixRights(fds...)
	e := c.raw.Write(func(fd uintptr) bool {
		var n int
		for len(b) > 0 {
			n, err = unix.SendmsgN(int(fd), b, oob, nil, sendFlags)
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				return err != unix.EAGAIN && err != unix.ETOOMANYREFS
			}
			b, oob = b[n:], nil
		}
		return true
	})
	if e != nil {
		return e
	}
	return err
}

// Close lets go of everything.
func (w *Witness) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, t := range w.held {
		t.close()
		delete(w.held, name)
	}
	for addr, s := range w.sockets {
		unix.Close(s.fd)
		delete(w.sockets, addr)
	}
	return unix.Close(w.lock)
}

// DialWitness is Testify for a caller that has no more to do with w.
func DialWitness(ctx context.Context, sock string, w *Witness) error {
	defer w.Close()
	return w.Testify(ctx, sock)
}
