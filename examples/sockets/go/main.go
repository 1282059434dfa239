// Command go serves HTTP on the socket that kitt holds, its descriptor 3, and tells its pid. See docs/reload.md.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	l, err := net.FileListener(os.NewFile(3, "web"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "descriptor 3 is no socket: is there a listen in kitt.hcl?", err)
		os.Exit(1)
	}
	var open sync.WaitGroup // connections
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "go", os.Getpid()) }),
		ReadHeaderTimeout: 5 * time.Second,
		ConnState: func(_ net.Conn, s http.ConnState) {
			switch s {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			}
		},
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	<-asked
	// Closes this program's end of the socket; who comes from now on waits in kitt's. Then all that was accepted is answered:
	// server.Shutdown would hang up on a client whose request it has not read yet.
	l.Close()
	<-done
	server.SetKeepAlivesEnabled(false)
	open.Wait()
}
