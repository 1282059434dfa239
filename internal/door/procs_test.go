package door

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// rss is how many kB a process holds in memory; 0 if it is gone.
func rss(pid int) int { return memory(pid, "VmRSS:") }

func memory(pid int, what string) int {
	b, _ := os.ReadFile("/proc/" + itoa(pid) + "/status")
	for line := range strings.Lines(string(b)) {
		if kb, ok := strings.CutPrefix(line, what); ok {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(kb), " kB"))
			return n
		}
	}
	return 0
}

// TestFault59NamesThatAreTraps are refused, before anything runs, with the place and the reason.
func TestFault59NamesThatAreTraps(t *testing.T) {
	w := enter(t)
	w.apply(`process "web" { command = "exec sleep 1000" }`)
	pid := w.one("web.1").PID
	long := strings.Repeat("x", 255)
	for _, name := range []string{"../x", "..", ".", ".hidden", "-rf", "a;b", "a/b", "a\\nb", "a\\u0000b", "a b", "$(id)", "`id`", "a'b", long, "", " ", "a*", "~"} {
		w.put("bad.hcl", fmt.Sprintf("project = \"bad\"\nprocess \"%s\" { command = \"exec sleep 1000\" }\n", name))
		out, err := w.kitt("apply", "-f", "bad.hcl")
		if err == nil || !strings.Contains(out, "bad.hcl:2") {
			t.Errorf("process %q: %v: %s", name, err, out)
		}
		w.put("bad.hcl", fmt.Sprintf("project = \"%s\"\nprocess \"a\" { command = \"exec sleep 1000\" }\n", name))
		if out, err := w.kitt("apply", "-f", "bad.hcl"); err == nil && !strings.ContainsAny(name, " ;$`'*~") { // a project may be called as a folder is
			t.Errorf("project %q: %v: %s", name, err, out)
		} else if err == nil {
			w.must("down", name)
		}
	}
	for _, name := range []string{"../x", "-rf", "a\nb", long, ".hidden", "a/b"} {
		b := strconv.QuoteToASCII(name)
		w.put("eco.json", `{"apps": [{"name": `+strings.ReplaceAll(b, `\x`, `\u00`)+`, "script": "sleep", "args": "1000"}]}`)
		if out, err := w.kitt("apply", "-f", "eco.json"); err == nil {
			t.Errorf("pm2's %q: %s", name, out)
		}
	}
	for _, verb := range []string{"restart", "stop", "delete", "show", "logs", "start"} {
		for _, name := range []string{"../x", "--", "a;b", "a\nb", long, "../../etc/passwd", "web.0", "web.-1", "web.99999999999999999999", "web/../web"} {
			if out, err := w.kitt(verb, name); err == nil && name != "--" {
				t.Errorf("kitt %s %q: %s", verb, name, out)
			}
		}
	}
	if in := w.one("web.1"); in.PID != pid {
		t.Errorf("web was touched: %+v", in)
	}
	for _, out := range []string{w.home + "/x", w.home + "/logs/x"} {
		if _, err := os.Lstat(out); err == nil {
			t.Errorf("%s came to be", out)
		}
	}
}

// TestFault59ArgumentsArriveAsTheyAre: no shell looks at a command that is a list.
func TestFault59ArgumentsArriveAsTheyAre(t *testing.T) {
	w := enter(t)
	args := []string{"-rf", "../x", "a;b", "$(id)", "`id`", "a\nb", "", " ", "*", "'\"\\", "$HOME", strings.Repeat("x", 100_000), "\u202e\u4e16\U0001f642", "--", "%s%n", "{n}"}
	list := ""
	for _, a := range args {
		list += ", " + strconv.Quote(a)
	}
	w.apply("process \"args\" {\n  command = [\"app\"" + list + "]\n  env = { DOOR_APP = \"args\" }\n}\n")
	w.await("the arguments", func() bool { return w.stored(filepath.Base(w.dir)+"/args.1", "out") != "" })
	if got, want := w.stored(filepath.Base(w.dir)+"/args.1", "out"), fmt.Sprintf("%q\n", args); got != want {
		t.Errorf("%.300s\nwant\n%.300s", got, want)
	}
}

// TestFault24LogsThatBecomeLinksAreNotWrittenThrough: the program waits in its write, and an event says why.
func TestFault24LogsThatBecomeLinksAreNotWrittenThrough(t *testing.T) {
	for _, what := range []string{"current", "current.idx", "out"} {
		t.Run(what, func(t *testing.T) {
			w := enter(t)
			victim := filepath.Join(w.dir, "victim")
			w.put("victim", "mine\n")
			if what == "out" {
				victim = t.TempDir()
			}
			w.apply(`process "web" { command = "while :; do cat long; sleep 0.01; done" }`)
			w.put("long", strings.Repeat("x", 1023)+"\n")
			in := filepath.Base(w.dir) + "/web.1"
			dir := filepath.Join(w.home, "logs", in, "out")
			w.await("lines", func() bool { return w.stored(in, "out") != "" })
			place := filepath.Join(dir, what)
			if what == "out" {
				place = dir
			}
			if err := os.Rename(place, place+".away"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(victim, place); err != nil {
				t.Fatal(err)
			}
			w.must("restart", "web", "--no-wait") // a new life opens its log anew
			w.await("an event, or lines elsewhere", func() bool {
				return strings.Contains(w.must("events"), "stalled") || len(w.stored(in, "out")) > 0 && what != "out"
			})
			if b, _ := os.ReadFile(victim); what != "out" && string(b) != "mine\n" {
				t.Errorf("it was written through the link: %d bytes", len(b))
			}
			if names, _ := os.ReadDir(victim); what == "out" && len(names) > 0 {
				t.Errorf("it was written through the link: %v", names)
			}
			_ = os.Remove(place)
			w.await("it to go on", func() bool { return strings.Contains(w.stored(in, "out"), "xxx") })
		})
	}
}

// TestWhatAProcessOfTheSameUserCanDo, and what it cannot: it writes to its own FIFO and log, like any user's program;
// a forged cookie gets nobody else killed.
func TestWhatAProcessOfTheSameUserCanDo(t *testing.T) {
	w := enter(t)
	w.apply(`process "web" { command = "exec sleep 1000" }`)
	fifos, _ := filepath.Glob(w.home + "/run/fifo/*web*out")
	if len(fifos) != 1 {
		t.Fatalf("FIFOs of web: %q", fifos)
	}
	life := cookie(t, w.one("web.1").PID)
	w.apply(`process "web" { command = "exec sleep 1000" }
process "fifo" {
  command = ["app", "` + fifos[0] + `"]
  env     = { DOOR_APP = "fifo" }
}
process "forger" { command = "KITT_LIFE='` + life + `' setsid sleep 1000 & exec sleep 1001" }`)
	project := filepath.Base(w.dir)
	w.await("what it wrote", func() bool { return strings.Contains(w.stored(project+"/fifo.1", "out"), "by descriptor") })
	w.await("what it wrote by path", func() bool { return w.stored(project+"/web.1", "out") == "by path\n" })
	forger := w.one("forger.1")
	w.must("stop", "web")
	if now := w.one("forger.1"); now.PID != forger.PID || now.Phase != "running" || now.Restarts != 0 {
		t.Errorf("the stop of web reached another: %+v", now)
	}
	w.must("stop", "forger")
	w.must("shutdown")
	if left := w.pids(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// cookie is the KITT_LIFE of a process.
func cookie(t *testing.T, pid int) string {
	b, err := os.ReadFile("/proc/" + itoa(pid) + "/environ")
	if err != nil {
		t.Skip("no /proc here")
	}
	for kv := range strings.SplitSeq(string(b), "\x00") {
		if v, ok := strings.CutPrefix(kv, "KITT_LIFE="); ok {
			return v
		}
	}
	t.Fatal("no cookie")
	return ""
}

// TestAProcessThatStopsKittHarmsNoOther: it may send kitt's processes any signal its user may.
func TestAProcessThatStopsKittHarmsNoOther(t *testing.T) {
	w := enter(t)
	w.apply(`process "web" { command = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done" }
process "killer" {
  command = "kill -9 $(cat kitt.pid) 2>/dev/null; exec sleep 1000"
}`)
	web, k := w.one("web.1"), w.status().Keeper.PID
	w.put("kitt.pid", itoa(k))
	w.must("restart", "killer", "--no-wait")
	w.await("the next keeper", func() bool {
		if syscall.Kill(k, 0) == nil {
			return false
		}
		out, err := w.kitt("status")
		return err == nil && strings.Contains(out, "web.1")
	})
	if now := w.one("web.1"); now.PID != web.PID {
		t.Errorf("web has another life: %+v", now)
	}
	if err := os.Remove(filepath.Join(w.dir, "kitt.pid")); err != nil {
		t.Fatal(err)
	}
	in := filepath.Base(w.dir) + "/web.1"
	n := len(w.stored(in, "out"))
	w.await("its lines", func() bool { return len(w.stored(in, "out")) > n })
	next := 1
	for line := range strings.Lines(w.must("logs", "--raw", "-n", "all", "web")) {
		if line != itoa(next)+"\n" {
			t.Fatalf("%q where %d was due", line, next)
		}
		next++
	}
}
