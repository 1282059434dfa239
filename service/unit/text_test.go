package unit

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	apple "howett.net/plist"
)

var update = flag.Bool("update", false, "write the golden files anew")

func agent() Spec {
	return Spec{Exe: "/opt/homebrew/bin/kitt", UserName: "me", UID: 501, GID: 20, UserHome: "/Users/me",
		PATH: "/opt/homebrew/bin:/usr/bin:/bin", Lang: "en_GB.UTF-8", LogDir: "/Users/me/Library/Logs/kitt"}
}

func strange() Spec {
	s := agent()
	s.Exe = `/Users/me/My own & <best> 100% $tools/{{kitt}}`
	s.Home = `/Users/me/Größe d'été "x" \ {{home}} $HOME 50%`
	s.Label = "sh.kitt.strange"
	return s
}

func daemon() Spec {
	s := agent()
	s.System = true
	return s
}

var specs = []struct {
	name string
	spec Spec
}{
	{"an agent of one user", agent()},
	{"a service of the machine that runs as a user", daemon()},
	{"a service of the machine that runs as root", Spec{Exe: "/usr/local/bin/kitt", System: true}},
	{"the least that can be said", Spec{Exe: "/usr/bin/kitt"}},
	{"a home of its own", Spec{Exe: "/usr/bin/kitt", Home: "/srv/kitt", UserHome: "/home/dev", UserName: "dev", UID: 1000}},
	{"a path with everything that XML and systemd could trip over", strange()},
}

func TestTextsAreTheGoldenOnes(t *testing.T) {
	for _, c := range specs {
		t.Run(c.name, func(t *testing.T) {
			if err := c.spec.Check(); err != nil {
				t.Fatal(err)
			}
			golden(t, c.name+".plist", Plist(c.spec))
			golden(t, c.name+".service", Unit(c.spec))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-"))
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is now\n%s\nand was\n%s", path, got, want)
	}
	if strings.Contains(got, "{{") || strings.Contains(got, "}}") {
		t.Errorf("kardianos/service would take this for a template:\n%s", got)
	}
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var got map[string]any
	if _, err := apple.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestPlistSaysWhatTheSpecSaid(t *testing.T) {
	s := strange()
	got := parse(t, Plist(s))
	want := []any{s.Exe, "keeper", "--service", "--home", s.Home}
	if !reflect.DeepEqual(got["ProgramArguments"], want) {
		t.Errorf("ProgramArguments are %q, not %q", got["ProgramArguments"], want)
	}
	if env := got["EnvironmentVariables"].(map[string]any); env["KITT_HOME"] != s.Home {
		t.Errorf("KITT_HOME is %q", env["KITT_HOME"])
	}
}

func TestAnAgentHasNoUserNameAndADaemonNoSession(t *testing.T) {
	if got := parse(t, Plist(agent())); got["UserName"] != nil || got["LimitLoadToSessionType"] == nil {
		t.Error("agent:", got)
	}
	if got := parse(t, Plist(daemon())); got["UserName"] != "me" || got["LimitLoadToSessionType"] != nil {
		t.Error("daemon:", got)
	}
}

func TestSystemdItselfFindsNothingWrong(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze here")
	}
	for _, c := range specs {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := c.spec
			s.Exe = filepath.Join(dir, filepath.Base(filepath.Dir(s.Exe)), filepath.Base(s.Exe)) // verify looks whether it is there
			if err := os.MkdirAll(filepath.Dir(s.Exe), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(s.Exe, []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			if s.UserName != "" {
				s.UserName = "root"
			}
			file := filepath.Join(dir, s.UnitName())
			if err := os.WriteFile(file, []byte(Unit(s)), 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(tool, "--man=no", "--recursive-errors=no", "verify", file).CombinedOutput()
			said, later := "", "Unknown key 'DelegateSubgroup'" // before systemd 254, which passes over it
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, later) {
					err = nil
					continue
				}
				said += line
			}
			if err != nil || strings.Contains(said, s.UnitName()) {
				t.Errorf("%v\n%s\n%s", err, out, Unit(s))
			}
		})
	}
}

func TestCheckRefusesWhatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		bend func(*Spec)
		want string
	}{
		{"a newline in a path would start a new setting", func(s *Spec) { s.Home = "/a\nExecStartPre=/bin/rm" }, "control"},
		{"so would one in PATH", func(s *Spec) { s.PATH = "/bin\n" }, "control"},
		{"XML has no NUL", func(s *Spec) { s.UserHome = "/a\x00" }, "control"},
		{"nor broken UTF-8", func(s *Spec) { s.LogDir = "/a\xff" }, "UTF-8"},
		{"a relative program", func(s *Spec) { s.Exe = "kitt" }, "not an absolute path"},
		{"no program", func(s *Spec) { s.Exe = "" }, "none given"},
		{"a label is a file's name", func(s *Spec) { s.Label = "../evil" }, "label"},
		{"a user has no spaces", func(s *Spec) { s.UserName = "me too" }, "not a user name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := agent()
			c.bend(&s)
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTwoHomesHaveTwoNames(t *testing.T) {
	a, b := Spec{}, Spec{Home: "/srv/kitt"}
	if a.Name() != "sh.kitt.keeper" || a.UnitName() != "kitt.service" {
		t.Error(a.Name(), a.UnitName())
	}
	if a.Name() == b.Name() || a.UnitName() == b.UnitName() {
		t.Error(b.Name(), b.UnitName())
	}
}
