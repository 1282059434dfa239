package keeper

import (
	"cmp"
	"syscall"

	"golang.org/x/sys/unix"

	"kitt.sh/reconcile/failpoint"
)

// outMost is what may wait for a client that does not read; it is closed beyond.
const outMost = 4 << 20

// Who does not control has little to say, and there are few of them: what all clients together can have the keeper
// hold is bounded.
const (
	connsMost     = 128
	strangerOut   = 512 << 10
	strangerFrame = 64 << 10
)

// mostOut and mostIn are what may wait for a client, and what of a frame may be waited for.
func (c *conn) mostOut() int {
	if c.epoch == 0 {
		return strangerOut
	}
	return outMost
}

func (c *conn) mostIn() int {
	if c.epoch == 0 {
		return strangerFrame
	}
	return maxFrame + 4
}

// A conn is one client.
type conn struct {
	fd      int
	in, out []byte
	blocked bool // the socket has no room; told when it has
	trusted bool // the daemon we started: needs no claim
	role    string
	epoch   int64 // of its claim; 0: none
	holds   bool  // wants descriptors of every life
	offers  []*life
	list    []*life // still to be listed
	listReq uint32
	fds     []int // received, not used yet
	sockets bool  // wants copies of the listening sockets too
	passing []*socket
}

// listener is keeper.sock.
type listener int

func (l listener) wake(k *keeper, _ ready) {
	for {
		fd, _, err := unix.Accept(int(l))
		if err == unix.EMFILE || err == unix.ENFILE {
			k.refuseOne(int(l))
			return
		}
		if err != nil {
			return
		}
		unix.CloseOnExec(fd)
		unix.SetNonblock(fd, true)
		if uid, err := PeerUID(fd); err != nil || uid != unix.Geteuid() {
			unix.Close(fd)
			continue
		}
		if len(k.conns) >= connsMost {
			unix.Close(fd)
			continue
		}
		k.open(fd, false)
	}
}

// refuseOne takes a client off the queue when there is no descriptor for it: else accept would be ready for ever.
func (k *keeper) refuseOne(sock int) {
	closeFd(k.spare)
	if fd, _, err := unix.Accept(sock); err == nil {
		unix.Close(fd)
	}
	k.spare, _ = unix.FcntlInt(uintptr(k.null), unix.F_DUPFD_CLOEXEC, 0)
}

func (k *keeper) open(fd int, trusted bool) *conn {
	c := &conn{fd: fd, trusted: trusted}
	if trusted {
		k.epoch++
		c.epoch = k.epoch
	}
	k.conns[fd] = c
	k.watchFd(fd, c)
	return c
}

func (k *keeper) closeConn(c *conn) {
	if k.conns[c.fd] != c {
		return
	}
	delete(k.conns, c.fd)
	k.forgetFd(c.fd)
	for _, fd := range c.fds {
		unix.Close(fd)
	}
	c.in, c.out, c.list, c.offers, c.fds, c.passing = nil, nil, nil, nil, nil, nil
	k.dropWatches(c)
}

func (c *conn) wake(k *keeper, r ready) {
	if r.write {
		c.blocked = false
		k.ctl.wantWrite(c.fd, false)
	}
	if r.read || r.hup {
		k.readConn(c)
	}
}

// readConn reads once and serves every whole frame.
func (k *keeper) readConn(c *conn) {
	var oob [128]byte
	n, oobn, _, _, err := unix.Recvmsg(c.fd, k.scratch(), oob[:], recvFlags)
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return
	}
	if oobn > 0 {
		c.fds = append(c.fds, parseFds(oob[:oobn])...)
	}
	if err != nil || n <= 0 || len(c.fds) > 64 {
		k.closeConn(c)
		return
	}
	c.in = append(c.in, k.scratch()[:n]...)
	rest := c.in
	for k.conns[c.fd] == c {
		f, r, ok, err := cutFrame(rest)
		if err != nil {
			k.closeConn(c)
			return
		}
		if !ok {
			break
		}
		rest = r
		if k.serve(c, f) != nil {
			k.closeConn(c)
			return
		}
	}
	switch {
	case len(rest) == 0:
		c.in = nil
	case len(rest) > c.mostIn():
		k.closeConn(c)
	default:
		c.in = append(c.in[:0], rest...)
	}
}

// parseFds takes descriptors out of a control message.
func parseFds(oob []byte) (fds []int) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	for i := range msgs {
		got, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			continue
		}
		for _, fd := range got {
			unix.CloseOnExec(fd)
		}
		fds = append(fds, got...)
	}
	return fds
}

func (c *conn) wantsFlush() bool {
	return !c.blocked && (len(c.out) > 0 || len(c.list) > 0 || len(c.offers) > 0 || len(c.passing) > 0)
}

// flush writes what waits, as far as the client takes it.
func (k *keeper) flush(c *conn) {
	for !c.blocked {
		k.fillList(c)
		if len(c.out) == 0 {
			k.sendOffers(c)
			k.sendSockets(c)
			return
		}
		failpoint.Here("keeper.reply.before")
		n, err := unix.SendmsgN(c.fd, c.out, nil, nil, sendFlags)
		failpoint.Here("keeper.reply.sent")
		if err == syscall.EAGAIN {
			k.block(c)
			break
		}
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			k.closeConn(c)
			return
		}
		if c.out = c.out[n:]; len(c.out) == 0 {
			c.out = nil
		}
	}
}

func (k *keeper) block(c *conn) {
	c.blocked = true
	k.ctl.wantWrite(c.fd, true)
}

// fillList goes on with a listing: a list may be larger than what may wait.
func (k *keeper) fillList(c *conn) {
	for len(c.list) > 0 && len(c.out) < 1<<18 {
		l := c.list[0]
		if c.list = c.list[1:]; !l.gone {
			at := len(c.out)
			v := l.view()
			c.out = endFrame(putLife(beginFrame(c.out, kLife, c.listReq), &v), at)
		}
		if len(c.list) == 0 {
			k.reply(c, kOK, c.listReq)
			c.list = nil
		}
	}
}

// offer queues the descriptors of a life for a client that holds them.
func (c *conn) offer(l *life) {
	if c.holds {
		c.offers = append(c.offers, l)
	}
}

// offerNow offers a life to all who hold lives and sends at once, where a client reads. It is done three times in a life: before
// the fork, so that the first words of a program outlive a keeper that dies right after it; with the pidfd, once there is one;
// and with nothing, where the program could not be started.
func (k *keeper) offerNow(l *life) {
	for _, c := range k.conns {
		if c.offer(l); c.wantsFlush() {
			k.flush(c)
		}
	}
}

// sendOffers sends the queued descriptors, one message a life, so that a message is whole or not there at all.
func (k *keeper) sendOffers(c *conn) {
	for len(c.offers) > 0 {
		l := c.offers[0]
		var fds []int
		mask := int64(0)
		for i, fd := range []int{l.pidfd, l.out.fd, l.err.fd, cmp.Or(l.channel, -1)} {
			if fd >= 0 {
				fds, mask = append(fds, fd), mask|1<<i
			}
		}
		if l.state != Exited {
			b := beginFrame(nil, kHeld, 0)
			b = endFrame(putBool(putInt(putString(b, tLife, l.name), tFDs, mask), tUnborn, l.pid == 0), 0)
			n, err := unix.SendmsgN(c.fd, b, rights(fds), nil, sendFlags)
			failpoint.Here("keeper.offer.sent")
			if err == syscall.EAGAIN || err == syscall.ENOBUFS {
				k.block(c)
				return
			}
			if err == nil && n < len(b) {
				c.out = append(c.out, b[n:]...)
			}
		}
		c.offers = c.offers[1:]
		if len(c.out) > 0 {
			return
		}
	}
	c.offers = nil
}

// rights is the control message for descriptors; none needs none.
func rights(fds []int) []byte {
	if len(fds) == 0 {
		return nil
	}
	return unix.UnixRights(fds...)
}
