package cli

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kitt.sh/internal/doctor"
	"kitt.sh/service/unit"
)

func TestDoctorTellsByItsExit(t *testing.T) {
	was := diagnose
	defer func() { diagnose = was }()
	wrong := doctor.Facts{GOOS: "linux", UID: 7, Home: "/k", HomeMode: 0o755, HomeOwner: 7, Running: true, Keeper: 3, Daemon: "1", Version: "1", Manager: "systemd",
		User: doctor.Service{Installed: true, Enabled: true, Running: true, PID: 3, Boot: true, Why: "linger is on"}}
	better := wrong
	better.HomeMode, better.Adopted = 0o700, 2
	well := better
	well.Adopted = 0
	for _, tt := range []struct {
		name  string
		facts doctor.Facts
		code  int
		says  string
	}{
		{"something is wrong", wrong, codeFailed, "✗ home      /k is open to others (0755)"},
		{"something could be better", better, 0, "! adopted   2 instances"},
		{"all is well", well, 0, "all is well"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			diagnose = func(context.Context, *Kitt) doctor.Facts { return tt.facts }
			k := try(t, nil)
			if code := k.do(Doctor{}); code != tt.code || !strings.Contains(k.out.String(), tt.says) {
				t.Errorf("exit %d\n%s%s", code, k.out.String(), k.err.String())
			}
		})
	}
}

func TestDoctorMendsWhatIsSafe(t *testing.T) {
	was := openServices
	defer func() { openServices = was }()
	s := &stand{status: unit.Status{Manager: "systemd", Scope: "user", Installed: true, Enabled: true, Running: true, Drifted: []string{"PATH changed"}}}
	openServices = func(context.Context, *Kitt) (services, unit.Spec, error) { return s, unit.Spec{}, nil }
	k := try(t, nil)
	open := filepath.Join(k.Dirs.State, "desired.json")
	if err := os.WriteFile(open, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(open, 0o644), os.Chmod(k.Dirs.Home, 0o755)); err != nil {
		t.Fatal(err)
	}
	k.do(Doctor{Fix: true})
	for _, path := range []string{open, k.Dirs.Home} {
		if st, err := os.Stat(path); err != nil || st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, st.Mode(), err)
		}
	}
	if !strings.HasPrefix(s.asked, "install") || strings.Count(k.out.String(), "mended") < 2 {
		t.Errorf("asked %q\n%s", s.asked, k.out.String())
	}
}

func TestFactsAreGathered(t *testing.T) {
	was, wasRuns := openServices, runs
	defer func() { openServices, runs = was, wasRuns }()
	s := &stand{status: unit.Status{Manager: "systemd", Scope: "user", Installed: true, Enabled: true, Running: true, PID: 42, Path: "/u/kitt.service"}}
	openServices = func(context.Context, *Kitt) (services, unit.Spec, error) { return s, unit.Spec{}, nil }
	runs = func(_ context.Context, name string, args ...string) (string, int, error) {
		if name != "systemctl" || !strings.Contains(strings.Join(args, " "), "show kitt.service") {
			t.Errorf("asked %s %v", name, args)
		}
		return "KillMode=control-group\nRestart=always\nOOMPolicy=continue\nDelegate=yes\nTimeoutStopUSec=1min 30s\nDropInPaths=/x/o.conf\n", 0, nil
	}
	k := try(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/status":
			_, _ = w.Write([]byte(`{"keeper":{"pid":41},"daemon":{"pid":43,"version":"9"},"specs":[{"project":"shop","file":"/f","error":{"text":"x"}}],
				"instances":[{"id":"web.1","adopted":true},{"id":"db.1"}]}`))
		case "/v1/listing":
			_, _ = w.Write([]byte(`{"instances":[],"processes":{"shop/web":{"name":"web","stop":{"timeout":"2m0s"}}}}`))
		}
	})
	gone := filepath.Join(t.TempDir(), "gone")
	text := `{"version":1,"projects":{"shop":{"file":"/f","request":{"path":"/f","env":{"PATH":"/bin:` + gone + `:/home/me/.npm/_npx/1/node_modules/.bin"}},"revision":1}}}`
	if err := os.WriteFile(filepath.Join(k.Dirs.State, "desired.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f := gather(t.Context(), k.Kitt)
	if !f.Running || f.Keeper != 41 || f.Daemon != "9" || f.Adopted != 1 || len(f.Broken) != 1 || f.LongStop != 2*time.Minute {
		t.Errorf("kitt: %+v", f)
	}
	if f.User.KillMode != "control-group" || f.User.StopTimeout != 90*time.Second || f.User.DropIns != "/x/o.conf" || f.User.PID != 42 {
		t.Errorf("service: %+v", f.User)
	}
	if f.HomeMode != 0o700 || f.HomeOwner != os.Getuid() || f.Writable != "" || f.Size == 0 {
		t.Errorf("home: %+v", f)
	}
	if passes := strings.Join(f.Passing, " "); !strings.Contains(passes, "_npx") || strings.Contains(passes, "/bin:") {
		t.Errorf("passing: %v", f.Passing)
	}
}

func TestAFolderOfOneCommandIsNotRecorded(t *testing.T) {
	env := capture([]string{"PATH=/home/me/.npm/_npx/0a/node_modules/.bin:/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin:/usr/bin:/run/user/1000/x:/bin"})
	if env["PATH"] != "/usr/bin:/bin" {
		t.Errorf("PATH %s", env["PATH"])
	}
	if got := capture([]string{"PATH=/usr/bin::/bin"})["PATH"]; got != "/usr/bin::/bin" {
		t.Errorf("what has nothing to leave out is changed: %s", got)
	}
}
