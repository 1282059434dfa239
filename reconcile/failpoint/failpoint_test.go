package failpoint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestNamesAreTheSteps: the table names each step of the source, once, and nothing else.
func TestNamesAreTheSteps(t *testing.T) {
	here := regexp.MustCompile(`failpoint\.Here\("([a-z.]+)"\)`)
	var steps []string
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "reconcile/failpoint/") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range here.FindAllSubmatch(b, -1) {
			steps = append(steps, string(m[1]))
		}
		return err
	})
	if err != nil || len(steps) == 0 {
		t.Fatal(len(steps), err)
	}
	for _, s := range steps {
		if !slices.Contains(Names, s) {
			t.Errorf("%s is not in the table", s)
		}
	}
	for _, n := range Names {
		found := 0
		for _, s := range steps {
			if s == n {
				found++
			}
		}
		if found != 1 && n != Copy {
			t.Errorf("%s stands in the source %d times", n, found)
		}
	}
}

// TestAStepEndsItsProcess: at the hit it is armed for, once, and it is counted.
func TestAStepEndsItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "board")
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	step := Names[1]
	b.Arm(step, 3)
	run := func() error {
		cmd := exec.Command(os.Args[0], "-test.run=TestHelper")
		cmd.Env = append(os.Environ(), "BOARD="+path)
		return cmd.Run()
	}
	err = run()
	var exit *exec.ExitError
	if !asExit(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("it ended with %v", err)
	}
	if b.Hits(step) != 3 || b.Kills(step) != 1 || b.Armed(step) {
		t.Errorf("hits %d, kills %d, armed %v", b.Hits(step), b.Kills(step), b.Armed(step))
	}
	if err := run(); err != nil || b.Hits(step) != 8 {
		t.Errorf("the second time: %v, hits %d", err, b.Hits(step))
	}
}

func asExit(err error, to **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*to = e
	return ok
}

func TestHelper(t *testing.T) {
	path := os.Getenv("BOARD")
	if path == "" {
		t.Skip("run by TestAStepEndsItsProcess")
	}
	b, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b.hit(Names[1])
	}
}

// TestCostsNothing: a kitt that is built as people get it holds no step, no name of one, and nothing of this package; one
// that is built for torture does, so the look would see them.
func TestCostsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("builds kitt")
	}
	for _, tag := range []string{"", "failpoint"} {
		exe := filepath.Join(t.TempDir(), "kitt")
		build := exec.Command("go", "build", "-tags", tag, "-o", exe, "kitt.sh")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		b, err := os.ReadFile(exe)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range Names {
			if there := bytes.Contains(b, []byte(n)); there != (tag != "") {
				t.Errorf("tag %q: %s is in the program: %v", tag, n, there)
			}
		}
		out, err := exec.Command("go", "tool", "nm", exe).Output()
		if err != nil {
			t.Fatal(err)
		}
		symbol := bytes.Contains(out, []byte("kitt.sh/reconcile/failpoint."))
		if symbol != (tag != "") {
			t.Errorf("tag %q: symbols of the package are in the program: %v", tag, symbol)
		}
	}
}
