package local

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kitt.sh/reconcile"
	"kitt.sh/spec"
)

// TestPreRunsBeforeAllElse: the signal comes once pre is over, whatever became of it.
func TestPreRunsBeforeAllElse(t *testing.T) {
	for _, row := range []struct {
		name    string
		stop    spec.Stop
		order   string
		trouble string
	}{
		{"then the signal", spec.Stop{Pre: []string{"sh", "-c", "echo pre $WORD >> order"}}, "pre hello,term", ""},
		{"then the command", spec.Stop{Pre: []string{"sh", "-c", "echo pre >> order"}, Command: []string{"sh", "-c", "echo command >> order"}}, "pre,command,term", ""},
		{"it fails", spec.Stop{Pre: []string{"false"}}, "term", "exit status 1"},
		{"it is not there", spec.Stop{Pre: []string{"nosuch"}}, "term", `stop.pre: find program "nosuch": not on the PATH`},
		{"it takes too long", spec.Stop{Pre: []string{"sleep", "1000"}, PreTimeout: 200 * time.Millisecond}, "term", "stop.pre: killed after 200ms, its stop.pre_timeout"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := start(t)
			var told []string
			r.Failed = func(_ reconcile.Observed, text string) { told = append(told, text) }
			in := instance(dir, "sh", "-c", "trap 'echo term >> order; exit 0' TERM; echo up > up; while :; do sleep 0.02; done")
			in.Process.Env = map[string]string{"WORD": "hello"}
			row.stop.Signal, row.stop.Timeout, row.stop.KillMode = "SIGTERM", 10*time.Second, "tree"
			in.Process.Stop = row.stop
			up(t, r, in)
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
				if _, err := os.Stat(dir + "/up"); err == nil {
					break
				} else if time.Now().After(end) {
					t.Fatal("it never came up")
				}
			}
			stop(t, r, in)
			o := awaitEnd(t, r, in.ID)
			r.Close()
			b, _ := os.ReadFile(dir + "/order")
			if got := strings.Join(strings.Fields(strings.ReplaceAll(string(b), " ", "~")), ","); got != strings.ReplaceAll(row.order, " ", "~") {
				t.Errorf("it went %q, want %q", got, row.order)
			}
			if !strings.Contains(o.Trouble, row.trouble) || (row.trouble == "") != (len(told) == 0) || row.trouble != "" && !slices.Contains(told, o.Trouble) {
				t.Errorf("trouble %q, told %q; want %q", o.Trouble, told, row.trouble)
			}
		})
	}
}
