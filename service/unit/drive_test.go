package unit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// world is a Manager on a model of its machine, in a folder of its own.
type world struct {
	*Manager
	t    *testing.T
	spec Spec
	sim  interface {
		run(context.Context, string, ...string) (string, int, error)
		log() *simLog
		keeper() int
	}
	heard []bool // what was announced
}

func newWorld(t *testing.T, kind string, domains ...string) *world {
	t.Helper()
	w := &world{t: t}
	root := t.TempDir()
	w.spec = Spec{Exe: "/usr/local/bin/kitt", UserName: "me", UID: os.Getuid(), GID: os.Getgid(), UserHome: "/home/me",
		PATH: "/bin", LogDir: "/home/me/logs"}
	h := Host{Root: root, UID: os.Getuid()}
	h.Run = func(ctx context.Context, name string, args ...string) (string, int, error) {
		return w.sim.run(ctx, name, args...)
	}
	h.Ready = func(context.Context) (int, error) {
		if pid := w.sim.keeper(); pid != 0 && !w.sim.log().mute {
			return pid, nil
		}
		return 0, errors.New("connect: no such file")
	}
	h.Announce = func(_ context.Context, stay bool) error { w.heard = append(w.heard, stay); return nil }
	h.Tail = func(context.Context, int) []string { return []string{"keeper: last words"} }
	if kind == "launchd" {
		w.Manager, w.sim = Launchd(h), newSimLaunchd(domains...)
	} else {
		w.Manager, w.sim = Systemd(h), newSimSystemd(root, w.spec)
	}
	return w
}

func fmtInt(n int) string { return strconv.Itoa(n) }

// both runs a scene on both models. Time is a bubble's: what waits costs nothing.
func both(t *testing.T, scene func(t *testing.T, w *world)) {
	for _, kind := range []string{"launchd", "systemd"} {
		t.Run(kind, func(t *testing.T) {
			domain := "gui/" + fmtInt(os.Getuid())
			synctest.Test(t, func(t *testing.T) { scene(t, newWorld(t, kind, domain)) })
		})
	}
}

type verb func(*Manager, context.Context, Spec) (Result, error)

// must runs a verb, and done returns what it changed through the service manager.
func (w *world) must(v verb) (Result, []string) {
	w.t.Helper()
	w.sim.log().done = nil
	r, err := v(w.Manager, w.t.Context(), w.spec)
	if err != nil {
		w.t.Fatalf("%v\n%v", err, r.Steps)
	}
	return r, w.sim.log().done
}

func (w *world) fails(v verb, want string) Result {
	w.t.Helper()
	r, err := v(w.Manager, w.t.Context(), w.spec)
	if err == nil || !strings.Contains(err.Error(), want) {
		w.t.Fatalf("got %v, want %q", err, want)
	}
	if h, ok := err.(interface{ Hint() string }); !ok || h.Hint() == "" {
		w.t.Errorf("no hint with %v", err)
	}
	return r
}

func (w *world) now() Status {
	w.t.Helper()
	s, err := w.Status(w.t.Context(), w.spec)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// well checks that all is as after an install.
func (w *world) well() Status {
	w.t.Helper()
	s := w.now()
	if s.ExitCode() != 0 || !s.Enabled || len(s.Drifted) > 0 {
		w.t.Errorf("not well: %+v", s)
	}
	if info, err := os.Lstat(s.Path); err != nil || info.Mode() != 0o644 {
		w.t.Errorf("file: %v, %v", info.Mode(), err)
	}
	return s
}

// bare checks that no file of ours is left.
func (w *world) bare() {
	w.t.Helper()
	filepath.WalkDir(w.Root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			w.t.Errorf("left behind: %s", path)
		}
		return nil
	})
	if s := w.now(); s.ExitCode() != 4 {
		w.t.Errorf("not gone: %+v", s)
	}
}

func TestInstallTwiceIsInstallOnce(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		if r, _ := w.must((*Manager).Install); !r.Changed {
			t.Error("the first changed nothing")
		}
		pid := w.well().PID
		r, done := w.must((*Manager).Install)
		if r.Changed || len(done) > 0 || w.well().PID != pid || !strings.Contains(r.Steps[0].String(), "installed") {
			t.Errorf("the second did %q: %v", done, r.Steps)
		}
	})
}

func TestDriftIsSeenAndMended(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(w *world, path string)
	}{
		{"the program moved", func(w *world, _ string) { w.spec.Exe = "/opt/kitt/bin/kitt" }},
		{"someone edited the file", func(_ *world, path string) { os.WriteFile(path, []byte("[Service]\nKillMode=control-group\n"), 0o644) }},
		{"someone emptied it", func(_ *world, path string) { os.Truncate(path, 0) }},
		{"it lost its mode", func(_ *world, path string) { os.Chmod(path, 0o664) }},
		{"it is a link into nowhere", func(_ *world, path string) { os.Remove(path); os.Symlink("/dev/null", path) }},
		{"it is gone and the service runs on", func(_ *world, path string) { os.Remove(path) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				w.must((*Manager).Install)
				pid := w.well().PID
				c.bend(w, w.Path(w.spec))
				if s := w.now(); len(s.Drifted) == 0 {
					t.Errorf("not seen: %+v", s)
				}
				w.must((*Manager).Install)
				if w.well().PID == pid {
					t.Error("the old keeper still runs")
				}
				if !slices.Equal(w.heard, []bool{true}) {
					t.Errorf("processes were not told to stay: %v", w.heard)
				}
			})
		})
	}
}

func TestAnotherShellsPATHIsNoDriftButInstallTakesItOver(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.must((*Manager).Install)
		w.spec.PATH, w.spec.Lang = "/bin:/opt/with space", ""
		w.well()
		if r, _ := w.must((*Manager).Install); !r.Changed {
			t.Error("not taken over")
		}
	})
}

func TestUninstallLeavesNothingAndMayBeAskedTwice(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.must((*Manager).Install)
		w.must((*Manager).Uninstall)
		os.RemoveAll(w.Root + "/home/me/logs")
		w.bare()
		if r, done := w.must((*Manager).Uninstall); r.Changed || len(done) > 0 {
			t.Error("the second time did", done)
		}
		if !slices.Equal(w.heard, []bool{true}) {
			t.Errorf("announced %v: processes must stay", w.heard)
		}
	})
}

func TestAKeeperThatNeverAnswersLeavesNoTrace(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(*simLog)
	}{
		{"it starts and says nothing", func(s *simLog) { s.mute = true }},
		{"it does not even start", func(s *simLog) { s.broken = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				c.bend(w.sim.log())
				r := w.fails((*Manager).Install, "last words")
				if !strings.Contains(r.Steps[len(r.Steps)-1].String(), "removed") {
					t.Error(r.Steps)
				}
				os.Remove(w.Path(w.spec) + ".linger")
				w.bare()
			})
		})
	}
}

func TestAnUpgradeThatNeverAnswersPutsTheOldOneBack(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.must((*Manager).Install)
		old := w.spec
		w.sim.log().mute = true
		w.spec.Exe = "/usr/local/bin/kitt-new"
		w.fails((*Manager).Install, "no answer")
		w.sim.log().mute = false
		w.spec = old
		w.well()
	})
}

func TestAnInterruptedInstallIsUndone(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.sim.log().mute = true
		ctx, stop := context.WithCancel(t.Context())
		w.Manager.Host.Sleep = func(ctx context.Context, _ time.Duration) error { stop(); return context.Cause(ctx) }
		if _, err := w.Install(ctx, w.spec); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		w.bare()
	})
}

func TestRestartStartAndStop(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		for _, v := range []verb{(*Manager).Restart, (*Manager).Start, (*Manager).Stop} {
			w.fails(v, "no user service is installed")
		}
		w.must((*Manager).Install)
		pid := w.well().PID
		w.must((*Manager).Restart)
		if w.well().PID == pid {
			t.Error("not restarted")
		}
		w.must((*Manager).Stop)
		if s := w.now(); s.ExitCode() != 3 || !s.Enabled || len(s.Drifted) > 0 {
			t.Errorf("not just stopped: %+v", s)
		}
		if r, done := w.must((*Manager).Stop); r.Changed || len(done) > 0 {
			t.Error("a second stop did", done)
		}
		w.must((*Manager).Start)
		w.well()
		if r, done := w.must((*Manager).Start); r.Changed || len(done) > 0 {
			t.Error("a second start did", done)
		}
		if !slices.Equal(w.heard, []bool{true, false}) {
			t.Errorf("announced %v: stay at the restart, end at the stop", w.heard)
		}
	})
}

func TestAnotherKeeperThatAnswersIsNotOurs(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.Manager.Host.Ready = func(context.Context) (int, error) { return 99, nil }
		w.fails((*Manager).Install, "pid 99 answers instead")
	})
}

func TestARunningKittHandsOverBeforeTheServiceStarts(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		asked := 0
		w.Manager.Host.HandOver = func(context.Context) (int, error) {
			if asked++; w.sim.keeper() != 0 {
				t.Error("asked when the service ran already")
			}
			return 3, nil
		}
		r, _ := w.must((*Manager).Install)
		if !strings.Contains(said(r), "adopted   3 processes run on; they began before the service did") {
			t.Errorf("it does not say what that means:\n%s", said(r))
		}
		w.must((*Manager).Install)
		w.must((*Manager).Restart)
		if asked != 1 {
			t.Error("asked", asked)
		}
	})
}

func TestWhoMayNot(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(w *world)
		want string
	}{
		{"sudo for a user service", func(w *world) { w.UID, w.SudoUID = 0, "501" }, "root's user service"},
		{"a system service without root", func(w *world) { w.UID, w.spec.System = 501, true }, "root's to change"},
		{"a user service beside a system service", func(w *world) {
			s := w.spec
			s.System = true
			os.MkdirAll(filepath.Dir(w.Path(s)), 0o755)
			os.WriteFile(w.Path(s), nil, 0o644)
		}, "a system service is installed already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				c.bend(w)
				w.fails((*Manager).Install, c.want)
				if len(w.sim.log().done) > 0 || w.there(Spec{UserHome: w.spec.UserHome}) {
					t.Error("it did something:", w.sim.log().done)
				}
			})
		})
	}
}
