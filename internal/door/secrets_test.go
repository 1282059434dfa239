package door

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The values that must not be seen: of the shell that ran apply, of the spec, of an env file, of one instance's own.
const (
	shellValue    = "hunter2hunter2"
	specValue     = "swordfish99"
	fileValue     = "correct-horse-battery"
	eachValue     = "opensesame-2"
	newValue      = "tr0ub4dor&3"
	spoiledValue  = "spoiled-secret-7"
	secretiveSpec = `
project = "private"
process "web" {
  command   = "echo started; exec sleep 1000"
  env       = { TOKEN = "` + specValue + `", EACH = "opensesame-${instance.n}" }
  env_file  = [".env"]
  instances = 2
  stop { command = "true" }
}
process "odd" {
  command = ["/nonexistent/program"]
  env     = { TOKEN = "` + specValue + `" }
}
`
)

// TestFault60NoValueOfAnEnvironmentIsSeen: in no file but desired.json*, 0600; in no argument and no environment of
// kitt's own beyond the shell's; in no output, but that of show --env --reveal.
func TestFault60NoValueOfAnEnvironmentIsSeen(t *testing.T) {
	w := enter(t)
	w.env = append(w.env, "SECRET="+shellValue)
	w.put(".env", "FILED="+fileValue+"\n")
	w.put("kitt.hcl", secretiveSpec)
	_, _ = w.kitt("apply", "--timeout", "5s") // odd cannot start
	w.await("both", func() bool { return w.one("web.2").Phase == "running" })
	secrets := []string{shellValue, specValue, fileValue, eachValue}
	w.unseen("after the first apply", secrets...)

	w.put("kitt.hcl", strings.Replace(secretiveSpec, specValue, newValue, 1))
	w.must("apply", "--no-wait")
	w.await("the edit", func() bool { return w.one("web.1").Phase == "running" && w.one("web.2").Phase == "running" })
	w.must("restart", "web")
	w.unseen("after an edit", append(secrets, newValue)...)

	d := w.status().Daemon.PID
	_ = syscall.Kill(d, syscall.SIGKILL)
	w.await("the next daemon", func() bool { return w.status().Daemon.PID != d })
	w.unseen("after the daemon's death", append(secrets, newValue)...)
	if out := w.must("show", "--env", "--reveal", "web"); !strings.Contains(out, newValue) || !strings.Contains(out, shellValue) || !strings.Contains(out, fileValue) {
		t.Errorf("the next daemon does not know them: %s", out)
	}
	if out := w.must("show", "--env", "web"); !strings.Contains(out, "TOKEN") || !strings.Contains(out, "FILED") || !strings.Contains(out, "SECRET") {
		t.Errorf("show --env: %s", out)
	}
	if out, err := w.kitt("show", "--reveal", "web"); err == nil || strings.Contains(out, newValue) {
		t.Errorf("--reveal alone: %v: %s", err, out)
	}
	w.broken(append(secrets, newValue, spoiledValue))
	w.stopped(append(secrets, newValue, spoiledValue))
}

// broken saves files that are wrong in each way around a secret: what is said of them holds none.
func (w *world) broken(secrets []string) {
	w.Helper()
	for _, text := range []string{
		"process \"web\" {\n  env = { TOKEN = \"" + spoiledValue + "\"\n",
		"process \"web\" {\n  command = \"x\"\n  env = { TOKEN = \"" + spoiledValue + "\", = }\n}\n",
		"process \"web\" {\n  command = \"x\"\n  env = { TOKEN = [\"" + spoiledValue + "\"] }\n}\n",
		"process \"web\" {\n  command = \"x\"\n  env = \"" + spoiledValue + "\"\n}\n",
		"process \"web\" {\n  command = \"x\"\n  env = { \"A=B\" = \"" + spoiledValue + "\" }\n}\n",
		"process \"web\" {\n  command = \"x\"\n  env = { TOKEN = \"" + spoiledValue + "\" + 1 }\n}\n",
	} {
		w.put("kitt.hcl", "project = \"private\"\n"+text)
		w.await("the complaint about "+text, func() bool { return w.status().Specs[0].Error != nil })
		w.unseen("of "+text, secrets...)
		w.put("kitt.hcl", strings.Replace(secretiveSpec, specValue, newValue, 1))
		w.await("the file to be followed again", func() bool { return w.status().Specs[0].Error == nil })
	}
}

// stopped looks at what lies there when kitt is gone.
func (w *world) stopped(secrets []string) {
	w.Helper()
	w.must("shutdown")
	w.files("after the shutdown", secrets)
}

// unseen looks everywhere.
func (w *world) unseen(when string, secrets ...string) {
	w.Helper()
	w.files(when, secrets)
	for _, verb := range [][]string{{"status"}, {"status", "-o", "json"}, {"status", "-o", "yaml"}, {"status", "-o", "wide"}, {"show", "web"},
		{"show", "-o", "json", "web"}, {"show", "-o", "json", "odd"}, {"show", "--env", "web"}, {"show", "--env", "-o", "json", "web"}, {"explain", "web"}, {"explain", "-o", "json", "web"},
		{"events", "-n", "1000"}, {"events", "-n", "1000", "-o", "json"}, {"logs", "-n", "all"}, {"service", "print"}, {"version"}, {"-v", "plan"}, {"-o", "json", "plan"}} {
		out, _ := w.kitt(verb...)
		if verb[len(verb)-1] == "plan" && strings.Contains(when, spoiledValue) {
			continue // as check and apply, it reads the file itself, and quotes the line that is wrong to who asks
		}
		w.none(when+": kitt "+strings.Join(verb, " "), out, secrets)
	}
	for _, path := range []string{"/v1/status", "/v1/status?view=table", "/v1/show?name=web", "/v1/explain?name=web", "/v1/environ?name=web", "/v1/events", "/v1/version"} {
		w.none(when+": GET "+path, raw(w.T, w.home+"/run/api.sock", "GET "+path+" HTTP/1.1\r\nHost: kitt\r\nConnection: close\r\n\r\n"), secrets)
	}
	s := w.status()
	for _, pid := range []int{s.Keeper.PID, s.Daemon.PID} {
		args, _ := os.ReadFile("/proc/" + itoa(pid) + "/cmdline")
		w.none(when+": arguments of kitt", string(args), secrets)
		env, _ := os.ReadFile("/proc/" + itoa(pid) + "/environ")
		w.none(when+": environment of kitt", strings.ReplaceAll(string(env), "SECRET="+shellValue, ""), secrets) // the shell's own
	}
}

// files looks into every file below the home, and at who may read it.
func (w *world) files(when string, secrets []string) {
	w.Helper()
	seen := 0
	_ = filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && d.Type()&fs.ModeSymlink == 0 && info.Mode().Perm()&0o077 != 0 {
			w.Errorf("%s: %s stands open to others: %o", when, path, info.Mode().Perm())
		}
		if !d.Type().IsRegular() || strings.HasPrefix(filepath.Base(path), "desired.json") {
			return nil
		}
		b, _ := os.ReadFile(path)
		seen++
		w.none(when+": "+path, string(b), secrets)
		for word := range bytes.FieldsSeq(b) { // the journal's are encoded
			if code, ok := bytes.CutPrefix(word, []byte("meta=")); ok {
				meta, _ := base64.RawURLEncoding.DecodeString(string(code))
				w.none(when+": decoded "+path, string(meta), secrets)
			}
		}
		return nil
	})
	if seen < 3 {
		w.Errorf("%s: only %d files were looked at", when, seen)
	}
}

func (w *world) none(where, text string, secrets []string) {
	w.Helper()
	for _, s := range secrets {
		if i := strings.Index(text, s); i >= 0 {
			w.Errorf("%s holds %s: …%.120s", where, s, text[max(0, i-60):])
		}
	}
}
