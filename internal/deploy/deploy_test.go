package deploy

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kitt.sh/spec"
)

var section = spec.Deploy{Host: []string{"a"}, Ref: "origin/main", Repo: "git@x:y.git", Path: "/srv/app"}

func TestPlan(t *testing.T) {
	rows := []struct {
		name  string
		words []string
		has   []string // of the script, in this order
		wrong string
	}{
		{"no words mean update", nil, []string{"is not set up", "git fetch", "git reset -q --hard", "ln -sfn", ".deploys"}, ""},
		{"setup clones and links", []string{"setup"}, []string{"mkdir -p", "git clone -- 'git@x:y.git'", "reset", "ln -sfn"}, ""},
		{"revert goes back one", []string{"revert"}, []string{"-gt 1", "tail -n 2", "git fetch"}, ""},
		{"revert goes back several", []string{"revert", "3"}, []string{"-gt 3", "tail -n 4"}, ""},
		{"exec is a line for the user's shell", []string{"exec", "it's", "x"}, []string{"current", `-c 'it'\''s x'`}, ""},
		{"a ref is updated to", []string{"v1.2"}, []string{"kitt_ref='v1.2'", "git fetch"}, ""},
		{"revert to nowhere", []string{"revert", "-1"}, nil, "not a number"},
		{"exec of nothing", []string{"exec"}, nil, "exec what"},
		{"words that mean nothing", []string{"list", "x"}, nil, "too many words"},
		{"a ref that would be an option", []string{"--hard"}, nil, "no ref"},
		{"a ref of two lines", []string{"a\nb"}, nil, "no ref"},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			job, err := Plan(section, r.words)
			if r.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), r.wrong) {
					t.Errorf("error %v, want %q", err, r.wrong)
				}
				return
			}
			rest := job.Script
			for _, want := range r.has {
				_, after, found := strings.Cut(rest, want)
				if !found || err != nil {
					t.Fatalf("%v: no %q where it belongs in\n%s", err, want, job.Script)
				}
				rest = after
			}
		})
	}
	bad := section
	bad.Env = map[string]string{"A;touch x": "1"}
	if _, err := Plan(bad, nil); err == nil {
		t.Error("a variable's name is run by the shell")
	}
}

func TestSSH(t *testing.T) {
	rows := []struct {
		name string
		d    spec.Deploy
		host string
		want []string // nil: refused
	}{
		{"a name alone is left to ssh", spec.Deploy{}, "h", []string{"ssh", "-T", "--", "h", "/bin/sh"}},
		{"everything that the section says", spec.Deploy{User: "u", Port: 22, Key: "k", SSHOptions: []string{"A=b c"}, ForwardAgent: true}, "h",
			[]string{"ssh", "-i", "k", "-p", "22", "-o", "A=b c", "-A", "-T", "--", "u@h", "/bin/sh"}},
		{"a host's own user counts more", spec.Deploy{User: "u"}, "v@h", []string{"ssh", "-T", "--", "v@h", "/bin/sh"}},
		{"localhost is here", spec.Deploy{User: "u"}, "localhost", []string{"/bin/sh"}},
		{"a host is no option", spec.Deploy{}, "-oProxyCommand=x", nil},
		{"nor is a user", spec.Deploy{User: "-l"}, "h", nil},
		{"a host is one word", spec.Deploy{}, "a b", nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			got, err := SSH(r.d, r.host)
			if !slices.Equal(got, r.want) || (err == nil) != (r.want != nil) {
				t.Errorf("%q %v", got, err)
			}
		})
	}
}

// TestNoValueIsRun: whatever path, variables and command hold, the shell gives it on as it is.
func TestNoValueIsRun(t *testing.T) {
	pieces := []string{"'", `"`, "$HOME", "$(touch pwned)", "`touch pwned`", ";touch pwned;", "\n", "\\", " ", "*", "~", "é", "!", "-", "a"}
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string {
		var b strings.Builder
		for range 1 + random.IntN(6) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		return b.String()
	}
	for range 40 {
		dir := t.TempDir()
		d := section
		d.Path = filepath.Join(dir, "x"+text())
		d.Env = map[string]string{"V": text(), "kitt_path": text()}
		if err := os.MkdirAll(filepath.Join(d.Path, "source", ".git"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("source", filepath.Join(d.Path, "current")); err != nil {
			t.Fatal(err)
		}
		word := text()
		job, err := Plan(d, []string{"exec", `printf '%s|' "$V" "$SHARED" ` + quote(word)})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		r := Deployer{Dir: dir, Out: &out, Err: &out, Say: func(string, ...any) {}}
		t.Setenv("SHELL", "/bin/sh")
		d.Host = []string{"localhost"}
		if err := r.Run(t.Context(), d, job); err != nil {
			t.Fatalf("%v %s", err, &out)
		}
		if want := d.Env["V"] + "|" + d.Path + "/shared|" + word + "|"; out.String() != want {
			t.Fatalf("%q, want %q", &out, want)
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "pwned")); len(found) > 0 {
			t.Fatalf("a value was run: %+v", d)
		}
	}
}

// TestAFolderOutsideOfGit has nothing that could be left out.
func TestAFolderOutsideOfGit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	t.Setenv("GIT_CEILING_DIRECTORIES", os.TempDir())
	r := Deployer{Dir: t.TempDir(), Out: io.Discard, Err: io.Discard}
	if why, _ := r.Unsaved(context.Background(), "origin/main"); why != "" {
		t.Error(why)
	}
}
