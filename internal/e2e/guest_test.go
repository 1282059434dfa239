package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A guest asks one server again and again, as several clients at once if it is told to.
type guest struct {
	addr string
	busy sync.RWMutex // held to read while a request is under way
	mu   sync.Mutex
	pid  int // who answered last
	n    int
	most time.Duration
	err  error
}

// newGuest is one for an address that nobody has.
func newGuest(t *testing.T) *guest {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &guest{addr: l.Addr().String()}
}

// ask connects, asks and reads the answer to its end.
func (g *guest) ask() error {
	g.busy.RLock()
	defer g.busy.RUnlock()
	began := time.Now()
	c, err := net.DialTimeout("tcp", g.addr, 30*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		return err
	}
	text, err := io.ReadAll(c)
	words := strings.Fields(string(text))
	if err != nil || len(words) < 4 || words[1] != "200" {
		return fmt.Errorf("answer %q, %v", text, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pid, err = strconv.Atoi(words[len(words)-1])
	g.n, g.most = g.n+1, max(g.most, time.Since(began))
	return err
}

func (g *guest) answered() (pid, n int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pid, g.n, g.err
}

// visit asks until stop is closed, or something fails.
func (g *guest) visit(stop <-chan struct{}, pause time.Duration) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(pause): // the machine is others' too
		}
		if err := g.ask(); err != nil {
			g.mu.Lock()
			g.err = err
			g.mu.Unlock()
			return
		}
	}
}

// kill ends who answered last, and all whom pids names of it, between two requests: what a program had accepted dies with it.
func (g *guest) kill(t *testing.T, also func(pid int) []int) {
	t.Helper()
	g.busy.Lock()
	defer g.busy.Unlock()
	pid, _, _ := g.answered()
	for _, pid := range append([]int{pid}, also(pid)...) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			t.Fatal(err)
		}
	}
}

func alone(int) []int { return nil }

// guests are those of each process of a spec, by its name.
type guests map[string]*guest

// come lets so many clients of each ask until the test ends.
func (gs guests) come(t *testing.T, each int, pause time.Duration) {
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for _, g := range gs {
		for range each {
			asking.Go(func() { g.visit(stop, pause) })
		}
	}
	t.Cleanup(func() {
		close(stop)
		asking.Wait()
	})
}

func (gs guests) pids() map[string]int {
	out := map[string]int{}
	for name, g := range gs {
		out[name], _, _ = g.answered()
	}
	return out
}

// renewed waits until each guest, or each of those names, was answered by another program than before.
func (gs guests) renewed(h *house, what string, before map[string]int, names ...string) {
	h.Helper()
	for name, g := range gs {
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		h.eventually(what+": another "+name, func() bool {
			pid, _, err := g.answered()
			if err != nil {
				h.Fatalf("%s: %s: %v", what, name, err)
			}
			return pid != before[name] && pid != 0
		})
	}
}

// report tells who was not served.
func (gs guests) report(t *testing.T) {
	t.Helper()
	for name, g := range gs {
		_, n, err := g.answered()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		g.mu.Lock()
		most := g.most
		g.mu.Unlock()
		t.Logf("%-18s %5d answers, the slowest after %s", name, n, most.Round(time.Millisecond))
	}
}

// have tells whether a tool is there. Where CI installs it, it must be.
func have(t *testing.T, tool string) bool {
	t.Helper()
	_, err := exec.LookPath(tool)
	if err == nil {
		return true
	}
	if os.Getenv("KITT_CI") != "" || os.Getenv("CI") == "true" {
		t.Fatalf("no %s: .ci/run installs it", tool)
	}
	t.Logf("no %s here: what needs it is not tried", tool)
	return false
}
