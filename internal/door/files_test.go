package door

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestHostileSpecFilesEndByThemselves: each is saved over a good one. What runs is not touched, the daemon neither
// grows nor waits, and status says what is wrong.
func TestHostileSpecFilesEndByThemselves(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		laughs += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n"
	}
	for name, row := range map[string]struct{ file, bad string }{
		"JavaScript without end":   {"ecosystem.config.cjs", "for (;;) {}"},
		"JavaScript that eats":     {"ecosystem.config.cjs", "const a = []; for (;;) a.push(new Array(1e6).fill('x'.repeat(1000) + a.length))"},
		"JavaScript that recurses": {"ecosystem.config.cjs", "const f = () => [f()]; module.exports = f()"},
		"a promise for ever":       {"ecosystem.config.mjs", "export default await new Promise(() => {})"},
		"a regular expression":     {"ecosystem.config.cjs", "/^(a+)+$/.test('a'.repeat(50) + 'b')"},
		"an export of 100 MB":      {"ecosystem.config.cjs", "module.exports = {apps: [{name: 'a', script: 'x', args: 'y'.repeat(1e8)}]}"},
		"JavaScript that writes":   {"ecosystem.config.cjs", "require('fs').writeFileSync('pwned', 'x'); require('child_process').execSync('touch pwned')"},
		"a billion laughs":         {"ecosystem.yml", laughs + "apps: *j\n"},
		"deep JSON":                {"ecosystem.json", "{\"apps\": " + deep},
		"a gigabyte out of HCL":    {"kitt.hcl", "process \"web\" {\n  command = join(\"\", [for a in range(1000) : join(\"\", [for b in range(1000) : format(\"%01000d\", b)])])\n}\n"},
		"a device":                 {"kitt.hcl", "env_file = [\"/dev/zero\"]\nprocess \"web\" { command = \"x\" }\n"},
		"a FIFO":                   {"kitt.hcl", "env_file = [\"fifo\"]\nprocess \"web\" { command = \"x\" }\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a gigabyte out of HCL" && !*long {
				t.Skip("ten seconds; make bounds")
			}
			w := enter(t)
			if err := syscall.Mkfifo(w.dir+"/fifo", 0o600); err != nil {
				t.Fatal(err)
			}
			w.put(row.file, good(row.file))
			w.must("apply", "-f", row.file)
			pid, d := w.one("web.1").PID, w.status().Daemon.PID
			before := rss(d)
			w.put(row.file, row.bad)
			most := 0
			w.awaitLong("the complaint", func() bool {
				most = max(most, rss(d))
				begun := time.Now()
				s := w.status()
				if took := time.Since(begun); took > 3*time.Second {
					t.Errorf("status took %s", took)
				}
				return s.Specs[0].Error != nil
			})
			out := w.must("status")
			t.Logf("%.200s; daemon %d kB, at most %d", strings.ReplaceAll(out[strings.Index(out, "not followed"):], w.dir, ""), before, most)
			if in := w.one("web.1"); in.PID != pid || in.Restarts != 0 || w.status().Daemon.PID != d {
				t.Errorf("what runs was touched: %+v", in)
			}
			if most > before+40<<10 {
				t.Errorf("the daemon grew from %d to %d kB", before, most)
			}
			if len(out) > 8<<10 || strings.Contains(out, "goroutine ") {
				t.Errorf("status is %d bytes: %.500s", len(out), out)
			}
			if _, err := os.Lstat(filepath.Join(w.dir, "pwned")); err == nil {
				t.Error("it could write, or start a program")
			}
		})
	}
}

// good is a spec in the format of a file name, with a process web that sleeps.
func good(file string) string {
	switch filepath.Ext(file) {
	case ".hcl":
		return "process \"web\" { command = [\"sleep\", \"1000\"] }\n"
	case ".mjs":
		return "export default {apps: [{name: 'web', script: 'sleep', args: '1000', interpreter: 'none'}]}"
	case ".cjs":
		return "module.exports = {apps: [{name: 'web', script: 'sleep', args: '1000', interpreter: 'none'}]}"
	case ".yml":
		return "apps:\n  - {name: web, script: sleep, args: '1000', interpreter: none}\n"
	}
	return `{"apps": [{"name": "web", "script": "sleep", "args": "1000", "interpreter": "none"}]}`
}

// TestASpecReadsWhatItsUserMayReadAndNoMore: a file is read with the rights of kitt's user; what the spec then does
// with it is the spec's.
func TestASpecReadsWhatItsUserMayReadAndNoMore(t *testing.T) {
	w := enter(t)
	w.put("kitt.hcl", "process \"web\" {\n  command = \"exec sleep 1000\"\n  env = { A = file(\"/etc/shadow\") }\n}\n")
	out, err := w.kitt("apply")
	t.Logf("%v: %.300s", err, out)
	if strings.Contains(out, "root:") {
		t.Error("what the file holds is shown")
	}
}

// TestACopyIsNotWrittenThroughAnotherUsersLink: root keeps the process of another user, in whose folder its log file lies.
func TestACopyIsNotWrittenThroughAnotherUsersLink(t *testing.T) {
	needRoot(t)
	w := enter(t)
	victim := filepath.Join(w.dir, "victim")
	w.put("victim", "mine\n")
	app := filepath.Join(w.dir, "app")
	if err := os.Mkdir(app, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, app+"/out.log"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{app, app + "/out.log"} {
		if err := os.Lchown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	w.put("ecosystem.json", `{"apps": [{"name": "web", "script": "sh", "args": ["-c", "echo evil; exec sleep 1000"], "interpreter": "none", "out_file": "app/out.log"}]}`)
	w.must("apply", "-f", "ecosystem.json")
	w.await("an event that says so", func() bool {
		return strings.Contains(w.must("events"), "link of user 65534")
	})
	if b, _ := os.ReadFile(victim); string(b) != "mine\n" {
		t.Errorf("it was written to: %q", b)
	}
	_ = os.Remove(app + "/out.log")
	w.await("the copy to go on", func() bool { b, _ := os.ReadFile(app + "/out.log"); return string(b) == "evil\n" })
}
