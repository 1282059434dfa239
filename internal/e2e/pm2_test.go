package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// listen PATH: somebody listens on a unix socket there until the script ends.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("unix", ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { l.Close() })
}

// pm2Version is the pm2 that processes are taken over from.
const pm2Version = "7.0.4"

// pm2Program is where a real pm2 lies under .kitt, installed at the first run. It is empty, with the reason, where none
// can be had.
func pm2Program() (program, why string) {
	root, err := filepath.Abs("../../.kitt/pm2-" + pm2Version)
	if err != nil {
		return "", err.Error()
	}
	program = filepath.Join(root, "node_modules", "pm2", "bin", "pm2")
	if _, err := os.Stat(program); err == nil {
		return program, ""
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", "no npm on the PATH: pm2 cannot be had"
	}
	scratch := fmt.Sprintf("%s.%d", root, os.Getpid()) // two runs at once do not meet
	defer os.RemoveAll(scratch)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", scratch, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "pm2@"+pm2Version)
	cmd.WaitDelay = time.Second
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Sprintf("npm install pm2: %v: %.200s", err, said)
	}
	if err := os.Rename(scratch, root); err != nil {
		if _, err := os.Stat(program); err != nil {
			return "", "install pm2: " + err.Error()
		}
	}
	return program, ""
}

// pm2: puts a real pm2 on the PATH, with a PM2_HOME of its own, and ends it with the script. See the condition [pm2].
func pm2(ts *testscript.TestScript, _ bool, _ []string) {
	program, why := pm2Program()
	if why != "" {
		ts.Fatalf("%s", why)
	}
	home, err := os.MkdirTemp("", "p") // short: sockets lie in it
	ts.Check(err)
	ts.Setenv("PM2_HOME", home)
	ts.Setenv("PM2_DISABLE_VERSION_CHECK", "1")
	ts.Setenv("PATH", filepath.Dir(program)+":"+ts.Getenv("PATH"))
	ts.Defer(func() {
		if c, err := net.Dial("unix", filepath.Join(home, "rpc.sock")); err == nil { // else pm2 kill would start one
			c.Close()
			cmd := exec.Command(program, "kill")
			cmd.Env = append(os.Environ(), "PM2_HOME="+home, "PM2_DISABLE_VERSION_CHECK=1")
			_ = cmd.Run()
		}
		os.RemoveAll(home)
	})
}

// present answers the conditions that ask for a program of others.
func present(cond string) (yes, known bool) {
	switch cond {
	case "pm2":
		_, why := pm2Program()
		return why == "", true
	case "sshd":
		_, yes := sshdProgram()
		return yes, true
	}
	return false, false
}
