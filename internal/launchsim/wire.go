package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
)

// answer is what a call of launchctl prints and exits with.
type answer struct {
	Out  string
	Code int
}

func socket(dir string) string { return filepath.Join(dir, "launchd.sock") }

// launchctl hands its arguments to the launchd of dir and passes on what that says.
func launchctl(dir string, args []string) int {
	c, err := net.Dial("unix", socket(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, "launchctl (a simulation): no launchd in", dir)
		return 1
	}
	defer c.Close()
	var a answer
	if err := errors.Join(json.NewEncoder(c).Encode(args), json.NewDecoder(c).Decode(&a)); err != nil {
		fmt.Fprintln(os.Stderr, "launchctl (a simulation):", err)
		return 1
	}
	if a.Code == 0 {
		fmt.Print(a.Out)
	} else {
		fmt.Fprint(os.Stderr, a.Out)
	}
	return a.Code
}

// launchd serves until SIGTERM or SIGINT, then ends its jobs, as at a logout, and waits for them.
func launchd(dir string) error {
	if err := os.RemoveAll(socket(dir)); err != nil {
		return err
	}
	l, err := net.Listen("unix", socket(dir))
	if err != nil {
		return err
	}
	m := newManager(dir, os.Getuid(), os.Getenv)
	m.login()
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM, os.Interrupt)
	var wg sync.WaitGroup
	wg.Go(func() { // ends with the listener
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { m.serve(c) }) // ends with its one answer
		}
	})
	<-told
	l.Close()
	m.logout()
	wg.Wait()
	return nil
}

func (m *manager) serve(c net.Conn) {
	defer c.Close()
	var args []string
	if err := json.NewDecoder(c).Decode(&args); err != nil || len(args) == 0 {
		return
	}
	out, code := m.obey(args[0], args[1:])
	if out != "" && out[len(out)-1] != '\n' {
		out += "\n"
	}
	_ = json.NewEncoder(c).Encode(answer{out, code})
}
