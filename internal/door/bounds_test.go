package door

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Each of these uses up as much of kitt as somebody of the same user can, and looks at what that costs: the memory of
// each kitt process has a limit, and kitt status answers all the while. The short form is part of make test; make
// bounds runs the long one and prints the table of docs/reliability.md.

// Limits, in kB of resident memory. Keeper and daemon are seen at about a half of them; a client collects no garbage
// before it has 128 MiB, unless it follows.
const (
	mostKeeper = 32 << 10
	mostDaemon = 96 << 10
	mostClient = 160 << 10
)

// answerIn is how soon kitt status is to answer; three times that where the machine is busy with other tests.
const answerIn = 100 * time.Millisecond

// Figures are what was seen while something went on.
type figures struct {
	keeper, daemon, client int // kB at most
	room                   int // kB that the daemon may have beyond mostDaemon
	answers                []time.Duration
}

// during measures while do runs, and at least a second.
func (w *world) during(do func(f *figures)) (f figures) {
	w.Helper()
	s := w.status()
	var wg sync.WaitGroup
	end := make(chan struct{})
	wg.Go(func() {
		for {
			f.keeper, f.daemon = max(f.keeper, rss(s.Keeper.PID)), max(f.daemon, rss(s.Daemon.PID))
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	wg.Go(func() {
		for {
			begun := time.Now()
			if out, err := w.kitt("status", "-o", "name"); err != nil || out == "" {
				w.Errorf("status: %v: %s", err, out)
			}
			f.answers = append(f.answers, time.Since(begun))
			select {
			case <-end:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	begun := time.Now()
	do(&f)
	time.Sleep(max(0, time.Second-time.Since(begun)))
	close(end)
	wg.Wait()
	if now := w.status(); now.Keeper.PID != s.Keeper.PID || now.Daemon.PID != s.Daemon.PID {
		w.Errorf("it took other processes: %+v, then %+v", s.Keeper, now.Keeper)
	}
	return f
}

// hold fails what is beyond the limits, and prints the rest as a row.
func (w *world) hold(what string, f figures) {
	w.Helper()
	slices.Sort(f.answers)
	mid, last := f.answers[len(f.answers)/2], f.answers[len(f.answers)-1]
	if f.keeper > mostKeeper || f.daemon > mostDaemon+f.room || f.client > mostClient {
		w.Errorf("%s: keeper %d kB, daemon %d kB, client %d kB", what, f.keeper, f.daemon, f.client)
	}
	if mid > 3*answerIn || *long && mid > answerIn {
		w.Errorf("%s: status answers in %s, at most %s", what, mid, last)
	}
	mb := func(kb int) string {
		if kb == 0 {
			return "-"
		}
		return fmt.Sprintf("%.1f", float64(kb)/1000)
	}
	row := fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %d |", what, mb(f.keeper), mb(f.daemon), mb(f.client),
		mid.Round(time.Millisecond), last.Round(time.Millisecond), len(f.answers))
	w.Log(row)
	if *long {
		fmt.Println(row)
	}
}

// either is the first in the long form, else the second.
func either(many, few int) int {
	if *long {
		return many
	}
	return few
}

// client starts kitt with these arguments, and looks at its memory until it ends. What it returns ends it, or waits.
func (w *world) client(f *figures, out io.Writer, args ...string) (stop func(wait bool)) {
	w.Helper()
	cmd := w.command(args...)
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(done)
	}()
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			f.client = max(f.client, memory(cmd.Process.Pid, "VmHWM:"))
			select {
			case <-end:
				_ = cmd.Process.Kill()
				<-done
				return
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	return func(wait bool) {
		if !wait {
			close(end)
		}
		wg.Wait()
	}
}

// TestBoundsFlood: programs that write without end, and a reader of kitt logs -f that takes a little now and then. The
// reader's kitt waits in its write and holds no lines meanwhile: the backlog is on the disk.
func TestBoundsFlood(t *testing.T) {
	w := alone(t)
	w.apply(`process "flood" {
  command   = ["app"]
  env       = { DOOR_APP = "flood" }
  instances = 2
  log {
    max_size = "4MB"
    keep     = 3
  }
}`)
	r, wr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	f := w.during(func(f *figures) {
		defer w.client(f, wr, "logs", "-f", "-n", "all")(false)
		wr.Close()
		buf := make([]byte, 4<<10)
		for end := time.Now().Add(time.Duration(either(30, 3)) * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if n, err := r.Read(buf); err != nil || n == 0 {
				t.Errorf("the reader got no more: %v", err)
				return
			}
		}
	})
	w.hold("two programs that flood, a slow `kitt logs -f`", f)
}

// TestBoundsBacklog: kitt logs over many lines holds few of them.
func TestBoundsBacklog(t *testing.T) {
	w := alone(t)
	n := either(1_000_000, 200_000)
	w.apply(fmt.Sprintf(`process "lines" {
  command = ["app", "%d"]
  env     = { DOOR_APP = "lines" }
  log { keep = 100 }
}`, n))
	in := filepath.Base(w.dir) + "/lines.1"
	want := fmt.Sprintf("line %d ", n-1)
	w.awaitLong("all lines", func() bool { return strings.Contains(w.stored(in, "out"), want) })
	f := w.during(func(f *figures) {
		counted := &counter{}
		stop := w.client(f, counted, "logs", "-n", "all")
		w.awaitLong("all lines to be printed", func() bool { return counted.lines() == n })
		stop(false)
		for _, last := range []string{"15", "10000"} {
			begun := time.Now()
			out := w.must("logs", "-n", last)
			if got := strings.Count(out, "\n"); fmt.Sprint(got) != last {
				t.Errorf("-n %s gave %d lines", last, got)
			}
			t.Logf("the last %s of %d lines in %s", last, n, time.Since(begun).Round(time.Millisecond))
		}
		w.must("logs", "-n", "all", "--grep", "line 77 ")
	})
	w.hold(fmt.Sprintf("`kitt logs -n all` of %d lines", n), f)
}

// counter counts the line breaks written to it.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += strings.Count(string(b), "\n")
	return len(b), nil
}

func (c *counter) lines() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// TestBoundsClients: so many follow events and logs and never read, while things happen.
func TestBoundsClients(t *testing.T) {
	var most syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &most)
	w := alone(t)
	n := either(1000, 300)
	w.apply(`process "web" { command = "while :; do echo x; sleep 0.05; done" }`)
	f := w.during(func(*figures) {
		for i := range n {
			c, err := net.Dial("unix", w.home+"/run/api.sock")
			if err != nil {
				t.Fatalf("client %d of %d: %v (%d files)", i, n, err, most.Cur)
			}
			defer c.Close()
			path := [...]string{"/v1/events?follow=1", "/v1/logs/wait", "/v1/status", "/v1/events?follow=1&n=1000"}[i%4]
			_ = c.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: kitt\r\n\r\n", path); err != nil {
				t.Fatal(err)
			}
		}
		for range either(30, 3) {
			w.must("restart", "web", "--no-wait")
		}
		time.Sleep(time.Duration(either(10, 1)) * time.Second)
	})
	w.hold(fmt.Sprintf("%d clients that ask and do not read", n), f)
}

// TestBoundsCrashLoops: so many processes that end at once, as often as kitt lets them.
func TestBoundsCrashLoops(t *testing.T) {
	w := alone(t)
	n := either(100, 40)
	w.put("kitt.hcl", fmt.Sprintf(`process "crash" {
  command   = ["false"]
  instances = %d
  restart {
    backoff_min = "100ms"
    backoff_max = "200ms"
  }
}
process "web" { command = "exec sleep 1000" }`, n))
	w.must("apply", "--no-wait")
	f := w.during(func(*figures) { time.Sleep(time.Duration(either(60, 4)) * time.Second) })
	restarts := 0
	for _, in := range w.status().Instances {
		restarts += in.Restarts
	}
	if restarts < n {
		t.Errorf("%d restarts of %d: no loop", restarts, n)
	}
	if in := w.one("web.1"); in.Phase != "running" || in.Restarts != 0 {
		t.Errorf("the one that works: %+v", in)
	}
	var lives int64
	if st, err := os.Stat(w.home + "/run/lives"); err == nil {
		lives = st.Size()
	}
	t.Logf("%d restarts; the journal has %d bytes", restarts, lives)
	if lives > 8<<20 {
		t.Errorf("the journal has %d bytes", lives)
	}
	w.hold(fmt.Sprintf("%d processes that crash at once, for ever", n), f)
}

// TestBoundsSpec: a spec file of so many bytes is read, kept, edited and restarted from.
func TestBoundsSpec(t *testing.T) {
	w := alone(t)
	size := either(10<<20, 2<<20)
	const each = 100 << 10 // below what one variable may have
	text := func(last string) string {
		var b strings.Builder
		b.WriteString("process \"web\" { command = \"exec sleep 1000\" }\n")
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, "process \"p%d\" {\n  command   = \"exec sleep 1000\"\n  instances = %d\n  env       = { A = \"%d%s\" }\n}\n", i, i%10/9, i, strings.Repeat("x", each))
		}
		return b.String() + "# " + last + "\n"
	}
	w.put("kitt.hcl", text("first"))
	w.must("apply")
	f := w.during(func(*figures) {
		for i := range either(5, 1) {
			w.put("kitt.hcl", strings.Replace(text(fmt.Sprint(i)), "\"web\" {", fmt.Sprintf("\"web\" {\n description = \"%d\"\n", i), 1)[:size]+"") // torn: a complaint
			w.await("the complaint", func() bool { return w.status().Specs[0].Error != nil })
			w.put("kitt.hcl", text(fmt.Sprint("again ", i)))
			w.await("it to be followed", func() bool { return w.status().Specs[0].Error == nil })
			begun := time.Now()
			w.must("restart", "web")
			t.Logf("restart in %s", time.Since(begun).Round(time.Millisecond))
		}
	})
	f.room = 16 * size >> 10 // it is held, decoded, and written as JSON
	w.hold(fmt.Sprintf("a spec of %d MB, broken and mended", size>>20), f)
}

// TestBoundsLine: one line of so many bytes is written, and read back in every form.
func TestBoundsLine(t *testing.T) {
	w := alone(t)
	size := either(1<<30, 64<<20)
	var f figures
	w.apply(`process "web" { command = "exec sleep 1000" }`)
	f = w.during(func(f *figures) {
		w.apply(fmt.Sprintf(`process "web" { command = "exec sleep 1000" }
process "line" {
  command = ["app", "%d", %q, "line"]
  env     = { DOOR_APP = "bytes" }
  log {
    max_size = "100MB"
    keep     = 100
    compress = false
  }
}`, size, w.dir+"/sum"))
		w.awaitLong("the line", func() bool { _, err := os.Stat(w.dir + "/sum"); return err == nil })
		for _, args := range [][]string{{"logs", "line", "-n", "all"}, {"logs", "line", "-n", "1", "-o", "json"}, {"logs", "line", "-n", "all", "--grep", "nothing"}} {
			w.client(f, io.Discard, args...)(true)
		}
	})
	w.hold(fmt.Sprintf("a line of %d MB", size>>20), f)
}
