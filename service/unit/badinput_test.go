package unit

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// What cannot be done is told in one line with a way out, and what runs is left running.
func TestWhatCannotBeDoneLeavesWhatRuns(t *testing.T) {
	root := func(w *world, as func(s *simSystemd)) { as(w.sim.(*simSystemd)) }
	for _, c := range []struct {
		name, on  string // "" for both managers
		bend      func(w *world)
		verbs     []verb
		says, way string
	}{
		{"no rights for the machine's service", "", func(w *world) { w.UID, w.spec.System = 501, true },
			[]verb{(*Manager).Install, (*Manager).Uninstall, (*Manager).Restart, (*Manager).Stop}, "a system service is root's to change", "sudo "},
		{"sudo for the user's", "", func(w *world) { w.UID, w.SudoUID = 0, "501" },
			[]verb{(*Manager).Install, (*Manager).Uninstall, (*Manager).Restart, (*Manager).Stop}, "root's user service, not yours", "without sudo"},
		{"no session bus", "systemd", func(w *world) {
			root(w, func(s *simSystemd) { s.bus = "Failed to connect to bus: No medium found" })
		}, []verb{(*Manager).Install, (*Manager).Restart, (*Manager).Stop}, "no session of its own: su, cron, a container?", "sudo loginctl enable-linger me && export XDG_RUNTIME_DIR"},
		{"no session in launchd", "launchd", func(w *world) { clear(w.sim.(*simLaunchd).domains); clear(w.sim.(*simLaunchd).jobs) },
			[]verb{(*Manager).Install, (*Manager).Restart}, "no session of uid", "service install --system"},
		{"switched off in Login Items for good", "launchd", func(w *world) {
			s := w.sim.(*simLaunchd)
			s.disabled[w.spec.Name()], s.stuck = true, true
		}, []verb{(*Manager).Install, (*Manager).Restart}, "is switched off, and stays so", "System Settings, General, Login Items"},
		{"a home with control characters", "", func(w *world) { w.spec.Home = "/home/me/a\nb" }, []verb{(*Manager).Install}, "control characters", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, func(t *testing.T, w *world) {
				if c.on != "" && c.on != w.engine.kind() {
					return
				}
				w.must((*Manager).Install)
				path := w.Path(w.spec)
				before, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				c.bend(w)
				runs := w.sim.keeper()
				w.sim.log().done = nil
				for _, v := range c.verbs {
					_, err := v(w.Manager, t.Context(), w.spec)
					oneLine(t, err, c.says, c.way)
				}
				if done := w.sim.log().done; slices.ContainsFunc(done, harms) {
					t.Errorf("it did %v", done)
				}
				if after, err := os.ReadFile(path); err != nil || string(after) != string(before) || w.sim.keeper() != runs {
					t.Errorf("the file or the keeper is another: %v, pid %d, was %d", err, w.sim.keeper(), runs)
				}
			})
		})
	}
}

func harms(done string) bool {
	return slices.Contains([]string{"bootout", "stop", "restart", "disable", "bootstrap", "start"}, done)
}

// oneLine wants an error of one line that says what it should, with a way out.
func oneLine(t *testing.T, err error, says, way string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line with %q: %v", says, err)
		return
	}
	h, ok := err.(interface{ Hint() string })
	if way != "" && (!ok || !strings.Contains(h.Hint(), way) || strings.Contains(h.Hint(), "\n")) {
		t.Errorf("no way out with %q: %#v", way, err)
	}
}

func TestWithoutLingerInstallSaysWhatIsMissingAndAllRuns(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		sim, ok := w.sim.(*simSystemd)
		if !ok {
			return
		}
		sim.polkit = false
		r, _ := w.must((*Manager).Install)
		last := ""
		for _, s := range r.Steps {
			if s.Mark == "!" {
				last = s.Text
			}
		}
		if want := "NOT boot-persistent yet: starts at login and ends at logout. For boot: sudo loginctl enable-linger me"; last != want {
			t.Errorf("%q", last)
		}
		if w.well().BootPersistent {
			t.Error("it says that it comes back after a boot")
		}
	})
}

func TestWhatIsOnlySwitchedOffIsSwitchedOnAndNothingRestarts(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.must((*Manager).Install)
		pid := w.well().PID
		if s, ok := w.sim.(*simLaunchd); ok {
			s.disabled[w.spec.Name()] = true
		} else {
			w.sim.(*simSystemd).unlink()
		}
		if st := w.now(); st.Enabled || len(st.Drifted) == 0 {
			t.Errorf("not seen: %+v", st)
		}
		r, done := w.must((*Manager).Install)
		if w.well().PID != pid || !r.Changed || slices.ContainsFunc(done, harms) {
			t.Errorf("it did %v", done)
		}
	})
}

func TestAFolderThatCannotBeWrittenToChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		if os.Geteuid() == 0 && runtime.GOOS != "linux" {
			t.Skip("root may write everywhere")
		}
		asked := false
		w.Manager.Host.HandOver = func(context.Context) (int, error) { asked = true; return 0, nil }
		if os.Geteuid() == 0 {
			w.Root, w.spec.UserHome, w.spec.LogDir = "", "/proc/self", "" // where not even root makes a folder
		} else {
			top := filepath.Join(w.Root, "home")
			if err := os.Mkdir(top, 0o500); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.Install(t.Context(), w.spec)
		oneLine(t, err, "install service: write service file: mkdir ", filepath.Dir(w.Path(w.spec))+" must be yours and writable")
		if asked || slices.ContainsFunc(w.sim.log().done, harms) {
			t.Errorf("the kitt that ran was told to end (%v); done: %v", asked, w.sim.log().done)
		}
	})
}

func TestAFileEditedByHandIsToldInOneLineAndRunsOn(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.must((*Manager).Install)
		pid := w.well().PID
		line := map[string]string{"launchd": "\t<key>AbandonProcessGroup</key>\n", "systemd": "KillMode=process\n"}[w.engine.kind()]
		text := strings.Replace(w.Text(w.spec), line, "", 1)
		if err := os.WriteFile(w.Path(w.spec), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		faults := w.Faults(w.spec)
		if want := "no `" + strings.TrimSpace(line) + "`"; len(faults) != 1 || !strings.Contains(faults[0], want) || strings.Contains(faults[0], "\n") {
			t.Errorf("%q", faults)
		}
		if st := w.now(); st.PID != pid || !slices.Contains(st.Drifted, faults[0]) {
			t.Errorf("%+v", st)
		}
	})
}
