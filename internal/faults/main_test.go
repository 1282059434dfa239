package faults

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// long makes the loops long: `go test ./internal/faults -long`.
var long = flag.Bool("long", false, "run the long variants")

var (
	self string // this test binary, which is also the programs that kitt runs here
	kitt string // the kitt under test
)

// roles are the programs that this binary can be, by its first argument behind an @.
var roles = map[string]func(args []string) int{}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "@") {
		os.Exit(roles[os.Args[1][1:]](os.Args[2:]))
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "5") // they wait more than they work
	os.Exit(built(m))
}

// built makes kitt once, and runs the tests.
func built(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kitt-faults")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if self, err = os.Executable(); err != nil {
		panic(err)
	}
	_ = os.Chmod(dir, 0o755) // other users run it too
	kitt = filepath.Join(dir, "kitt")
	if err := build(kitt); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// build makes a kitt with further flags.
func build(to string, flags ...string) error {
	args := append([]string{"build", "-o", to}, flags...)
	if raced && *long { // the short run is about time as well; the detector looks at the real kitt in internal/e2e
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "kitt.sh")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build kitt: %w\n%s", err, out)
	}
	return nil
}

// few is how often a short run does something, and many how often a long one.
func few(short, many int) int {
	if *long {
		return many
	}
	return short
}
