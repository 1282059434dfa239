package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// exposedServer answers with its pid. It needs a moment to begin, and answers what it has before it ends.
const exposedServer = `
const server = require('http').createServer((q, r) => setTimeout(() => r.end(String(process.pid)), 2))
setTimeout(() => server.listen(process.env.PORT, '127.0.0.1'), 100)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

// Clients that come all the time while what kitt passes them on to is restarted, scaled, crashes behind another that serves, and
// kitt itself is killed in each part and upgraded: none is refused, and no connection is reset.
func TestWhatIsExposedRefusesNobody(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "server.js")
	if err := os.WriteFile(script, []byte(exposedServer), 0o600); err != nil {
		t.Fatal(err)
	}
	g := newGuest(t)
	h := newHouse(t, fmt.Sprintf("process \"web\" {\n command = [\"node\", %q]\n expose = %q\n}\n", script, g.addr))

	gs := guests{"web": g}
	gs.come(t, 4, time.Millisecond) // at once: some are always under way
	served := func(what string) {
		h.Helper()
		_, before, _ := g.answered()
		h.eventually("answers after "+what, func() bool {
			_, n, err := g.answered()
			if err != nil {
				h.Fatalf("%s: %v", what, err)
			}
			return n > before+8
		})
	}
	renewed := func(what string, do func()) {
		h.Helper()
		before, _, _ := g.answered()
		do()
		h.eventually("another web after "+what, func() bool { pid, _, err := g.answered(); return err != nil || pid != before })
		served(what)
	}

	served("the start")
	for i := range 20 {
		renewed(fmt.Sprint("restart ", i), func() { h.must("restart", "web") })
	}
	look := func() (s statusForm) { // one that is dying may have been asked
		if out, _, err := h.run("status", "-o", "json"); err == nil {
			h.ok(json.Unmarshal([]byte(out), &s))
		}
		return s
	}
	kill := func(what string, pid func() int) {
		h.Helper()
		old := pid()
		h.ok(syscall.Kill(old, syscall.SIGKILL))
		h.eventually("another "+what, func() bool { now := pid(); return now != old && now > 0 })
		served("the death of the " + what)
	}
	kill("daemon", func() int { return look().Daemon.PID })
	renewed("the daemon's death", func() { h.must("restart", "web") })
	kill("keeper", func() int { return look().Keeper.PID })
	renewed("the keeper's death", func() { h.must("restart", "web") })
	h.place(newer, h.kitt)
	if u := h.upgrade(); !u.Kept {
		t.Errorf("upgrade: %+v", u)
	}
	renewed("the upgrade", func() { h.must("restart", "web") })
	h.must("scale", "web=3")
	served("three")
	renewed("a restart of three", func() { h.must("restart", "web") })
	h.must("scale", "web=1")
	served("one again")

	gs.report(t)
}
