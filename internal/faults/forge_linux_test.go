package faults

import (
	"fmt"
	"hash/crc32"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

func init() { roles["canary"] = asCanary }

// asCanary writes every signal that it gets into a file: @canary FILE.
func asCanary(args []string) int {
	got := make(chan os.Signal, 16)
	signal.Notify(got, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGCONT, syscall.SIGQUIT)
	_ = os.WriteFile(args[0]+".up", nil, 0o600)
	for s := range got {
		_ = os.WriteFile(args[0], []byte(s.String()), 0o600)
	}
	return 0
}

// record is a line of the journal as a keeper would write it.
func record(boot, op, life, fields string) string {
	line := fmt.Sprintf("v1 boot=%s op=%s life=%s t=%d %s", boot, op, strings.ReplaceAll(life, "#", "%23"), time.Now().UnixNano(), fields)
	line = strings.TrimSpace(line)
	return fmt.Sprintf("%s crc32c=%08x\n", line, crc32.Checksum([]byte(line), crc32.MakeTable(crc32.Castagnoli)))
}

// forged is the journal of a life that is said to have this pid, and to be overdue for SIGKILL.
func forged(pid int, ident uint64) string { return forgedIn(bootID(), pid, ident) }

func forgedIn(boot string, pid int, ident uint64) string {
	life := fmt.Sprintf("shop/forged.%d#1.x", pid&0xffff)
	past := time.Now().Add(-time.Second).UnixNano()
	return record(boot, "spawn", life, "out=a.out err=a.err kill= cg= dir=/tmp max=1000 keep=1 meta=") +
		record(boot, "born", life, fmt.Sprintf("pid=%d ident=%d", pid, ident)) +
		record(boot, "stop", life, fmt.Sprintf("sig=15 by=%d kill=tree", past))
}

func TestFault40ForgedRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.spec(process("web", own("sleep")))
	w.do("apply")
	web := w.running("web.1")
	canary := w.command()
	canary.Path, canary.Args = self, own("canary", w.at("hit"))
	w.ok(canary.Start())
	defer func() { _ = canary.Process.Kill(); _ = canary.Wait() }()
	w.until("the canary", func() bool { _, err := os.Stat(w.at("hit.up")); return err == nil })
	pid := canary.Process.Pid
	real := read(w.run("lives"))
	if want := record(bootID(), "x", "y#z", ""); strings.Count(real, " crc32c=") < 2 || !strings.Contains(want, " crc32c=") {
		t.Fatalf("this is no journal:\n%s", real)
	}
	w.killBoth()
	good := forged(pid, startOf(pid))
	text := real + good + forged(pid, startOf(pid)+1) + forgedIn("00000000-0000-0000-0000-000000000000", pid, startOf(pid)) +
		strings.ReplaceAll(good, "forged", "f0rged") + "v1 garbage\n\x00\xff\nv1 boot=x op=spawn life=y crc32c=00000000\n"
	for cut := 0; cut < len(good); cut += 7 { // a line that ends too early, at every place
		text += good[:cut] + "\n"
	}
	w.ok(os.WriteFile(w.run("lives"), []byte(text+good[:len(good)/3]), 0o600))
	if now := w.running("web.1"); now.PID != web.PID {
		t.Errorf("what runs was %d and is %d", web.PID, now.PID)
	}
	time.Sleep(300 * time.Millisecond) // a signal that is on its way
	if !alive(pid) || read(w.at("hit")) != "" {
		t.Errorf("the stranger was signalled: %q, alive %v", read(w.at("hit")), alive(pid))
	}
	if s, _ := w.status(); len(s.Instances) != 1 {
		t.Errorf("there are %d instances", len(s.Instances))
	}
	if read(w.run("lives.bad")) == "" {
		t.Error("what no keeper wrote is not kept aside")
	}
}
