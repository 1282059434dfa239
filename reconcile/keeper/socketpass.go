package keeper

import (
	"strings"

	"golang.org/x/sys/unix"
)

// How a socket that is held passes to whoever holds lives, from there to the next keeper, and over exec.

// offerSocket has those that hold lives get a socket or, once it is closed, let go of it.
func (k *keeper) offerSocket(s *socket) {
	for _, c := range k.conns {
		if c.sockets {
			c.passing = append(c.passing, s)
			if c.wantsFlush() {
				k.flush(c)
			}
		}
	}
}

// sendSockets sends what waits, one message a socket.
func (k *keeper) sendSockets(c *conn) {
	for len(c.passing) > 0 && len(c.offers) == 0 && len(c.out) == 0 {
		s := c.passing[0]
		var fds []int
		if s.fd >= 0 {
			fds = []int{s.fd}
		}
		b := endFrame(putInt(putSockets(beginFrame(nil, kHeldSocket, 0), []Socket{s.Socket}), tFDs, int64(len(fds))), 0)
		n, err := unix.SendmsgN(c.fd, b, rights(fds), nil, sendFlags)
		if err == unix.EAGAIN || err == unix.ENOBUFS {
			k.block(c)
			return
		}
		if err == nil && n < len(b) {
			c.out = append(c.out, b[n:]...)
		}
		c.passing = c.passing[1:]
	}
	if len(c.passing) == 0 {
		c.passing = nil
	}
}

// hearSocket takes a socket of the keeper before from its witness.
func (k *keeper) hearSocket(c *conn, f frame) error {
	s, fds, err := passedSocket(f.body)
	if err != nil || fds == 0 || len(c.fds) == 0 {
		return err
	}
	fd := c.fds[0]
	c.fds = c.fds[1:]
	if k.socketAt(s.Addr) != nil || !listensAt(fd, s.Addr) {
		unix.Close(fd)
		return nil
	}
	k.holdSocket(s, fd)
	k.releaseSockets() // a daemon may have said meanwhile that it is not wanted
	return nil
}

// passedSocket reads a message about one socket; fds is how many descriptors came with it, 0 or 1.
func passedSocket(body []byte) (s Socket, fds int64, err error) {
	var list []Socket
	err = each(body, func(tag uint16, v []byte) {
		if tag == tFDs {
			fds = getInt(v)
		} else {
			list = socketField(list, tag, v)
		}
	})
	if err == nil && len(list) != 1 {
		return s, 0, errFrame
	}
	if err == nil {
		s = list[0]
	}
	return s, fds, err
}

// heldSocket takes a copy of a socket, in place of one that came before.
func (c *Client) heldSocket(f frame) {
	s, fds, err := passedSocket(f.body)
	if err != nil || fds > int64(len(c.fds)) {
		return
	}
	c.mu.Lock()
	w := c.hold
	c.mu.Unlock()
	fd := -1
	if fds > 0 {
		fd, c.fds = c.fds[0], c.fds[1:]
	}
	if w == nil {
		closeFd(fd)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, ok := w.sockets[s.Addr]; ok {
		unix.Close(old.fd)
		delete(w.sockets, s.Addr)
	}
	if fd >= 0 {
		w.sockets[s.Addr] = socket{Socket: s, fd: fd}
	}
}

// Sockets is how many listening sockets are held.
func (w *Witness) Sockets() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sockets)
}

// testifySockets gives what is held to the next keeper. They come last: one that does not know them stumbles over no other
// descriptor. The caller holds mu.
func (w *Witness) testifySockets(c *Client) error {
	for _, s := range w.sockets {
		b := endFrame(putInt(putSockets(beginFrame(nil, kWitnessSocket, 0), []Socket{s.Socket}), tFDs, 1), 0)
		if err := c.send(b, []int{s.fd}); err != nil {
			return err
		}
	}
	return nil
}

// handedText is the line of a handover about a socket; its descriptor is put by the caller.
func (s *socket) handedText() string {
	return "\nsocket owner=" + escape(s.Owner, "") + " addr=" + escape(s.Addr, "") + " mode=" + itoa(int(s.Mode))
}

func (v words) socket() *socket {
	return &socket{Socket: Socket{Owner: v["owner"], Addr: v["addr"], Mode: uint32(max(v.fd("mode"), 0))}, fd: v.fd("fd")}
}

// takeListening goes on with the sockets that were passed on over exec.
func (k *keeper) takeListening(list []*socket) {
	for _, s := range list {
		if s.fd > 2 && k.socketAt(s.Addr) == nil && listensAt(s.fd, s.Addr) {
			k.holdSocket(s.Socket, s.fd)
		} else if s.fd > 2 {
			unix.Close(s.fd)
		}
	}
}

// listensAt tells whether a descriptor is a socket that listens on addr.
func listensAt(fd int, addr string) bool {
	on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil || on == 0 {
		return false
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	return addrOf(sa) == addr
}

// addresses are those of a life's sockets as one word of its record. None has a space that is not escaped.
func addresses(list []string) string {
	var out []string
	for _, a := range list {
		out = append(out, escape(a, ":/[]"))
	}
	return strings.Join(out, " ")
}

func parseAddresses(text string) (out []string) {
	for _, a := range strings.Fields(text) {
		if addr, ok := unescape(a); ok {
			out = append(out, addr)
		}
	}
	return out
}
