package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A terminal is a window of tmux, in a server of its own.
type terminal struct {
	*testing.T
	name string
}

func newTerminal(t *testing.T, dir string, environ []string, size [2]string, command ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("needs tmux")
	}
	w := &terminal{t, fmt.Sprint("kitt", os.Getpid(), "-") + strings.NewReplacer("/", "-").Replace(t.Name())}
	args := append([]string{"new-session", "-d", "-s", "w", "-x", size[0], "-y", size[1]}, command...)
	cmd := exec.Command("tmux", append([]string{"-L", w.name, "-f", "/dev/null"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(environ, "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tmux: %v\n%s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("tmux", "-L", w.name, "kill-server").Run() })
	return w
}

func (w *terminal) tmux(args ...string) string {
	out, _ := exec.Command("tmux", append([]string{"-L", w.name}, args...)...).CombinedOutput()
	return string(out)
}

func (w *terminal) screen() string { return w.tmux("capture-pane", "-p", "-t", "w") }

// shows waits for text on the screen.
func (w *terminal) shows(text string) {
	w.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(30 * time.Millisecond) {
		if strings.Contains(w.screen(), text) {
			return
		}
	}
	w.Fatalf("no %q on\n%s", text, w.screen())
}

func (w *terminal) press(keys ...string) {
	w.tmux(append([]string{"send-keys", "-t", "w"}, keys...)...)
}

func TestMonitOnATerminal(t *testing.T) {
	home, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { teardown(home) })
	dir, environ := t.TempDir(), append(os.Environ(), "KITT_HOME="+home, "NO_COLOR=1")
	spec := "web: echo hello; echo needle >&2; exec sleep 1000\nbad: exit 3\n"
	if err := os.WriteFile(filepath.Join(dir, "Procfile"), []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	kitt := func(args ...string) string {
		cmd := exec.Command(filepath.Join(bin, "kitt"), args...)
		cmd.Dir, cmd.Env = dir, environ
		out, _ := cmd.CombinedOutput()
		return string(out)
	}
	kitt("apply", "--no-wait")
	w := newTerminal(t, dir, environ, [2]string{"80", "24"}, filepath.Join(bin, "kitt"), "monit")
	w.shows("web.1")
	w.shows("bad.1")
	w.press("Down")
	w.shows("1 logs  2 events  3 details  web.1 running")
	w.shows("hello")
	w.shows("needle")

	before := kitt("status", "-o", "name") + kitt("pid", "web")
	w.press("r")
	w.shows("restart web.1? y/n")
	w.press("n")
	if after := kitt("status", "-o", "name") + kitt("pid", "web"); after != before {
		t.Errorf("pids %q, were %q", after, before)
	}
	w.press("r", "y")
	w.press("2")
	w.shows("restart asked for")
	w.press("f", "nothing")
	w.shows("nothing matches the filter")
	w.press("C-u")
	w.press("Enter")
	w.shows("bad.1")

	w.tmux("resize-window", "-t", "w", "-x", "10", "-y", "3")
	w.shows("web.1    r")
	w.tmux("resize-window", "-t", "w", "-x", "200", "-y", "60")
	w.shows("MEMORY")
	w.shows("s sort:name")
	if colours := w.tmux("capture-pane", "-e", "-p", "-t", "w"); regexp.MustCompile(`\x1b\[([0-9]+;)*(3[0-7]|9[0-7])m`).MatchString(colours) {
		t.Errorf("colours in spite of NO_COLOR: %q", colours)
	}
	kitt("shutdown")
	w.shows("kitt is not running; waiting for it")
	kitt("apply", "--no-wait")
	w.shows("web.1")
	w.press("q")
	for end := time.Now().Add(20 * time.Second); w.tmux("ls") != "" && strings.Contains(w.tmux("ls"), "w:"); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not quit\n%s", w.screen())
		}
	}
}
