package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// freePort is a port of this machine that nobody holds just now.
func anyPort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// asNotifier sends the words, a line each, to $NOTIFY_SOCKET, as sd_notify(3) does.
func asNotifier(words []string) int {
	c, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err == nil {
		_, err = c.Write([]byte(strings.Join(words, "\n")))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notify:", err)
		return 1
	}
	if os.Getenv("LINGER") != "" { // to be looked at while it lives
		time.Sleep(time.Second)
	}
	return 0
}
