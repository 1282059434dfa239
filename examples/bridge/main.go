// Command bridge is a small but real program to try kitt with: an HTTP service on loopback that can tell which
// of its lives this is, and that restarts itself through kitt.
//
//	GET  /         what it is
//	GET  /health   name, pid, life and uptime, as JSON
//	POST /restart  `kitt restart "$KITT_PROCESS"`
//
// It takes a free port of its own choosing, so that two of them do not collide; BRIDGE_PORT names one.
// The address goes to stdout, and into the file that BRIDGE_ADDR_FILE names.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0) // kitt stamps each line itself
	log.SetOutput(os.Stdout)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bridge:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, then lets the requests under way finish for at most three seconds.
func run(ctx context.Context, getenv func(string) string, out io.Writer) error {
	port := getenv("BRIDGE_PORT")
	if port == "" {
		port = "0"
	}
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	url := "http://" + ln.Addr().String()
	if err := announce(url, getenv("BRIDGE_ADDR_FILE")); err != nil {
		ln.Close()
		return fmt.Errorf("write the address: %w", err)
	}
	defer retract(url, getenv("BRIDGE_ADDR_FILE"))
	fmt.Fprintln(out, "listening on", url)

	b := &bridge{getenv: getenv, out: out, start: time.Now()}
	srv := &http.Server{Handler: b.handler(), ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }() // ends by Shutdown

	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "stopping")
	wait, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := srv.Shutdown(wait); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	fmt.Fprintln(out, "stopped")
	return nil
}

// announce writes the address into file, by rename, so that nobody reads half of it. No file, nothing to do.
func announce(url, file string) error {
	if file == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	tmp := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := os.WriteFile(tmp, []byte(url+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, file)
}

// retract removes the file if it still holds this address: nobody is to knock where no one lives.
func retract(url, file string) {
	if b, err := os.ReadFile(file); err == nil && string(b) == url+"\n" {
		os.Remove(file)
	}
}
