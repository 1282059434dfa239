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
	done := pump(c, r)
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

func pump(c *keeper.Client, r *Runtime) (done chan struct{}) {
	done = make(chan struct{})
	go func() { // ended by c.Close
		defer close(done)
		for e := range c.Events() {
			r.Happened(e)
		}
	}()
	return done
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
	plain := write("plain", "x", 0o644)
	r := start(t)
	for _, row := range []struct {
		name, cwd, word string
		edit            func(*spec.Process)
		text, hint      string
	}{
		{"a program that is not on the PATH, with the PATH and where it came from", dir, "nosuch", nil,
			`find program "nosuch": not on the PATH; searched ` + os.Getenv("PATH") + ` (captured at the last kitt apply)`, "kitt apply from a shell in which `nosuch` works"},
		{"a PATH that the spec sets", dir, "nosuch", func(p *spec.Process) { p.Env = map[string]string{"PATH": "/x:/y"} }, "searched /x:/y (set by the spec)", "full path"},
		{"a file that is not executable", dir, plain, nil, plain + ": permission denied", "chmod +x"},
		{"one that the PATH leads to", dir, "plain", func(p *spec.Process) { p.Env = map[string]string{"PATH": "/x:" + dir} }, plain + ": permission denied", "chmod +x"},
		{"a folder", dir, dir, nil, dir + ": is a folder", "name a program in it"},
		{"a relative path that is not there", dir, "./nosuch", nil, dir + "/nosuch: no such file", "is it built?"},
		{"a script that says not what it is for", dir, write("noshebang", "echo hi\n", 0o755), nil, "exec format error", "#!/bin/sh"},
		{"an interpreter that is not there", dir, write("badshebang", "#!/no/such/interpreter\n", 0o755), nil, "no such file", "the interpreter named in the first line of " + dir + "/badshebang"},
		{"a folder to run in that is not there", dir + "/nosuch", "true", nil, "enter cwd: stat " + dir + "/nosuch: no such file", "make the folder"},
		{"a file to run in", plain, "true", nil, "enter cwd: " + plain + ": not a folder", "name a folder"},
		{"a folder below a file to run in", plain + "/x", "true", nil, "enter cwd: stat " + plain + "/x: not a directory", "mend cwd"},
		{"a user that is not there", dir, "true", func(p *spec.Process) { p.User = "nosuchuser" }, `find user "nosuchuser": no such user`, "mend user"},
		{"a number that is no user's", dir, "true", func(p *spec.Process) { p.User = "987654" }, `find user "987654": no such user`, "mend user"},
		{"a group that is not there", dir, "true", func(p *spec.Process) { p.Group = "nosuchgroup" }, `find group "nosuchgroup": no such group`, "mend group"},
		{"an environment that is too large", dir, "true", func(p *spec.Process) { p.Env = map[string]string{"X": strings.Repeat("x", 1<<18)} }, "argument list too long", "too large"},
	} {
		t.Run(row.name, func(t *testing.T) {
			in := instance(row.cwd, row.word)
			if row.edit != nil {
				row.edit(in.Process)
			}
			end := failed(t, r, in).Exit
			if !strings.Contains(end.Text, row.text) || strings.Contains(end.Text, "\n") || end.Retry {
				t.Errorf("text %q (retry %t), want %q in one line", end.Text, end.Retry, row.text)
			}
			if !strings.Contains(end.Hint, row.hint) {
				t.Errorf("hint %q, want %q", end.Hint, row.hint)
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
	in.Process.User, in.Process.Stop.Command = "nobody", []string{"sh", "-c", "id -un > who"}
	if err := r.Start(ctx, in, reconcile.History{}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if b, _ := os.ReadFile(dir + "/who"); string(b) == "nobody nogroup /nonexistent\n" {
			break
		}
		if time.Now().After(end) {
			b, _ := os.ReadFile(dir + "/who")
			t.Fatalf("who: %q", b)
		}
	}
	stop(t, r, in)
	r.Close()
	if b, _ := os.ReadFile(dir + "/who"); string(b) != "nobody\n" {
		t.Errorf("its stop command ran as %q", b)
	}
}

func TestAUserWhoMayNotEnterIsToldSo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	in := instance(t.TempDir(), "true")
	in.Process.User = "nobody"
	_ = os.Chmod(in.Process.Cwd, 0o700)
	if end := failed(t, start(t), in).Exit; !strings.Contains(end.Text, "permission denied") || !strings.Contains(end.Hint, "can uid 65534 enter "+in.Process.Cwd) {
		t.Errorf("text %q, hint %q", end.Text, end.Hint)
	}
}

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bin/tool", "run", "first/tool/"} {
		_ = os.MkdirAll(filepath.Join(dir, filepath.Dir(name+"x")), 0o755)
		_ = os.WriteFile(filepath.Join(dir, name), nil, 0o755)
	}
	for _, row := range []struct{ name, word, path, want string }{
		{"a folder of that name is passed over", "tool", dir + "/first:" + dir + "/bin", dir + "/bin/tool"},
		{"a file on the PATH is passed over", "tool", dir + "/run:" + dir + "/bin", dir + "/bin/tool"},
		{"an empty part is cwd", "run", "/x::/y", dir + "/run"},
		{"a relative part starts at cwd", "tool", "bin", dir + "/bin/tool"},
		{"a word with a slash starts at cwd", "bin/tool", "/x", dir + "/bin/tool"},
		{"a full path is itself", dir + "/run", "", dir + "/run"},
		{"no PATH finds nothing", "run", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, err := lookPath(row.word, dir, row.path); got != row.want || (err != nil) != (row.want == "") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestEnvironLayers(t *testing.T) {
	in := instance("/", "true")
	in.Process.Unset = []string{"HOME"}
	in.Captured["KITT_LIFE"] = "another/one.1#1.x" // kitt apply was run inside it
	env, from := environ(in, map[string]string{"A": "spec"}, map[string]string{"KITT_HOME": "/ours"})
	if env["KITT_HOME"] != "/ours" || env["A"] != "spec" || from != "captured at the last kitt apply" {
		t.Errorf("env %v from %s", env, from)
	}
	if _, ok := env["HOME"]; ok {
		t.Error("HOME was to be unset")
	}
	if _, ok := env["KITT_LIFE"]; ok {
		t.Error("it says it is part of another life")
	}
	in.Captured = nil
	if env, _ := environ(in, nil, nil); env["PATH"] != defaultPath {
		t.Errorf("PATH %q without any", env["PATH"])
	}
}
