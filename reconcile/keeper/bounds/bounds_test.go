package bounds

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test's own program stands for kitt: with BOUNDS it is `kitt internal exec`.
func TestMain(m *testing.M) {
	if text, ok := os.LookupEnv("BOUNDS"); ok {
		os.Exit(Main([]string{text, "/bin/sh", "sh", "-c", "echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -c) $(nice)"}))
	}
	os.Exit(m.Run())
}

func TestBoundsHoldInTheProgram(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"nofile=100:200", "100 200"},
		{"core=0:0,nice=19,nofile=64:64", "64 64 0 19"},
		{"nofile=200:100", "kitt: limits.nofile 200:100"},
		{"nonesuch=1:1", "kitt: limits.nonesuch: no such limit"},
		{"nice=x", "kitt: nice x"},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "BOUNDS="+row.text)
		out, err := cmd.CombinedOutput()
		if !strings.HasPrefix(string(out), row.want) || (err == nil) == strings.HasPrefix(row.want, "kitt:") {
			t.Errorf("%s: %v, %q, want %q", row.text, err, out, row.want)
		}
	}
}

func TestText(t *testing.T) {
	if got := Text(5, map[string]string{"nofile": "1:2", "core": "0:0"}); got != "nice=5,core=0:0,nofile=1:2" {
		t.Errorf("got %q", got)
	}
	if got := Text(0, nil); got != "" {
		t.Errorf("nothing is %q", got)
	}
}

func TestRefused(t *testing.T) {
	if err := Refused(-5, nil, true); err == nil || !strings.Contains(err.Error(), "only root") {
		t.Errorf("nice for another user: %v", err)
	}
	if err := Refused(5, map[string]string{"nofile": "1:1"}, true); err != nil {
		t.Errorf("less than kitt has: %v", err)
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := Refused(-5, nil, false); err != nil {
		t.Errorf("root: %v", err)
	}
}
