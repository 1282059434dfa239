package unit

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
)

// simulated is the name of the environment variable that holds the folder of a simulated launchd. It is "" in every build but that
// of a test, whose linker fills it in (-X): no flag and no variable leads anybody else there.
var simulated string

// Simulation is the folder of the simulated launchd that takes the place of this machine's service manager; "" outside of tests.
func Simulation() string {
	if simulated == "" {
		return ""
	}
	return os.Getenv(simulated)
}

// OnMac tells whether launchd's customs hold: on a Mac, and under a simulated launchd.
func OnMac() bool { return runtime.GOOS == "darwin" || Simulation() != "" }

// simulate lets run reach the simulated launchctl in dir.
func simulate(dir string, run Runner) Runner {
	return func(ctx context.Context, name string, args ...string) (string, int, error) {
		if name == "launchctl" {
			name = filepath.Join(dir, name)
		}
		return run(ctx, name, args...)
	}
}
