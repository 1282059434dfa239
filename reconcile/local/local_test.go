package local

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/reconcile/keeper"
	"kitt.sh/reconcile/runtimetest"
	"kitt.sh/spec"
)

// The test binary is the keeper as well.
func TestMain(m *testing.M) {
	if home := os.Getenv("TEST_KEEPER"); home != "" {
		os.Unsetenv("TEST_KEEPER")
		os.Exit(keeper.Run(keeper.Options{Home: home, Run: home + "/run", State: home + "/state"}))
	}
	os.Exit(m.Run())
}

// start begins a keeper of the test's own and returns a Runtime on it.
func start(t *testing.T) *Runtime {
	home, err := os.MkdirTemp("", "k") // short: sockets lie below it
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), "TEST_KEEPER="+home), os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	c := dial(t, home)
	if err := c.Claim(ctx); err != nil {
		t.Fatal(err)
	}
	r := New(c, home, "/kitt", home+"/logs")
	done := make(chan struct{})
	go func() { // ended by c.Close
		defer close(done)
		for e := range c.Events() {
			r.Happened(e)
		}
	}()
	t.Cleanup(func() {
		r.Close()
		_ = c.Shutdown(ctx, true)
		_ = cmd.Wait()
		_ = c.Close()
		<-done
		os.RemoveAll(home)
	})
	if err := r.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

func dial(t *testing.T, home string) *keeper.Client {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := keeper.Dial(context.Background(), home+"/run/keeper.sock", "daemon")
		if err == nil {
			return c
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

type programs struct{}

func (programs) Sleep() []string { return []string{"sleep", "1000"} }
func (programs) ExitWith(code int) []string {
	return []string{"sh", "-c", "exit " + strconv.Itoa(code)}
}
func (programs) IgnoreTERM() []string {
	return []string{"sh", "-c", "trap '' TERM; while :; do sleep 1; done"}
}
func (programs) Missing() []string { return []string{"missing-program"} }

func TestContract(t *testing.T) {
	runtimetest.Run(t, func(t *testing.T) reconcile.Runtime { return start(t) }, programs{})
}

func TestObserveBeforeTheFirstListIsAnError(t *testing.T) {
	r := New(nil, "", "", "")
	if _, err := r.Observe(context.Background()); err == nil {
		t.Error("nothing is known, and it looked like nothing runs")
	}
}

// instance is web.1 with the given command, in dir.
func instance(dir string, command ...string) reconcile.Instance {
	p := spec.Defaults()
	p.Name, p.Command, p.Cwd, p.Instances = "web", command, dir, 1
	return reconcile.Instance{ID: reconcile.ID{Project: "shop", Process: "web", N: 1}, Process: &p, Generation: 1, Run: "r",
		Captured: map[string]string{"PATH": os.Getenv("PATH"), "HOME": dir, "KITT_HOME": "/someone/elses"}}
}

func TestWhatCannotStart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	r := start(t)
	for _, row := range []struct {
		name, cwd string
		command   []string
		edit      func(*spec.Process)
		text      string
		hint      bool
	}{
		{"a program that is not on the PATH, with the PATH and where it came from", dir, []string{"nosuch"}, nil, `find program "nosuch": not on the PATH; searched ` + os.Getenv("PATH") + ` (captured at the last kitt apply)`, true},
		{"a PATH that the spec sets", dir, []string{"nosuch"}, func(p *spec.Process) { p.Env = map[string]string{"PATH": "/x:/y"} }, "searched /x:/y (set by the spec)", true},
		{"a file that is not executable", dir, []string{write("plain", "x", 0o644)}, nil, "permission denied", true},
		{"a folder", dir, []string{dir}, nil, "is a folder", true},
		{"a relative path that is not there", dir, []string{"./nosuch"}, nil, "no such file", true},
		{"a script that says not what it is for", dir, []string{write("noshebang", "echo hi\n", 0o755)}, nil, "exec format error", true},
		{"an interpreter that is not there", dir, []string{write("badshebang", "#!/no/such/interpreter\n", 0o755)}, nil, "no such file", true},
		{"a folder to run in that is not there", dir + "/nosuch", []string{"true"}, nil, "enter cwd", true},
		{"a file to run in", write("afile", "x", 0o644), []string{"true"}, nil, "not a folder", false},
		{"a user that is not there", dir, []string{"true"}, func(p *spec.Process) { p.User = "nosuchuser" }, `find user "nosuchuser"`, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := instance(row.cwd, row.command...)
			if row.edit != nil {
				row.edit(in.Process)
			}
			end := failed(t, r, in)
			if !strings.Contains(end.Exit.Text, row.text) || strings.Contains(end.Exit.Text, "\n") {
				t.Errorf("text %q, want %q in one line", end.Exit.Text, row.text)
			}
			if (end.Exit.Hint != "") != row.hint {
				t.Errorf("hint %q, wanted: %v", end.Exit.Hint, row.hint)
			}
		})
	}
}

// failed starts in, expects that it cannot start, and forgets it.
func failed(t *testing.T, r *Runtime, in reconcile.Instance) reconcile.Observed {
	t.Helper()
	ctx := context.Background()
	if err := r.Start(ctx, in, reconcile.History{}); err != nil {
		t.Fatal(err)
	}
	lives, err := r.Observe(ctx, in.ID)
	if err != nil || len(lives) != 1 || lives[0].State != reconcile.NoStart {
		t.Fatalf("lives %+v, %v; want one that could not start", lives, err)
	}
	if err := r.Forget(ctx, lives[0].Life); err != nil {
		t.Fatal(err)
	}
	return lives[0]
}

func TestAStopCommandRunsInTheInstancesWorldAndHoldsNobodyUp(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	r := start(t)
	in := instance(dir, "sleep", "1000")
	in.Process.Env = map[string]string{"WORD": "hello"}
	in.Process.Stop.Command = []string{"sh", "-c", "sleep 0.3; echo $WORD $KITT_PID $KITT_HOME > stopped"}
	if err := r.Start(ctx, in, reconcile.History{}); err != nil {
		t.Fatal(err)
	}
	lives, _ := r.Observe(ctx, in.ID)
	begun := time.Now()
	if err := r.Stop(ctx, lives[0].Life, in.Process.Stop, 0); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 250*time.Millisecond {
		t.Errorf("Stop took %s", took)
	}
	if now, _ := r.Observe(ctx, in.ID); now[0].State != reconcile.Stopping || !now[0].Asked {
		t.Errorf("while the command runs: %+v", now[0])
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if now, _ := r.Observe(ctx, in.ID); now[0].State == reconcile.Exited {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it never ended")
		}
	}
	want := "hello " + strconv.Itoa(lives[0].PID) + " " + r.Home + "\n"
	if b, _ := os.ReadFile(dir + "/stopped"); string(b) != want {
		t.Errorf("the command wrote %q, want %q", b, want)
	}
}

func TestAnotherUserGetsGroupsAndHome(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	dir, ctx := t.TempDir(), context.Background()
	for d := dir; len(d) > len(os.TempDir()); d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	_ = os.Chmod(dir, 0o777)
	r := start(t)
	in := instance(dir, "sh", "-c", "echo $(id -un) $(id -gn) $HOME > who; sleep 1000")
	in.Process.User = "nobody"
	if err := r.Start(ctx, in, reconcile.History{}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if b, _ := os.ReadFile(dir + "/who"); strings.HasPrefix(string(b), "nobody nogroup /nonexistent") {
			return
		}
		if time.Now().After(end) {
			b, _ := os.ReadFile(dir + "/who")
			t.Fatalf("who: %q", b)
		}
	}
}

func TestEnvironLayers(t *testing.T) {
	in := instance("/", "true")
	in.Process.Unset = []string{"HOME"}
	env, from := environ(in, map[string]string{"A": "spec"}, map[string]string{"KITT_HOME": "/ours"})
	if env["KITT_HOME"] != "/ours" || env["A"] != "spec" || from != "captured at the last kitt apply" {
		t.Errorf("env %v from %s", env, from)
	}
	if _, ok := env["HOME"]; ok {
		t.Error("HOME was to be unset")
	}
	in.Captured = nil
	if env, _ := environ(in, nil, nil); env["PATH"] != defaultPath {
		t.Errorf("PATH %q without any", env["PATH"])
	}
}
