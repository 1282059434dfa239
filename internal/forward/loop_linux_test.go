package forward

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// A connection has what its socket was set to, with no call of its own.
func TestConnectionsInheritWhatTheirSocketIsSetTo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	fd, err := descriptor(l)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	inherited(fd)
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if n, err := unix.Poll(ready, 30_000); n != 1 {
		t.Fatal("nobody came: ", err)
	}
	got, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(got)
	for name, o := range map[string][2]int{"TCP_NODELAY": {unix.IPPROTO_TCP, unix.TCP_NODELAY}, "SO_KEEPALIVE": {unix.SOL_SOCKET, unix.SO_KEEPALIVE}} {
		if on, err := unix.GetsockoptInt(got, o[0], o[1]); on == 0 || err != nil {
			t.Errorf("%s: %d, %v", name, on, err)
		}
	}
}
