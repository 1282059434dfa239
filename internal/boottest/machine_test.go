//go:build linux

package boottest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var boot = flag.Bool("boot", false, "boot machines (make boot); needs root and Debian")

// bridge is a process that tells when it begins and when it is asked to end, of which boot it is, and takes its time.
const bridge = `#!/bin/sh
boot=$(cut -c1-8 /proc/sys/kernel/random/boot_id)
trap 'echo "term $KITT_PROCESS" >> $HOME/told; sleep ${1:-0}; echo "end $KITT_PROCESS" >> $HOME/told; exit 0' TERM
echo "$KITT_PROCESS $boot" >> $HOME/begun
echo "boot $boot"
while :; do sleep 0.1; done
`

// spec has one process that depends on another, so that there is an order.
const spec = `project = "app"
process "db" {
  command = ["./bridge", "1"]
}
process "kitt-bridge" {
  command    = ["./bridge"]
  depends_on = { db = "started" }
}
`

// A machine is a container with kitt on it, and what the tests ask of it.
type machine struct {
	*container
	*testing.T
	second string // the newer build, on this machine
}

// newMachine boots a machine that has kitt, and dev's app.
func newMachine(t *testing.T, release, first, second string) *machine {
	g := newContainer(t, system(t, release))
	m := &machine{g, t, second}
	m.put(first, "/usr/local/bin/kitt")
	m.write("/home/dev/app/kitt.hcl", spec, 0o644)
	m.write("/home/dev/app/bridge", bridge, 0o755)
	must(t, "chroot", g.root, "chown", "-R", "dev:dev", "/home/dev")
	g.Boot()
	return m
}

func (m *machine) put(file, to string) {
	m.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		m.Fatal(err)
	}
	m.write(to+".new", string(b), 0o755)
	if err := os.Rename(filepath.Join(m.root, to+".new"), filepath.Join(m.root, to)); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) write(file, text string, mode os.FileMode) {
	m.Helper()
	path := filepath.Join(m.root, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		m.Fatal(err)
	}
}

// do runs a line as dev in the app's folder, or as root with "root: " before it, and returns what it says.
func (m *machine) do(line string) string {
	m.Helper()
	out, err := m.try(line)
	if err != nil {
		m.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

func (m *machine) try(line string) (string, error) {
	m.Helper()
	if rest, ok := strings.CutPrefix(line, "root: "); ok {
		return m.Exec(rest)
	}
	return m.ExecAs("dev", "cd ~/app; "+line)
}

// says runs a line and looks for words in what it says.
func (m *machine) says(line string, words ...string) {
	m.Helper()
	out, _ := m.try(line)
	for _, w := range words {
		if !strings.Contains(out, w) {
			m.Errorf("%s: no %q in\n%s", line, w, out)
		}
	}
}

// read is a file of the machine; "" where there is none.
func (m *machine) read(file string) string {
	b, _ := os.ReadFile(filepath.Join(m.root, file))
	return string(b)
}

// pids are the pids of dev's processes by name, as kitt status has them; nil where it does not answer.
func (m *machine) pids() map[string]int {
	out, err := m.try("kitt status -o json 2>/dev/null")
	var s struct {
		Instances []struct {
			ID    string `json:"id"`
			PID   int    `json:"pid"`
			Phase string `json:"phase"`
		} `json:"instances"`
	}
	if err != nil || json.Unmarshal([]byte(out), &s) != nil {
		return nil
	}
	pids := map[string]int{}
	for _, i := range s.Instances {
		if i.Phase == "running" {
			pids[i.ID] = i.PID
		}
	}
	return pids
}

// up waits until both processes run, and returns their pids.
func (m *machine) up() map[string]int {
	m.Helper()
	var pids map[string]int
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if pids = m.pids(); len(pids) == 2 {
			return pids
		}
	}
	out, _ := m.try("kitt status; kitt service status; kitt service logs; systemctl --user status kitt --no-pager")
	m.Fatalf("not up after 30s: %v\n%s", pids, out)
	return nil
}

// same tells that nothing was restarted.
func (m *machine) same(before map[string]int, after string) map[string]int {
	m.Helper()
	now := m.up()
	if fmt.Sprint(before) != fmt.Sprint(now) {
		m.Errorf("after %s: pids %v, before %v", after, now, before)
	}
	return now
}

// keeper is the pid of the keeper.
func (m *machine) keeper() string {
	m.Helper()
	return strings.TrimSpace(m.do(`kitt status -o json | sed 's/.*"keeper":{"pid":\([0-9]*\).*/\1/'`))
}

// bootID is the beginning of the name of this boot.
func (m *machine) bootID() string {
	m.Helper()
	return strings.TrimSpace(m.do("root: cut -c1-8 /proc/sys/kernel/random/boot_id"))
}

// begun waits until both processes have begun in this boot, without asking kitt or logging in, and tells whether each did once.
func (m *machine) begun() {
	m.Helper()
	id := m.bootID()
	count := func(name string) int { return strings.Count(m.read("home/dev/begun"), name+" "+id+"\n") }
	for end := time.Now().Add(30 * time.Second); count("kitt-bridge") == 0 && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	if count("db") != 1 || count("kitt-bridge") != 1 {
		m.Fatalf("begun in boot %s: db %d times, kitt-bridge %d times\n%s", id, count("db"), count("kitt-bridge"), m.read("home/dev/begun"))
	}
}

// told is what the processes were told since it was asked last.
func (m *machine) told() string {
	text := m.read("home/dev/told")
	_ = os.Remove(filepath.Join(m.root, "home/dev/told"))
	return text
}

// inOrder is what a stop of all tells: the bridge first, then what it depends on, each with the time that it needs.
const inOrder = "term kitt-bridge\nend kitt-bridge\nterm db\nend db\n"

// installed applies and installs as dev, who lingers.
func (m *machine) installed() map[string]int {
	m.Helper()
	m.do("root: loginctl enable-linger dev")
	m.until("have a user manager", func() bool {
		out, _ := m.try("systemctl --user is-system-running --wait")
		return strings.Contains(out, "running") || strings.Contains(out, "degraded")
	})
	m.do("systemd-run --user --scope -q kitt apply")
	before := m.up()
	m.says("kitt service install", "starts at boot, before anyone logs in", "2 processes run on; they began before the service did")
	return m.same(before, "service install")
}
