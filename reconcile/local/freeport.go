package local

import (
	"net"
	"strconv"
)

// everywhere is where somebody may listen at a port: macOS lets one listen on loopback beside another on all addresses, and on
// all of one family beside all of both.
var everywhere = []string{"127.0.0.1", "0.0.0.0", ""}

// Bindable tells whether a program could listen at a TCP port now, on loopback and on every address.
func Bindable(port int) bool {
	for _, host := range everywhere {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}
