package unit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func said(r Result) string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, s.String())
	}
	return strings.Join(all, "\n")
}

func TestARehearsalSaysAllAndDoesNothing(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.Dry = true
		r, done := w.must((*Manager).Install)
		if _, err := os.Lstat(w.Path(w.spec)); err == nil || len(done) > 0 {
			t.Errorf("done: %v, file: %v", done, err)
		}
		want := []string{"would     write " + w.engine.path(w.spec)}
		if w.engine.kind() == "systemd" {
			want = append(want, "would     run systemctl --user daemon-reload", "would     run systemctl --user reenable kitt.service")
		} else {
			want = append(want, "would     run launchctl bootstrap")
		}
		for _, line := range want {
			if !strings.Contains(said(r), line) {
				t.Errorf("no %q in\n%s", line, said(r))
			}
		}
		w.Dry = false
		w.must((*Manager).Install)
		w.well()
		w.Dry = true
		if r, done := w.must((*Manager).Install); strings.Contains(said(r), "would") || len(done) > 0 {
			t.Errorf("where all is well it would do something: %v\n%s", done, said(r))
		}
	})
}

func TestAnInstallMayWaitForTheNextBoot(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.NoStart = true
		r, _ := w.must((*Manager).Install)
		if st := w.now(); !st.Installed || st.Running || !strings.Contains(said(r), "kitt service start, or the next") {
			t.Errorf("%+v\n%s", st, said(r))
		}
	})
}

func TestEveryManagerHasItsFile(t *testing.T) {
	s := Spec{Exe: "/opt/ki tt/kitt", Home: "/home/me/k", UserName: "me", UserHome: "/home/me", PATH: "/bin:/a b", System: true}
	for _, form := range Forms {
		text, path, ok := TextFor(form, s)
		if !ok || !strings.HasPrefix(path, "/") || !strings.Contains(text, "keeper") || !strings.Contains(text, "/home/me/k") || !strings.Contains(text, "me") {
			t.Errorf("%s: %v %s\n%s", form, ok, path, text)
		}
	}
	if _, _, ok := TextFor("sysv", s); ok {
		t.Error("what kitt does not know has a file")
	}
	text, _, _ := TextFor("runit", s)
	if want := "exec chpst -u me '/opt/ki tt/kitt' keeper --service --home /home/me/k\n"; !strings.HasSuffix(text, want) {
		t.Errorf("runit:\n%s", text)
	}
}

func TestTheProgramThatIsInstalledIsFound(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		if exe := w.Program(w.spec); exe != "" {
			t.Errorf("of no file: %q", exe)
		}
		for _, name := range []string{"kitt", `ki tt & 50% {{a}}`} {
			exe := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(exe, nil, 0o755); err != nil {
				t.Fatal(err)
			}
			w.spec.Exe = exe
			w.must((*Manager).Install)
			if got := w.Program(w.spec); got != exe {
				t.Errorf("%q instead of %q", got, exe)
			}
			os.Chmod(exe, 0o644)
			if got := w.Program(w.spec); got != "" {
				t.Errorf("%q cannot be run", got)
			}
		}
	})
}
