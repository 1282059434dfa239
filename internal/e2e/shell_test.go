package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// typed is a shell that completes kitt: how it is begun without anybody's settings, and what it is told first.
var typed = []struct {
	name, setup string
	command     []string
}{
	{"bash", `PS1='$ '; . <(kitt completion bash)`, []string{"bash", "--norc", "--noprofile"}},
	{"zsh", `PS1='$ '; autoload -Uz compinit; compinit -D -u; . <(kitt completion zsh)`, []string{"zsh", "-f"}},
	{"fish", `function fish_prompt; echo '$ '; end; kitt completion fish | source`, []string{"fish", "--no-config"}},
}

// TestShellsComplete presses the tabulator in real shells.
func TestShellsComplete(t *testing.T) {
	home, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { teardown(home) })
	dir := t.TempDir()
	environ := append(os.Environ(), "KITT_HOME="+home, "HOME="+dir, "PATH="+bin+":"+os.Getenv("PATH"), "NO_COLOR=1")
	if err := os.WriteFile(filepath.Join(dir, "Procfile"), []byte("website: exec sleep 1000\nworker: exec sleep 1000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	apply := exec.Command(filepath.Join(bin, "kitt"), "apply", "--no-wait")
	apply.Dir, apply.Env = dir, environ
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, sh := range typed {
		t.Run(sh.name, func(t *testing.T) {
			if _, err := exec.LookPath(sh.command[0]); err != nil {
				t.Skip("needs " + sh.command[0])
			}
			w := newTerminal(t, dir, environ, [2]string{"80", "24"}, sh.command...)
			w.completes(sh.setup)
		})
	}
}

// completes types the beginnings of lines. What is a whole word then is printed by echo, so that it is not the line that is found.
func (w *terminal) completes(setup string) {
	w.Helper()
	w.press(setup, "Enter")
	w.press("echo ready-$(kitt ls -o name | wc -l)", "Enter")
	w.shows("ready-2")
	w.clears()
	for _, row := range []struct{ typed, line string }{
		{"kitt rest", "kitt restart"},                         // a verb
		{"kitt restart webs", "kitt restart website"},         // a live name
		{"kitt restart website wo", "website worker"},         // another one
		{"kitt logs --level=wa", "logs --level=warn"},         // the value of a flag in its word
		{"kitt apply --only=website,wo", "website,worker"},    // an item of a list
		{"kitt service inst", "kitt service install"},         // a verb of a verb
		{"kitt check Procf", "kitt check Procfile"},           // a file
		{"kitt scale web", "kitt scale website=\x00no space"}, // a word that goes on
	} {
		want, _, _ := strings.Cut(row.line, "\x00")
		w.press(row.typed, "Tab")
		w.shows(want)
		if strings.HasSuffix(want, "=") {
			w.press("3")
			w.shows(want + "3")
		}
		w.clears()
	}
}

// clears empties the line and the screen. A shell that is still busy with a completion takes a C-c for the completion alone,
// so the line is killed by its own key, until it is seen to be gone.
func (w *terminal) clears() {
	w.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		w.press("C-e", "C-u", "C-l")
		if strings.TrimSpace(w.screen()) == "$" {
			return
		}
	}
	w.Fatalf("the line stays on\n%s", w.screen())
}
