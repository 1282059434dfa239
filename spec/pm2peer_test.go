package spec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// peerVersion is the pm2 that kitt is held against.
const peerVersion = "7.0.4"

// A peerCase is a file for pm2 to read, as normal.cjs takes it.
type peerCase struct {
	File    string   `json:"file"`
	Cwd     string   `json:"cwd"`
	Profile string   `json:"profile,omitempty"`
	Pretend []string `json:"pretend,omitempty"` // scripts that are not there, and shall be
}

// A peerAnswer is what pm2 made of one: an error, or each instance that it would start.
type peerAnswer struct {
	Error     string         `json:"error"`
	Said      []string       `json:"said"`
	Instances []peerInstance `json:"instances"`
}

type peerInstance struct {
	Name      string                     `json:"name"`
	Namespace string                     `json:"namespace"`
	ID        int                        `json:"id"`
	Cwd       string                     `json:"cwd"`
	Argv      []string                   `json:"argv"`
	Env       map[string]string          `json:"env"`
	Fields    map[string]json.RawMessage `json:"fields"`
	Stamp     string                     `json:"stamp"` // the start of 1970 in UTC, in the app's log_date_format
}

// askPeer lets pm2 read all cases, in one Node. It skips the test where there is no Node, or pm2 cannot be had.
func askPeer(t *testing.T, env map[string]string, cases []peerCase) []peerAnswer {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node on the PATH: nothing to hold kitt against")
	}
	ask, err := json.Marshal(map[string]any{"env": env, "cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "testdata/pm2/normal.cjs", peerFolder(t))
	cmd.Env = nil
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var answer, trouble bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(ask), &answer, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("ask pm2: %v\n%s", err, trouble.String())
	}
	var out []peerAnswer
	if err := json.Unmarshal(answer.Bytes(), &out); err != nil || len(out) != len(cases) {
		t.Fatalf("pm2 gave %d answers to %d cases: %v", len(out), len(cases), err)
	}
	return out
}

// peerFolder is where pm2 is installed: under .kitt, which is no part of the repository, once for all runs.
func peerFolder(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../.kitt/pm2-" + peerVersion)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "node_modules", "pm2")
	if peerIsHere(folder) {
		return folder
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("no npm on the PATH: pm2 cannot be had")
	}
	scratch := fmt.Sprintf("%s.%d", root, os.Getpid()) // two runs at once do not meet
	defer os.RemoveAll(scratch)
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", scratch, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "pm2@"+peerVersion)
	cmd.WaitDelay = time.Second
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm install pm2@%s: %v: %.300s", peerVersion, err, strings.TrimSpace(string(said)))
	}
	if err := os.Rename(scratch, root); err != nil && !peerIsHere(folder) {
		t.Fatal(err)
	}
	return folder
}

func peerIsHere(folder string) bool {
	var p struct {
		Version string `json:"version"`
	}
	b, err := os.ReadFile(filepath.Join(folder, "package.json"))
	return err == nil && json.Unmarshal(b, &p) == nil && p.Version == peerVersion
}
