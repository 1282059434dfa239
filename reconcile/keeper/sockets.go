package keeper

import (
	"strings"

	"golang.org/x/sys/unix"
)

// The keeper holds listening sockets, so that clients wait in their queues while no program is there to accept. Every life
// that names one gets it, from descriptor 3 on. A socket is held for as long as it is wanted (Client.Listen says the whole
// list) or a life that was given it runs and was not asked to end: so a restart keeps it, and a stop does not.
//
// They go to the next program with all else that passes over exec (handover.go). A keeper that takes the place of a dead one
// gets them from the witness or, where there is none, from a program that runs on them (reclaim.go).

// A Socket is one address to listen on.
type Socket struct {
	Owner string // whose it is: "shop/web"; whoever names an address last owns it
	Addr  string // "tcp://127.0.0.1:3000", "tcp://[::1]:3000" or "unix:/path/x.sock"
	Mode  uint32 // permissions of a unix socket; 0 is 0600
}

// listenBacklog is how many clients may wait; the system allows less (net.core.somaxconn, kern.ipc.somaxconn), and a
// program that calls listen(2) itself sets its own.
const listenBacklog = 4096

// firstSocket is the descriptor of a program's first socket, as sd_listen_fds(3) has it.
const firstSocket = 3

// A socket that is held.
type socket struct {
	Socket
	fd       int    // -1: closed
	dev, ino uint64 // of a unix socket's file: only that is removed
}

// listenOn gives the socket of an address, which is opened if it is not held.
func (k *keeper) listenOn(s Socket) (*socket, error) {
	if held := k.socketAt(s.Addr); held != nil {
		if held.Mode != s.Mode && held.path() != "" {
			if err := unix.Chmod(held.path(), s.mode()); err != nil {
				return nil, refuse("listen on", s.Addr, err)
			}
			held.Mode = s.Mode
		}
		held.Owner = s.Owner
		return held, nil
	}
	if k.roomLeft() != nil {
		return nil, refuse("listen on", s.Addr, unix.EMFILE)
	}
	fd := k.reclaim(s)
	if fd < 0 {
		var err error
		if fd, err = bindSocket(s); err != nil {
			return nil, err
		}
	}
	return k.holdSocket(s, fd), nil
}

// holdSocket takes a socket in.
func (k *keeper) holdSocket(s Socket, fd int) *socket {
	held := &socket{Socket: s, fd: fd}
	var st unix.Stat_t
	if path := s.path(); path != "" && unix.Lstat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK {
		held.dev, held.ino = uint64(st.Dev), st.Ino
	}
	k.sockets = append(k.sockets, held)
	k.offerSocket(held)
	return held
}

func (k *keeper) socketAt(addr string) *socket {
	for _, s := range k.sockets {
		if s.Addr == addr {
			return s
		}
	}
	return nil
}

func (s Socket) mode() uint32 {
	if s.Mode == 0 {
		return 0o600
	}
	return s.Mode & 0o777
}

// path is that of a unix socket's file, "" of others.
func (s Socket) path() string {
	if path, unix := strings.CutPrefix(s.Addr, "unix:"); unix {
		return path
	}
	return ""
}

// releaseSockets closes what nobody wants and no life runs on. Before a daemon has said what is wanted, all is.
func (k *keeper) releaseSockets() {
	kept := k.sockets[:0]
	for _, s := range k.sockets {
		if k.listed == nil || k.listed[s.Addr] || k.socketUsed(s.Addr) {
			kept = append(kept, s)
			continue
		}
		k.closeSocket(s)
	}
	clear(k.sockets[len(kept):])
	k.sockets = kept
}

// socketUsed tells whether a life has the socket of addr that runs and was not asked to end.
func (k *keeper) socketUsed(addr string) bool {
	for _, l := range k.order {
		if l.state == Running && !l.lingering && l.listens(addr) >= 0 {
			return true
		}
	}
	return false
}

// listens is which of a life's sockets is that of addr; -1: none.
func (l *life) listens(addr string) int {
	for i, a := range l.listen {
		if a == addr {
			return i
		}
	}
	return -1
}

func (k *keeper) closeSocket(s *socket) {
	unix.Close(s.fd)
	s.fd = -1
	var st unix.Stat_t
	if path := s.path(); path != "" && unix.Lstat(path, &st) == nil && uint64(st.Dev) == s.dev && st.Ino == s.ino {
		unix.Unlink(path)
	}
	k.offerSocket(s)
}

// closeSockets closes those that no living program has: the keeper ends, or no socket is wanted any more.
func (k *keeper) closeSockets() {
	k.listed = map[string]bool{}
	k.releaseSockets()
}

// listenAll opens list. It is all that is wanted from then on or, with more, wanted too: then where one of it cannot be had,
// nothing is changed. The first refusal is returned. That a running program alone has a socket, since a keeper died, is none.
func (k *keeper) listenAll(list []Socket, more bool) (first error) {
	before := k.listed
	if k.listed != nil || !more {
		k.listed = map[string]bool{}
		for addr := range before {
			k.listed[addr] = more && before[addr]
		}
		for _, s := range list {
			k.listed[s.Addr] = true
		}
	}
	for _, s := range list {
		_, err := k.listenOn(s)
		if e, ok := err.(*Error); ok && e.Errno == unix.EADDRINUSE && k.socketUsed(s.Addr) {
			err = nil
		}
		if err != nil && first == nil {
			first = err
		}
	}
	if first != nil && more {
		k.listed = before
	}
	k.releaseSockets()
	return first
}

// openListen gives the descriptors of a new life's sockets.
func (k *keeper) openListen(l *life, s *Spawn) (fds []uintptr, err error) {
	for _, one := range s.Listen {
		held, err := k.listenOn(one)
		if err != nil {
			return nil, err
		}
		if !k.socketUsed(one.Addr) {
			unix.SetNonblock(held.fd, false) // as the program before left it may not suit this one
		}
		l.listen = append(l.listen, one.Addr)
		fds = append(fds, uintptr(held.fd))
	}
	return fds, nil
}

// orderListen takes kListen.
func (k *keeper) orderListen(c *conn, f frame) error {
	var list []Socket
	more := false
	if err := each(f.body, func(tag uint16, v []byte) {
		if tag == tMore {
			more = getBool(v)
		} else {
			list = socketField(list, tag, v)
		}
	}); err != nil {
		return err
	}
	if err := k.listenAll(list, more); err != nil {
		k.fail(c, f.req, err)
		return nil
	}
	k.reply(c, kOK, f.req)
	return nil
}
