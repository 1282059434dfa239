package unit

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func onMac(t *testing.T, scene func(t *testing.T, w *world, sim *simLaunchd)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "launchd", "gui/"+fmtInt(os.Getuid()), "user/"+fmtInt(os.Getuid()))
		scene(t, w, w.sim.(*simLaunchd))
	})
}

func TestLaunchdInstallsAfterEnablingAndNeverByLoad(t *testing.T) {
	onMac(t, func(t *testing.T, w *world, _ *simLaunchd) {
		if _, done := w.must((*Manager).Install); !slices.Equal(done, []string{"enable", "bootstrap"}) {
			t.Error(done)
		}
	})
}

func TestLaunchdRestartWaitsUntilTheOldOneIsGone(t *testing.T) {
	onMac(t, func(t *testing.T, w *world, sim *simLaunchd) {
		w.must((*Manager).Install)
		sim.drain, sim.eio = 40, 3
		begin := time.Now()
		_, done := w.must((*Manager).Restart)
		want := []string{"bootout", "enable", "bootstrap", "enable", "bootstrap", "enable", "bootstrap", "enable", "bootstrap"}
		if !slices.Equal(done, want) {
			t.Error(done)
		}
		if took := time.Since(begin); took < 7*time.Second || took > 15*time.Second {
			t.Error("waited", took)
		}
		w.well()
	})
}

func TestLaunchdBootoutThatIsUnderWayIsWaitedFor(t *testing.T) {
	onMac(t, func(t *testing.T, w *world, sim *simLaunchd) {
		w.must((*Manager).Install)
		sim.busy, sim.drain = true, 5
		w.must((*Manager).Restart)
		w.well()
	})
}

func TestLaunchdThatNeverLetsGoIsAnError(t *testing.T) {
	onMac(t, func(t *testing.T, w *world, sim *simLaunchd) {
		w.must((*Manager).Install)
		sim.drain = 1 << 20
		w.fails((*Manager).Restart, "still there after")
	})
}

func TestLaunchdThatSays5ForEverIsAnErrorWithAWayOut(t *testing.T) {
	onMac(t, func(t *testing.T, w *world, sim *simLaunchd) {
		sim.eio = 1 << 20
		w.fails((*Manager).Install, "exit 5")
		w.bare2()
	})
}

// bare2 leaves out what an install may leave on purpose: empty folders and a log.
func (w *world) bare2() {
	w.t.Helper()
	if s := w.now(); s.Installed || s.Running {
		w.t.Errorf("not gone: %+v", s)
	}
}

func TestLaunchdOverSSHWithoutAScreenUsesTheUserDomain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "launchd", "user/"+fmtInt(os.Getuid()))
		w.must((*Manager).Install)
		if s := w.well(); !strings.HasPrefix(s.Name, "user/") {
			t.Error(s.Name)
		}
		w.must((*Manager).Restart)
		w.must((*Manager).Uninstall)
		w.bare()
	})
}

func TestLaunchdWithoutAnyDomainAdvisesASystemService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "launchd")
		w.fails((*Manager).Install, "no session of uid")
		if w.there(w.spec) {
			t.Error("it wrote its file all the same")
		}
	})
}

func TestLaunchdMovesFromTheUserDomainToTheScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "launchd", "user/"+fmtInt(os.Getuid()))
		w.must((*Manager).Install)
		sim := w.sim.(*simLaunchd)
		sim.domains["gui/"+fmtInt(os.Getuid())] = true
		w.must((*Manager).Restart)
		if s := w.well(); !strings.HasPrefix(s.Name, "gui/") || len(sim.jobs) != 1 {
			t.Error(s.Name, len(sim.jobs))
		}
	})
}

func TestLaunchdSwitchedOffInLoginItemsIsSeenAndSwitchedOn(t *testing.T) {
	for _, older := range []bool{false, true} {
		onMac(t, func(t *testing.T, w *world, sim *simLaunchd) {
			w.must((*Manager).Install)
			sim.older, sim.disabled[w.spec.Name()] = older, true
			if s := w.now(); s.Enabled || len(s.Drifted) == 0 {
				t.Errorf("not seen: %+v", s)
			}
			w.must((*Manager).Install)
			w.well()
		})
	}
}

func TestLaunchdWithAWideUmask(t *testing.T) {
	onMac(t, func(t *testing.T, w *world, _ *simLaunchd) {
		defer syscall.Umask(syscall.Umask(0o002)) // would make it group-writable, which launchd refuses
		w.must((*Manager).Install)
		w.well()
		if info, err := os.Stat(w.Root + w.spec.LogDir); err != nil || info.Mode().Perm() != 0o700 {
			t.Error("the log folder is nobody else's business:", err)
		}
	})
}

func TestLaunchdHalfInstalledLeftovers(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(w *world, sim *simLaunchd)
	}{
		{"an empty file, never loaded", func(w *world, _ *simLaunchd) { os.WriteFile(w.Path(w.spec), nil, 0o644) }},
		{"loaded, file gone", func(w *world, sim *simLaunchd) {
			sim.jobs[fmt.Sprintf("gui/%d/sh.kitt.keeper", w.spec.UID)] = &simJob{pid: 9}
		}},
		{"loaded, dead, file gone", func(w *world, sim *simLaunchd) {
			sim.jobs[fmt.Sprintf("user/%d/sh.kitt.keeper", w.spec.UID)] = &simJob{}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, v := range []verb{(*Manager).Install, (*Manager).Uninstall} {
				onMac(t, func(t *testing.T, w *world, sim *simLaunchd) {
					os.MkdirAll(w.dir(w.spec), 0o755)
					c.bend(w, sim)
					w.must(v)
					if w.there(w.spec) {
						w.well()
						w.must((*Manager).Uninstall)
					}
					w.bare()
				})
			}
		})
	}
}

func (w *world) dir(s Spec) string { return (&job{Manager: w.Manager, spec: s}).dir() }
