package local

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestACommandLeavesNothingAndHoldsNobodyUp is about commands that ask how a process is.
func TestACommandLeavesNothingAndHoldsNobodyUp(t *testing.T) {
	for _, row := range []struct {
		name, script string
		most         time.Duration // that it may take
		says, fails  string
	}{
		{"it ends", "echo fine", time.Minute, "fine\n", ""},
		{"it fails", "echo bad >&2; exit 3", time.Minute, "bad\n", "exit status 3"},
		{"it leaves a child with its output", "sleep 1000 & echo $! > left; echo fine", time.Minute, "fine\n", ""},
		{"its child hears nothing", "sh -c 'trap \"\" TERM HUP INT; while :; do sleep 1; done' & echo $! > left", time.Minute, "", ""},
		{"it hears nothing itself", "trap '' TERM HUP INT; echo $$ > left; while :; do sleep 1; done", 300 * time.Millisecond, "", "signal: killed"},
		{"it floods", "yes", 300 * time.Millisecond, strings.Repeat("y\n", headMost/2), "signal: killed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			r := with(t, &scripted{})
			in := instance(dir, "true")
			l := up(t, r, in)
			r.Began(l.Life, in)
			ctx, cancel := context.WithTimeout(context.Background(), row.most)
			defer cancel()
			begun := time.Now()
			said, err := r.Beside(ctx, l.Life, []string{"sh", "-c", row.script})
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			if said != row.says || row.fails == "" && err != nil || row.fails != "" && (err == nil || !strings.Contains(err.Error(), row.fails)) {
				t.Errorf("%.40q, %v; want %.40q, %q", said, err, row.says, row.fails)
			}
			if b, err := os.ReadFile(filepath.Join(dir, "left")); err == nil {
				awaitGone(t, strings.TrimSpace(string(b)))
			}
		})
	}
}

// awaitGone waits until a process is no more, or nobody's zombie.
func awaitGone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		stat, _ := os.ReadFile("/proc/" + pid + "/stat")
		if syscall.Kill(n, 0) != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(end) {
			_ = syscall.Kill(n, syscall.SIGKILL)
			t.Fatalf("process %d is left", n)
		}
	}
}
