package e2e

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// examplesHere are the programs of examples/sockets that this machine can run, by their language: go built, c compiled.
func examplesHere(t *testing.T) map[string][]string {
	t.Helper()
	from, err := filepath.Abs(filepath.Join("..", "..", "examples", "sockets"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	commands := map[string][]string{}
	for _, e := range []struct {
		name, needs string
		build, run  []string
	}{
		{"go", "go", []string{"go", "build", "-o", dir + "/go", "kitt.sh/examples/sockets/go"}, []string{dir + "/go"}},
		{"c", "cc", []string{"cc", "-Wall", "-Werror", "-o", dir + "/c", from + "/server.c"}, []string{dir + "/c"}},
		{"node", "node", nil, []string{"node", from + "/server.mjs"}},
		{"python", "python3", nil, []string{"python3", from + "/server.py"}},
	} {
		if !have(t, e.needs) {
			continue
		}
		if e.build != nil {
			if out, err := exec.Command(e.build[0], e.build[1:]...).CombinedOutput(); err != nil {
				t.Fatalf("build %s: %v\n%s", e.name, err, out)
			}
		}
		commands[e.name] = e.run
	}
	return commands
}

// heldSockets is a spec with a socket for each program, and the guests of each.
func heldSockets(t *testing.T, commands map[string][]string) (string, guests) {
	t.Helper()
	var spec strings.Builder
	gs := guests{}
	also := map[string]string{"node": " mode = \"node\"\n"} // a channel too
	for name, command := range commands {
		gs[name] = newGuest(t)
		fmt.Fprintf(&spec, "process %q {\n command = [\"%s\"]\n listen = [\"tcp://%s\"]\n%s}\n", name, strings.Join(command, `", "`), gs[name].addr, also[name])
	}
	return spec.String(), gs
}

// Clients that come all the time while their servers are restarted, crash, and kitt itself is upgraded: none is refused, and
// no connection is reset. The four programs of examples/sockets take the socket in their language's own way.
func TestSocketsThatKittHoldsRefuseNobody(t *testing.T) {
	spec, gs := heldSockets(t, examplesHere(t))
	h := newHouse(t, spec)
	gs.come(t, 1, time.Millisecond)
	gs.renewed(h, "begin", map[string]int{})
	for _, part := range []func(*house, guests){restartOften, crashAll, upgradeUnder, killKeeperUnder} {
		part(h, gs)
	}
	gs.report(t)
}

func restartOften(h *house, gs guests) {
	for i := range 20 {
		before := gs.pids()
		names := slices.Sorted(maps.Keys(gs))
		if i > 2 { // it takes its time to start
			names = slices.DeleteFunc(names, func(name string) bool { return name == "python" })
		}
		h.must(append([]string{"restart", "--no-wait"}, names...)...)
		gs.renewed(h, fmt.Sprint("restart ", i), before, names...)
	}
}

func crashAll(h *house, gs guests) {
	before := gs.pids()
	for _, g := range gs {
		g.kill(h.T, alone)
	}
	gs.renewed(h, "crash", before)
}

func upgradeUnder(h *house, gs guests) {
	_, asked, _ := gs["go"].answered()
	h.place(newer, h.kitt)
	if u := h.upgrade(); !u.Kept {
		h.Errorf("upgrade: %+v", u)
	}
	h.eventually("answers after the upgrade", func() bool { _, n, _ := gs["go"].answered(); return n > asked+5 })
	before := gs.pids()
	h.must("restart", "--all", "--no-wait")
	gs.renewed(h, "restart after the upgrade", before)
}

// killKeeperUnder kills the keeper, and a program right after it: its clients wait too.
func killKeeperUnder(h *house, gs guests) {
	before := gs.pids()
	h.ok(syscall.Kill(h.status().Keeper.PID, syscall.SIGKILL))
	gs["go"].kill(h.T, alone)
	gs.renewed(h, "the keeper's death", before, "go")
}
