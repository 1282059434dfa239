package port

import (
	"strings"
	"testing"

	"kitt.sh/spec"
)

// TestHCLHoldsAnything: names, values and commands that the language has a meaning for come through as they are.
func TestHCLHoldsAnything(t *testing.T) {
	for _, odd := range []string{"for", "null", "true", "in", "a.b", "1x", "${x}", "%{ if x }", `"`, `\`, "a\nb", "\x01", "é", "<<EOT", "#", "//"} {
		p := fresh("web", Place{File: "/srv/x"})
		p.Command, p.Description, p.User = []string{"/bin/echo", odd}, odd, "u"
		p.Env = map[string]string{odd: odd, "other": odd}
		p.Cwd, p.Namespace = "/srv/"+odd, "n"
		var project Project
		project.add(p)
		s := reread(t, project, t.TempDir())
		if t.Failed() {
			t.Fatalf("%q", odd)
		}
		same(t, s.Processes[0], project.Processes[0].Process)
	}
}

// TestWhoWaitsForWhom: what would be a circle, or a wait for nobody, is left out and told.
func TestWhoWaitsForWhom(t *testing.T) {
	var p Project
	for name, needs := range map[string]string{"a": "b", "b": "c", "c": "a", "d": "gone", "e": "a"} {
		q := fresh(name, Place{File: "/srv/x"})
		q.Command, q.DependsOn = []string{"x"}, map[string]string{needs: "started"}
		p.add(q)
	}
	p.settle()
	s := reread(t, p, t.TempDir())
	left := 0
	for _, q := range s.Processes {
		left += len(q.DependsOn)
	}
	if left != 3 || len(p.Notes) != 2 {
		t.Errorf("%d waits are left, %v", left, p.Notes)
	}
}

// TestANameIsMadeFit whatever it was.
func TestANameIsMadeFit(t *testing.T) {
	for _, name := range []string{"", "-", ".", "a/b", "../x", "a b", "\xff", strings.Repeat("é", 99), "x\x00", "ok", "ns:a_b-c"} {
		fit := FitName(name)
		if fault := spec.NameFault(fit); fault != "" || name == "ok" && fit != "ok" {
			t.Errorf("%q becomes %q: %s", name, fit, fault)
		}
	}
}
