package faults

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestFault48RestartSelf(t *testing.T) {
	for _, row := range []struct{ name, call string }{
		{"from the program", `"$KITT" restart web; echo $? > code`},
		{"from a child of it", `/bin/sh -c 'trap : TERM; "$KITT" restart web; echo $? > code'`},
		{"from a session of its own", `setsid /bin/sh -c 'trap : TERM; "$KITT" restart web; echo $? > code'`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.env = append(w.env, "KITT="+w.kitt)
			w.file("web.sh", "trap : TERM\nif test ! -e code; then while test ! -e go; do sleep 0.02; done; "+row.call+"; exit; fi\nexec sleep 1000\n")
			w.spec(process("web", []string{"/bin/sh", "web.sh"}))
			w.do("apply")
			w.file("go", "")
			w.until("its answer", func() bool { return read(w.at("code")) != "" })
			if got := read(w.at("code")); got != "0\n" {
				t.Errorf("kitt restart exits %q", got)
			}
			w.until("generation 2", func() bool { in := w.of("web.1"); return in.Generation == 2 && in.Phase == "running" })
			if n := len(w.ofLife("shop/web.1#2.")); n != 1 {
				t.Errorf("there are %d of its second generation", n)
			}
		})
	}
}

func TestFault49DownSelf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = append(w.env, "KITT="+w.kitt)
	w.file("web.sh", "trap : TERM\nwhile test ! -e go; do sleep 0.02; done; \"$KITT\" down; echo $? > code; exec sleep 1000\n")
	w.spec(process("web", []string{"/bin/sh", "web.sh"}, `stop { timeout = "1s" }`), process("other", own("sleep")))
	w.do("apply")
	w.file("go", "")
	w.until("its answer", func() bool { return read(w.at("code")) != "" })
	if got := read(w.at("code")); got != "0\n" {
		t.Errorf("kitt down exits %q", got)
	}
	w.until("both to be held", func() bool { return w.of("web.1").Phase == "held" && w.of("other.1").Phase == "held" })
	if left := w.ofLife("shop/"); len(left) > 0 {
		t.Errorf("%d processes are left", len(left))
	}
}

func TestFault50ClientGivesUp(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.spec(process("web", sh("trap 'sleep 0.5; exit' TERM; echo up; while :; do sleep 0.02; done")))
			w.do("apply")
			w.stored("web.1", "up")
			cmd := w.command("restart", "web")
			w.ok(cmd.Start())
			w.until("the stop to be under way", func() bool { return w.of("web.1").Phase == "stopping" })
			w.ok(cmd.Process.Signal(sig))
			began := time.Now()
			_ = cmd.Wait()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("the client took %v to end", took)
			}
			w.until("generation 2", func() bool { in := w.of("web.1"); return in.Generation == 2 && in.Phase == "running" })
			if n := strings.Count(string(raw(t, w.store("web.1", "out"))), "up\n"); n > 2 {
				t.Errorf("it was started %d times", n)
			}
		})
	}
}
