package notify

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kitt.sh/spec"
)

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }

// command makes a block that runs a script in dir.
func script(dir, text string) spec.Notify {
	n := spec.DefaultNotify("ops")
	n.Dir, n.Exec = dir, []string{"/bin/sh", "-c", text}
	return n
}

func TestACommandGetsTheAlert(t *testing.T) {
	dir := t.TempDir()
	m := hostile()
	said, err := sent(t, script(dir, `cat > in.json; env | grep ^KITT_ALERT_EVENT > env; echo "$KITT_ALERT_PROJECT|$KITT_ALERT_PROCESS|$KITT_ALERT_COUNT" >> env; echo thanks`), nil, m)
	if err != nil || said != "exit 0: thanks" {
		t.Fatalf("said %q, %v", said, err)
	}
	var got Message
	b, err := os.ReadFile(filepath.Join(dir, "in.json"))
	if err == nil {
		err = json.Unmarshal(b, &got)
	}
	if err != nil || got.ID != m.ID || got.Alerts[0].Text != m.Alerts[0].Text || len(got.Alerts[0].Lines) != 50 {
		t.Errorf("stdin: %v, %+v", err, got)
	}
	if env, _ := os.ReadFile(filepath.Join(dir, "env")); string(env) != "KITT_ALERT_EVENT=failed\nshop|web_1|1\n" {
		t.Errorf("environment: %s", env)
	}
}

func TestACommandThatFailsTellsWhy(t *testing.T) {
	_, err := sent(t, script(t.TempDir(), `echo first >&2; echo "no such channel" >&2; exit 3`), nil, hostile())
	if err == nil || err.Error() != "run /bin/sh: exit status 3: no such channel" {
		t.Errorf("got %v", err)
	}
}

// The tree of a command ends at its timeout, with what began a session of its own.
func TestACommandThatTakesTooLongEndsWithAllItStarted(t *testing.T) {
	dir := t.TempDir()
	n := script(dir, `sleep 300 & echo $! > a; `+ownSession()+` & wait`)
	n.Timeout = time.Second
	_, err := sent(t, n, nil, hostile())
	if err == nil || !strings.Contains(err.Error(), "it took too long, and was ended") {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"a", "b"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && name == "b" {
			continue // no setsid here
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		for begun := time.Now(); alive(pid); time.Sleep(10 * time.Millisecond) {
			if time.Since(begun) > 10*time.Second {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				t.Fatalf("%s lives on", name)
			}
		}
	}
}

func ownSession() string {
	if runtime.GOOS == "linux" {
		return `setsid sh -c 'echo $$ > b; exec sleep 300'`
	}
	return "true"
}

func alive(pid int) bool {
	if b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil && strings.Contains(string(b), ") Z ") {
		return false
	}
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

func TestAnEndedDaemonEndsItsCommands(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := run(ctx, command{argv: []string{"/bin/sh", "-c", "sleep 300"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A fake notify-send or osascript tells what it was called with.
func TestTheDesktopIsToldByArguments(t *testing.T) {
	dir := t.TempDir()
	name := map[string]string{"linux": "notify-send", "darwin": "osascript"}[runtime.GOOS]
	text := "#!/bin/sh\nfor a in \"$@\"; do printf '%s\\n' \"[$a]\"; done > " + dir + "/args\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	n := spec.DefaultNotify("ops")
	n.Desktop = true
	m := hostile()
	m.Alerts[0].Lines = nil
	m.Alerts[0].Text = `"; do shell script "touch /tmp/x" <b>$(id)</b>`
	m = m.Written("box")
	if _, err := sent(t, n, map[string]string{"PATH": dir + ":/usr/bin:/bin"}, m); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(filepath.Join(dir, "args"))
	want := "[kitt: shop/web_1.1 failed (box)]\n[&#34;; do shell script &#34;touch /tmp/x&#34; &lt;b&gt;$(id)&lt;/b&gt;]\n"
	if runtime.GOOS == "darwin" {
		want = "[kitt: shop/web_1.1 failed (box)]\n[ " + m.Text + "]\n"
	}
	if !strings.HasSuffix(string(b), want) {
		t.Errorf("called with\n%s", b)
	}
}

func TestWithoutADesktopItSaysSo(t *testing.T) {
	n := spec.DefaultNotify("ops")
	n.Desktop = true
	_, err := sent(t, n, map[string]string{"PATH": t.TempDir()}, hostile())
	if err == nil || !strings.Contains(err.Error(), "is not on the PATH") {
		t.Errorf("got %v", err)
	}
}
