package unit

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func onLinux(t *testing.T, scene func(t *testing.T, w *world, sim *simSystemd)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "systemd")
		scene(t, w, w.sim.(*simSystemd))
	})
}

func TestSystemdReadsTheFileBeforeItStarts(t *testing.T) {
	onLinux(t, func(t *testing.T, w *world, _ *simSystemd) {
		if _, done := w.must((*Manager).Install); !slices.Equal(done, []string{"daemon-reload", "reenable", "start"}) {
			t.Error(done)
		}
		w.spec.Exe = "/opt/kitt"
		if _, done := w.must((*Manager).Install); !slices.Equal(done, []string{"daemon-reload", "reenable", "restart"}) {
			t.Error("upgrade:", done)
		}
		if _, done := w.must((*Manager).Restart); !slices.Equal(done, []string{"restart"}) {
			t.Error("restart:", done)
		}
	})
}

func TestSystemdLinger(t *testing.T) {
	for _, c := range []struct {
		name           string
		linger, polkit bool
		boot           bool
		after          bool // an uninstall
	}{
		{"turned on by kitt, and off again", false, true, true, false},
		{"on before kitt came, and after it went", true, true, true, true},
		{"not ours to turn on", false, false, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			onLinux(t, func(t *testing.T, w *world, sim *simSystemd) {
				sim.linger, sim.polkit = c.linger, c.polkit
				r, _ := w.must((*Manager).Install)
				s := w.well()
				if s.BootPersistent != c.boot {
					t.Errorf("%+v", s)
				}
				said := false
				for _, step := range r.Steps {
					said = said || step.Mark == "!" && strings.Contains(step.Text, "sudo loginctl enable-linger me")
				}
				if said == c.boot {
					t.Error("the way to a boot:", r.Steps)
				}
				w.must((*Manager).Uninstall)
				if sim.linger != c.after {
					t.Error("linger after uninstall:", sim.linger)
				}
				w.bare()
			})
		})
	}
}

func TestSystemdLingerIsTriedAgainByAnInstallThatFindsAllElseDone(t *testing.T) {
	onLinux(t, func(t *testing.T, w *world, sim *simSystemd) {
		sim.polkit = false
		w.must((*Manager).Install)
		sim.polkit = true
		r, done := w.must((*Manager).Install)
		if !r.Changed || len(done) > 0 || !r.Status.BootPersistent {
			t.Errorf("%v %+v", done, r)
		}
	})
}

func TestSystemdWithoutASessionBus(t *testing.T) {
	for _, said := range []string{
		"Failed to connect to bus: No medium found",
		"Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined (consider using --machine=<user>@.host --user to connect to bus of other user)",
		"Failed to connect to user scope bus via local transport: No such file or directory",
		"System has not been booted with systemd as init system (PID 1). Can't operate.",
	} {
		onLinux(t, func(t *testing.T, w *world, sim *simSystemd) {
			w.must((*Manager).Install)
			os.Remove(w.Path(w.spec))
			sim.bus = said
			w.fails((*Manager).Install, "reach systemd")
			if w.there(w.spec) {
				t.Error("it wrote its file all the same")
			}
			w.must((*Manager).Uninstall) // at least the files go
			sim.bus, sim.known, sim.active = "", false, false
			w.bare()
		})
	}
}

func TestSystemdHalfInstalledLeftovers(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(w *world, sim *simSystemd)
	}{
		{"an empty file", func(w *world, _ *simSystemd) { os.WriteFile(w.Path(w.spec), nil, 0o644) }},
		{"a link of an enabled unit whose file is gone", func(w *world, sim *simSystemd) {
			sim.link("WantedBy=multi-user.target\n")
		}},
		{"an older tool's unit, enabled where a user's manager never looks", func(w *world, sim *simSystemd) {
			text := "[Service]\nExecStart=/x\n[Install]\nWantedBy=multi-user.target\n"
			os.WriteFile(w.Path(w.spec), []byte(text), 0o644)
			sim.link(text)
		}},
		{"masked", func(w *world, _ *simSystemd) { os.Symlink("/dev/null", w.Path(w.spec)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, v := range []verb{(*Manager).Install, (*Manager).Uninstall} {
				onLinux(t, func(t *testing.T, w *world, sim *simSystemd) {
					os.MkdirAll(w.dir(w.spec), 0o755)
					c.bend(w, sim)
					w.must(v)
					if w.there(w.spec) {
						w.well()
						if links, _ := filepath.Glob(filepath.Join(w.dir(w.spec), "*.wants", "*")); len(links) != 1 {
							t.Error("links:", links)
						}
						w.must((*Manager).Uninstall)
					}
					w.bare()
				})
			}
		})
	}
}

func TestSystemdEnabledForTheWrongTargetIsDrift(t *testing.T) {
	onLinux(t, func(t *testing.T, w *world, sim *simSystemd) {
		w.must((*Manager).Install)
		sim.link("WantedBy=multi-user.target\n")
		if s := w.now(); s.Enabled || s.BootPersistent || len(s.Drifted) == 0 {
			t.Errorf("%+v", s)
		}
		w.must((*Manager).Install)
		w.well()
	})
}

func TestSystemdOfTheMachineIsRoots(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "systemd")
		w.spec.System = true
		sim := newSimSystemd(w.Root, w.spec)
		w.sim = sim
		w.must((*Manager).Install)
		if s := w.well(); !s.BootPersistent || sim.linger || w.Scope(Spec{UserHome: "/home/me"}).System != true {
			t.Errorf("%+v", s)
		}
	})
}

func TestSystemdStartsNoProgramWithQuotesInItsPath(t *testing.T) {
	onLinux(t, func(t *testing.T, w *world, _ *simSystemd) {
		w.spec.Exe = "/home/me/Max's tools/kitt"
		w.fails((*Manager).Install, "quotes in its path")
	})
}

func TestSystemdStopEndsAlsoAKeeperThatKeepsComingBack(t *testing.T) {
	onLinux(t, func(t *testing.T, w *world, sim *simSystemd) {
		w.must((*Manager).Install)
		sim.active, sim.starting = false, true // activating (auto-restart)
		if _, done := w.must((*Manager).Stop); !slices.Equal(done, []string{"stop"}) {
			t.Error(done)
		}
	})
}
