package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A pm2Row is one line of the table of commands in docs/from-pm2.md.
type pm2Row struct{ pm2, kitt, exit string }

var codeSpan = regexp.MustCompile("`(kitt[^`]*)`")

func pm2Rows(t *testing.T) (rows []pm2Row) {
	t.Helper()
	b, err := os.ReadFile("../../docs/from-pm2.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(b), "\n## Command by command\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 6 || strings.HasPrefix(line, "|---") || strings.TrimSpace(cells[3]) == "exit" {
			continue
		}
		command := codeSpan.FindStringSubmatch(cells[2])
		if command == nil {
			t.Errorf("no command of kitt's in %s", line)
			continue
		}
		rows = append(rows, pm2Row{strings.TrimSpace(cells[1]), command[1], strings.TrimSpace(cells[3])})
	}
	if len(rows) < 40 {
		t.Fatalf("%d rows: is the table there?", len(rows))
	}
	return rows
}

// TestFromPM2 runs the command of every row of docs/from-pm2.md, one after the other in one prepared home, and expects
// the exit code of the row. "help" stands for what would change the machine: only its flags are tried.
func TestFromPM2(t *testing.T) {
	rows := pm2Rows(t)
	home, err := os.MkdirTemp("", "k") // short: sockets lie below it
	if err != nil {
		t.Fatal(err)
	}
	defer teardown(home)
	dir := filepath.Join(t.TempDir(), "shop")
	for name, text := range map[string]string{
		"ecosystem.config.cjs": `module.exports = {apps: [{name: "web", script: "sleep", args: "1000", env_production: {A: "b"}},
			{name: "api", namespace: "back", script: "sleep", args: "1000", instances: 2}]}`,
		"job.config.cjs":  `module.exports = {apps: [{name: "job", script: "true", autorestart: false}]}`,
		"run.sh":          "#!/bin/sh\nexec sleep 1000\n",
		"site/index.html": "page",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	run := func(command string) (string, int) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "KITT_HOME="+home, "HOME="+dir, "PATH="+bin+":"+os.Getenv("PATH"), "NO_COLOR=1")
		out, _ := cmd.CombinedOutput()
		return string(out), cmd.ProcessState.ExitCode()
	}
	for _, row := range rows {
		command, want := row.kitt, row.exit
		if want == "help" {
			command, want = command+" --help", "0"
		}
		if out, code := run(command); strconv.Itoa(code) != want {
			t.Errorf("%s: exit %d, the page says %s\n%s", command, code, row.exit, out)
		}
	}
}
