package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The variable by which the kitt under test finds a simulated launchd: see service/unit/simulated.go and internal/launchsim.
const simulation = "KITT_LAUNCHSIM"

// launchsim builds the simulation once, and returns its path.
var launchsim = sync.OnceValues(func() (string, error) {
	path := filepath.Join(bin, "launchsim")
	out, err := exec.Command("go", "build", "-o", path, "kitt.sh/internal/launchsim").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build launchsim: %w\n%s", err, out)
	}
	return path, nil
})

// launchd: begins a simulated launchd, as at a login, for a kitt that lies where a service's program may lie: $KITT.
// With ! it ends, as at a logout. launchctl ARGS... is its launchctl.
func launchd(ts *testscript.TestScript, neg bool, _ []string) {
	if sim, _ := ts.Value(simulation).(*simulated); sim != nil && sim.cmd != nil {
		sim.end()
	}
	if neg {
		return
	}
	sim, _ := ts.Value(simulation).(*simulated)
	if sim.dir == "" {
		sim.move(ts)
	}
	ts.Check(sim.begin(ts))
}

// simulated is the simulated launchd of one script.
type simulated struct {
	dir string
	cmd *exec.Cmd
}

// move puts a copy of kitt where nobody takes it for a temporary file, and the simulation's launchctl into the script's folder.
func (s *simulated) move(ts *testscript.TestScript) {
	place, err := settled()
	ts.Check(err)
	ts.Defer(func() {
		killAllOf(place)
		os.RemoveAll(place)
	})
	ts.Check(copyFile(filepath.Join(bin, "kitt"), filepath.Join(place, "kitt")))
	s.dir = ts.MkAbs(".launchd")
	ts.Check(os.Mkdir(s.dir, 0o700))
	program, err := launchsim()
	ts.Check(err)
	ts.Check(os.Symlink(program, filepath.Join(s.dir, "launchctl")))
	ts.Setenv("FLEETING", filepath.Join(bin, "kitt"))
	ts.Setenv("KITT", filepath.Join(place, "kitt"))
	ts.Setenv("HOME", filepath.Join(place, "home"))
	ts.Check(os.Mkdir(ts.Getenv("HOME"), 0o700))
	ts.Setenv("PATH", place+":"+ts.Getenv("PATH"))
	ts.Setenv(simulation, s.dir)
	ts.Defer(s.end)
}

// killAllOf ends what a script that failed left running: whatever knows of the folder.
func killAllOf(place string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		env, _ := os.ReadFile(dir + "/environ")
		args, _ := os.ReadFile(dir + "/cmdline")
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil && pid != os.Getpid() && strings.Contains(string(env)+string(args), place) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// begin starts it; a second of launchd's takes a tenth of one here.
func (s *simulated) begin(ts *testscript.TestScript) error {
	program, err := launchsim()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(program, "launchd", s.dir)
	s.cmd.Env = []string{"HOME=" + ts.Getenv("HOME"), "GORACE=atexit_sleep_ms=0", simulation + "=" + s.dir, "LAUNCHSIM_SECOND=100ms", "USER=" + os.Getenv("USER")}
	s.cmd.Stderr = os.Stderr
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if c, err := net.Dial("unix", filepath.Join(s.dir, "launchd.sock")); err == nil {
			return c.Close()
		}
	}
	return fmt.Errorf("the simulated launchd does not answer")
}

func (s *simulated) end() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// settled is a new folder that is none for temporary files.
func settled() (string, error) {
	cache, err := os.UserCacheDir()
	for _, dir := range []string{cache, "/opt", "/usr/local/lib"} {
		if err == nil && dir != "" && !strings.HasPrefix(dir, "/tmp/") && !strings.HasPrefix(dir, os.TempDir()+"/") && os.MkdirAll(dir, 0o755) == nil {
			if place, err := os.MkdirTemp(dir, "kitt-e2e"); err == nil {
				return place, nil
			}
		}
	}
	return "", fmt.Errorf("no folder for a program that lasts: HOME and all else is temporary (%v)", err)
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if e := dst.Close(); err == nil {
		err = e
	}
	return err
}

// launchctl ARGS...: that of the simulation.
func launchctl(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(filepath.Join(ts.Getenv(simulation), "launchctl"), args...)
	if (err != nil) != neg {
		ts.Fatalf("launchctl %s: %v, failure wanted: %v", strings.Join(args, " "), err, neg)
	}
}

// program is the kitt under test: that of the simulated launchd, where there is one.
func program(ts *testscript.TestScript) string {
	if path := ts.Getenv("KITT"); path != "" {
		return path
	}
	return filepath.Join(bin, "kitt")
}
