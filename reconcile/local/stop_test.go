package local

import (
	"context"
	"encoding/base64"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// up starts in and returns its life.
func up(t *testing.T, r *Runtime, in reconcile.Instance) reconcile.Observed {
	t.Helper()
	if err := r.Start(context.Background(), in, reconcile.History{}); err != nil {
		t.Fatal(err)
	}
	return one(t, r, in.ID)
}

func one(t *testing.T, r *Runtime, id reconcile.ID) reconcile.Observed {
	t.Helper()
	lives, err := r.Observe(context.Background(), id)
	if err != nil || len(lives) != 1 {
		t.Fatalf("lives %+v, %v; want one", lives, err)
	}
	return lives[0]
}

// stop stops the one life of in under a context that ends at once, and checks that nobody waited.
func stop(t *testing.T, r *Runtime, in reconcile.Instance) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	begun := time.Now()
	if err := r.Stop(ctx, one(t, r, in.ID).Life, in.Process.Stop, 0); err != nil {
		t.Fatal(err)
	}
	cancel()
	if took := time.Since(begun); took > 250*time.Millisecond {
		t.Errorf("Stop took %s", took)
	}
}

func awaitEnd(t *testing.T, r *Runtime, id reconcile.ID) reconcile.Observed {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if o := one(t, r, id); o.State == reconcile.Exited {
			return o
		} else if time.Now().After(end) {
			t.Fatalf("it never ended: %+v", o)
		}
	}
}

func TestAStopCommandRunsInTheInstancesWorldAndHoldsNobodyUp(t *testing.T) {
	const script = "sleep 0.3; echo $WORD $KITT_PID $KITT_HOME $PWD > stopped"
	for _, row := range []struct {
		name  string
		edit  func(*spec.Process)
		later bool // the command came by an edit, after the start
		heir  bool // the daemon is another one by then
	}{
		{"as it was started", nil, false, false},
		{"the command came later", nil, true, false},
		{"another daemon stops it", nil, false, true},
		{"the environment does not fit into the keeper's record", func(p *spec.Process) { p.Env["X"] = strings.Repeat("x", 40<<10) }, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			r := start(t)
			in := instance(dir, "sleep", "1000")
			in.Process.Env = map[string]string{"WORD": "hello"}
			if row.edit != nil {
				row.edit(in.Process)
			}
			command := []string{"sh", "-c", script}
			if !row.later {
				in.Process.Stop.Command = command
			}
			l := up(t, r, in)
			in.Process.Stop.Command = command
			if row.heir {
				r = heir(t, r)
			}
			stop(t, r, in)
			if o := one(t, r, in.ID); o.State != reconcile.Stopping || !o.Asked || o.Deadline.IsZero() {
				t.Errorf("while the command runs: %+v", o)
			}
			awaitEnd(t, r, in.ID)
			want := "hello " + strconv.Itoa(l.PID) + " " + r.Home + " " + dir + "\n"
			if metas := recorded(t, r.Home); strings.Contains(metas, dir) == row.later || strings.Contains(metas, "hello") {
				t.Errorf("the journal has no world, or one with values: %q", metas)
			}
			if b, _ := os.ReadFile(dir + "/stopped"); string(b) != want {
				t.Errorf("the command wrote %q, want %q", b, want)
			}
		})
	}
}

// recorded is what the journal carries for the daemon.
func recorded(t *testing.T, home string) (all string) {
	b, err := os.ReadFile(home + "/run/lives")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(string(b)) {
		if code, ok := strings.CutPrefix(word, "meta="); ok {
			meta, _ := base64.RawURLEncoding.DecodeString(code)
			all += string(meta)
		}
	}
	return all
}

// heir is the Runtime of a daemon that takes over from r's.
func heir(t *testing.T, r *Runtime) *Runtime {
	c := dial(t, r.Home)
	if err := c.Claim(context.Background()); err != nil {
		t.Fatal(err)
	}
	next := New(c, r.Home, r.Exe, r.Logs)
	done := pump(c, next)
	t.Cleanup(func() {
		next.Close()
		_ = c.Shutdown(context.Background(), true)
		_ = c.Close()
		<-done
	})
	if err := next.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return next
}

func TestAStopCommandThatFailsChangesNothing(t *testing.T) {
	for _, row := range []struct {
		name    string
		command []string
		trouble string
	}{
		{"it is not there", []string{"nosuch"}, `stop.command: find program "nosuch": not on the PATH`},
		{"it fails", []string{"false"}, "exit status 1"},
		{"it never ends", []string{"sh", "-c", "sleep 1000 & echo $! > pid; wait"}, "stop.command: killed after 400ms, its stop.timeout"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			r := start(t)
			in := instance(dir, "sleep", "1000")
			in.Process.Stop.Command, in.Process.Stop.Timeout = row.command, 400*time.Millisecond
			up(t, r, in)
			stop(t, r, in)
			o := awaitEnd(t, r, in.ID)
			if !o.Asked || o.Exit.Signal != "SIGTERM" || !strings.Contains(o.Trouble, row.trouble) {
				t.Errorf("it ended %+v; want by SIGTERM, with the trouble %q", o, row.trouble)
			}
			if b, err := os.ReadFile(dir + "/pid"); err == nil {
				pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
				for end := time.Now().Add(5 * time.Second); syscall.Kill(pid, 0) == nil && !zombie(pid); time.Sleep(5 * time.Millisecond) {
					if time.Now().After(end) {
						t.Fatal("a child of it lives on")
					}
				}
			}
		})
	}
}

// zombie tells whether a process has ended and nobody has reaped it; nobody does in some containers.
func zombie(pid int) bool {
	b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return strings.Contains(string(b), ") Z ")
}
