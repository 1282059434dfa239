package forward

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// listenFD is the first descriptor of sd_listen_fds(3).
const listenFD = 3

// mostTable is the longest line of a table, in bytes.
const mostTable = 1 << 20

func init() {
	if len(os.Args) != 3 || os.Args[1] != "internal" || os.Args[2] != "forward" {
		return
	}
	code := make(chan int)
	go func() { code <- Main() }() // the goroutine that initialises is tied to the first thread
	os.Exit(<-code)
}

// Main is the program: its socket is descriptor 3, its channel what NODE_CHANNEL_FD names. It ends after SIGTERM, once its
// connections have.
func Main() int {
	l, channel, err := handed()
	if err != nil {
		fmt.Fprintf(os.Stderr, "kitt: forward: %v\nhint: kitt starts it by itself, for a process with expose\n", err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	out := json.NewEncoder(channel)
	f := New(func(a Answer) { _ = out.Encode(a) }) // without a keeper nobody listens
	if err := out.Encode("ready"); err != nil {
		fmt.Fprintln(os.Stderr, "kitt: forward: say ready:", err)
		return 1
	}
	go hear(channel, f) // until the program ends
	if err := f.Run(ctx, l); err != nil {
		fmt.Fprintln(os.Stderr, "kitt: forward:", err)
		return 1
	}
	return 0
}

// handed takes up what the keeper gave it.
func handed() (net.Listener, *os.File, error) {
	fd, err := strconv.Atoi(os.Getenv("NODE_CHANNEL_FD"))
	if err != nil {
		return nil, nil, fmt.Errorf("find channel: NODE_CHANNEL_FD names no descriptor")
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, nil, fmt.Errorf("find channel: %w", err)
	}
	socket := os.NewFile(listenFD, "socket")
	l, err := net.FileListener(socket)
	if err != nil {
		return nil, nil, fmt.Errorf("listen: %w", err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // it is the keeper's
	}
	return l, os.NewFile(uintptr(fd), "channel"), socket.Close()
}

// hear takes up each table.
func hear(channel *os.File, f *Forwarder) {
	lines := bufio.NewScanner(channel)
	lines.Buffer(nil, mostTable)
	for lines.Scan() {
		if t, ok := ParseTable(lines.Bytes()); ok {
			f.Set(t)
		}
	}
}
