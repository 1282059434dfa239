package keeper

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// While something of a stopped tree still lives, the number of its dead root may be nobody else's: the group and the
// session that are to be killed carry it.
func TestAPidStaysReservedUntilItsTreeIsGone(t *testing.T) {
	b := newBox(t, "scan")
	l := b.sh(`trap 'exit 0' TERM; (trap '' TERM; echo up; while [ ! -e $HOME/go ]; do sleep 0.02; done) & wait`)
	b.until("the child", func() bool { return b.text(1, "out") == "up\n" })
	b.ok(b.c.Stop(b.ctx(), StopOrder{Life: l.Name, Grace: 30 * time.Second}))
	b.until("the end of the root", func() bool { p, ok := lookAt(l.PID); return !ok || p.dead() })
	b.until("the record of it", func() bool {
		text, _ := os.ReadFile(b.home + "/run/lives")
		return strings.Contains(string(text), "op=exit")
	})
	b.ok(b.c.Ping(b.ctx()))
	if p, ok := lookAt(l.PID); !ok || p.state != 'Z' {
		t.Errorf("its pid is free (%t, state %q), and its child lives", !ok, p.state)
	}
	b.ok(os.WriteFile(b.home+"/go", nil, 0o600))
	b.exited(l.Name)
	if _, ok := lookAt(l.PID); ok {
		t.Error("it was not reaped")
	}
}

func TestASecondKeeperOfAnEmptiedRunFolderLeaves(t *testing.T) {
	b := newBox(t)
	b.ok(b.cmd.Process.Signal(syscall.SIGSTOP)) // or it would make the folder again at once
	defer b.cmd.Process.Signal(syscall.SIGCONT)
	b.ok(os.RemoveAll(b.home + "/run"))
	second := exec.Command(os.Args[0], "@keeper", b.home)
	var said strings.Builder
	second.Stderr = &said
	b.ok(second.Start())
	ended := make(chan error, 1)
	go func() { ended <- second.Wait() }()
	select {
	case err := <-ended:
		if err != nil || !strings.Contains(said.String(), "another keeper runs") {
			t.Errorf("it ends with %v and says %q", err, &said)
		}
	case <-time.After(10 * time.Second):
		second.Process.Kill()
		t.Error("it stays")
	}
}

// A number that was used again names another process, even one that carries the same cookie.
func TestAReusedPidIsNotTakenUp(t *testing.T) {
	b := newBox(t)
	b.kill()
	other := exec.Command("/bin/sleep", "60")
	other.Env = []string{cookieName + "=" + b.name(7)}
	b.ok(other.Start())
	defer other.Wait()
	defer other.Process.Kill()
	pid := other.Process.Pid
	b.until("its cookie", func() bool { name, _ := cookieOf(pid); return name == b.name(7) })
	p, _ := lookAt(pid)
	l := newLife(&Spawn{Life: b.name(7)})
	l.pid, l.ident = pid, p.ident+1
	b.ok(os.WriteFile(b.home+"/run/lives", l.records(bootID()), 0o600))
	b.start()
	if got := b.exited(b.name(7)); got.Exit.How != "unknown" {
		t.Errorf("it has %+v", got)
	}
}

// A keeper that dies between fork and record leaves a process that no record names: its pipe and its cookie do.
func TestAProcessThatWasNotRecordedIsFound(t *testing.T) {
	b := newBox(t)
	l := b.spawn("/bin/sleep", "60")
	b.kill()
	text, err := os.ReadFile(b.home + "/run/lives")
	b.ok(err)
	kept := ""
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, " op=born ") {
			kept += line
		}
	}
	b.ok(os.WriteFile(b.home+"/run/lives", []byte(kept), 0o600))
	b.start()
	b.until("the process", func() bool { got := b.life(l.Name); return got.State == Running && got.PID == l.PID })
}

func TestTheJournalBelievesNothing(t *testing.T) {
	line := func(boot, life string) string {
		r := record{boot: boot, op: "spawn", life: life, out: "a.out", err: "a.err"}
		return string(r.line())
	}
	forged := strings.Replace(line("now", "shop/web.2#1.a"), "web.2", "web.3", 1)
	torn := strings.TrimSuffix(line("now", "shop/web.4#1.a"), "\n")
	lives, bad := replay(line("before", "shop/web.1#1.a")+forged+line("now", "shop/web.5#1.a")+torn, "now")
	if len(lives) != 1 || lives[0].name != "shop/web.5#1.a" {
		t.Errorf("%d lives are believed", len(lives))
	}
	if len(bad) != 2 {
		t.Errorf("%d bad lines, want the forged and the torn one: %q", len(bad), bad)
	}
}

// A page is replayed as far as its log lacks it, whenever its keeper died.
func TestASpillPageGivesItsLogWhatThatLacks(t *testing.T) {
	for _, row := range []struct {
		name string
		log  string // what is in the log when the keeper is dead; 4 bytes were in it before
		die  func(p *spill)
		want string
	}{
		{"before the read", "1234", func(p *spill) {}, "1234"},
		{"in the read, which gave nothing", "1234", func(p *spill) { p.ask(5, 4, p.log()) }, "1234"},
		{"in the read, which gave all", "1234", func(p *spill) { p.ask(5, 4, p.log()); copy(p.data(), "56789") }, "123456789"},
		{"before the write", "1234", func(p *spill) { p.ask(9, 4, p.log()); copy(p.data(), "56789"); p.got(5) }, "123456789"},
		{"in the write", "12345", func(p *spill) { p.ask(5, 4, p.log()); copy(p.data(), "56789"); p.got(5) }, "123456789"},
		{"after the write", "123456789", func(p *spill) { p.ask(5, 4, p.log()); copy(p.data(), "56789"); p.got(5) }, "123456789"},
		{"when the page was free again", "1234", func(p *spill) { p.ask(5, 4, p.log()); p.got(5); p.clear() }, "1234"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/current", []byte(row.log), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := openSpill(dir + "/spill.0")
		if err != nil {
			t.Fatal(err)
		}
		row.die(p)
		if kept := replaySpills(dir); len(kept) != 0 {
			t.Errorf("killed %s: a page is kept", row.name)
		}
		if b, _ := os.ReadFile(dir + "/current"); string(b) != row.want {
			t.Errorf("killed %s: the log has %q, want %q", row.name, b, row.want)
		}
		p.unmap()
	}
}

// log is the log beside the page of a test.
func (p *spill) log() string { return filepath.Dir(p.path) + "/current" }
