// Package sdnotify tells systemd how its service is doing, in one datagram and without package net.
package sdnotify

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Notify sends state ("READY=1", "STOPPING=1") to the service manager. It does nothing, and returns nil, where
// nobody asked: $NOTIFY_SOCKET is not set. It does not wait: a full queue is an error.
func Notify(state string) error {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	if !strings.HasPrefix(name, "/") && !strings.HasPrefix(name, "@") { // @ is Linux' abstract namespace
		return fmt.Errorf("notify service manager: NOTIFY_SOCKET %q is no unix socket", name)
	}
	fd, err := socket()
	if err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Sendto(fd, []byte(state), unix.MSG_DONTWAIT, &unix.SockaddrUnix{Name: name}); err != nil {
		return fmt.Errorf("notify service manager: send to %s: %w", name, err)
	}
	return nil
}

// socket closes the gap in which a child could inherit it: macOS has no SOCK_CLOEXEC.
func socket() (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	return fd, err
}
