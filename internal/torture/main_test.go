//go:build linux

package torture

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var (
	kills = flag.Int("kills", 50, "how often each of keeper and daemon is killed")
	seed  = flag.Uint64("seed", 0, "what all chance comes from; 0: another each time")
)

// The test binary is also every program that kitt runs here: the first argument behind @ says which.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "@") {
		os.Exit(roles[os.Args[1][1:]](os.Args[2:]))
	}
	code := m.Run()
	if workshop != "" {
		_ = os.RemoveAll(workshop)
	}
	os.Exit(code)
}
