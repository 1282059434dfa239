package local

import (
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const tableOfSockets = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 11 1 0000000000000000 100 0 0 10 0
   1: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0000000000000000 100 0 0 10 0
   2: 0200007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1 0000000000000000 100 0 0 10 0
   3: 0100007F:0BB8 0100007F:1000 01 00000000:00000000 00:00000000 00000000     0        0 14 1 0000000000000000 100 0 0 10 0
   4: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 15 1 0 100 0 0 10 0
   5: 0100007F:0BB9 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16 1 0000000000000000 100 0 0 10 0
`

func TestWhoListensWhere(t *testing.T) {
	for at, want := range map[string]string{"127.0.0.1:3000": "11 12", "[::1]:3000": "12 15", "0.0.0.0:3000": "11 12 13 15", "127.0.0.1:3001": "16", "127.0.0.1:1": ""} {
		var got []string
		for _, link := range listeners(tableOfSockets, netip.MustParseAddrPort(at)) {
			got = append(got, strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, not %s", at, got, want)
		}
	}
	for _, network := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", network)
		if err != nil {
			t.Log(err) // a machine without one of the families
			continue
		}
		defer l.Close()
		if pid, name := portHolder(l.Addr().String()); pid != os.Getpid() || name == "" {
			t.Errorf("%s: %d %q, not %d", l.Addr(), pid, name, os.Getpid())
		}
	}
	if n := len(listeners("garbage\n 0: x y 0A\n"+strconv.Itoa(1), netip.AddrPort{})); n != 0 || !slices.Equal([]string(nil), listeners("", netip.AddrPort{})) {
		t.Error(n)
	}
}

// Behind those that listen, /proc/net/tcp has the connections, of which there may be any number: none of them is read.
func TestOfTheTableOnlyThoseThatListenAreRead(t *testing.T) {
	const header = "  sl  local_address rem_address   st\n"
	listen := "   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0\n"
	over := "   1: 0100007F:0BB8 0100007F:C350 06 00000000:00000000 00:00000000 00000000     0        0 0 3 0\n"
	got := listening(io.MultiReader(strings.NewReader(header+listen+listen+over), unread{t}))
	if got != header+listen+listen {
		t.Errorf("read %q", got)
	}
	if got := listening(strings.NewReader(header)); got != header {
		t.Errorf("of an empty one: %q", got)
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("it reads on")
	return 0, io.EOF
}
