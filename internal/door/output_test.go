package door

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// hostile is what a terminal, or an eye, would be led by: the title, the clipboard, a link, the cursor, an 8-bit CSI, a
// NUL, C1 controls, the direction of writing.
const hostile = "\x1b]0;pwned\x07|\x1b]52;c;cHduZWQ=\x07|\x1b]8;;http://evil\x1b\\x\x1b]8;;\x1b\\|\x1b[2J\x1b[H|\x9b31m|\x00\a\b|\u009d52;c;eA==\u009c|\u202egnp.exe|\u2066x\u2069|\rover"

// acted returns the first thing in a text that a terminal would act on; colours are let through where they may be.
func acted(text string, colours bool) string {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return fmt.Sprintf("byte %x", text[i])
		case r == '\n' || r == '\t':
		case r == 0x1b && colours && strings.HasPrefix(text[i:], "\x1b["):
			j := i + 2
			for j < len(text) && strings.IndexByte("0123456789;:", text[j]) >= 0 {
				j++
			}
			if j == len(text) || text[j] != 'm' {
				return fmt.Sprintf("%q", text[i:min(len(text), j+1)])
			}
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return fmt.Sprintf("%U", r)
		}
		i += n
	}
	return ""
}

// TestNothingThatKittPrintsMovesTheTerminal: not what a program wrote, in no form but --raw; not what it is called.
func TestNothingThatKittPrintsMovesTheTerminal(t *testing.T) {
	w := enter(t)
	w.put("evil.txt", hostile+"\n\x1b[31mred\x1b[0m\n")
	w.apply(`process "web" { command = "cat evil.txt; cat evil.txt >&2; exec sleep 1000" }`)
	in := filepath.Base(w.dir) + "/web.1"
	w.await("the lines", func() bool {
		return strings.Contains(w.stored(in, "out"), "red") && strings.Contains(w.stored(in, "err"), "red")
	})
	for _, verb := range [][]string{{"logs"}, {"logs", "--color=always"}, {"logs", "-o", "json"}, {"logs", "--err"}, {"logs", "--grep", "pwned"}} {
		colours := verb[len(verb)-1] == "--color=always"
		out := w.must(verb...)
		if bad := acted(out, colours); bad != "" || !strings.Contains(out, "pwned") {
			t.Errorf("kitt %v: %s in %q", verb, bad, out)
		}
		if colours != strings.Contains(out, "\x1b[31mred") {
			t.Errorf("kitt %v: the program's red passes: %q", verb, out)
		}
	}
	if out := w.must("logs", "--raw", "--out"); out != hostile+"\n\x1b[31mred\x1b[0m\n" {
		t.Errorf("--raw: %q", out)
	}
	w.follows(hostile)
}

// follows: so it is with -f.
func (w *world) follows(text string) {
	w.Helper()
	cmd := w.command("logs", "-f")
	var out strings.Builder
	r, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	w.put("evil.txt", text+" followed\n")
	w.must("restart", "web")
	buf := make([]byte, 64<<10)
	for !strings.Contains(out.String(), "followed") {
		n, err := r.Read(buf)
		out.Write(buf[:n])
		if err != nil {
			break
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if bad := acted(out.String(), false); bad != "" || !strings.Contains(out.String(), "followed") {
		w.Errorf("logs -f: %s in %q", bad, out.String())
	}
}

// TestWhatKittTellsOfProcessesMovesNoTerminal: names, commands, folders, reasons, texts of errors.
func TestWhatKittTellsOfProcessesMovesNoTerminal(t *testing.T) {
	w := enter(t)
	name := "we\u202eb \u2066x"
	app := func(name string, more map[string]any) map[string]any {
		more["name"] = name
		return more
	}
	spec := map[string]any{"apps": []any{
		app(name, map[string]any{"script": "./evil\x1b]0;x\x07.sh", "interpreter": "none", "args": []string{hostile[:40], "\u009b31m"}}),
		app("dir", map[string]any{"script": "sleep", "interpreter": "none", "args": "1000", "cwd": "./gone\x1b[2J\u202e"}),
		app("env", map[string]any{"script": "sleep", "interpreter": "none", "args": "1000", "env": map[string]string{"A": hostile[:20], "\x1b]0;x\x07": "1"}}),
	}}
	b, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	w.put("ecosystem.json", string(b))
	out, _ := w.kitt("apply", "-f", "ecosystem.json", "--timeout", "5s")
	all := out
	if !strings.Contains(out, "dir.1") {
		t.Fatalf("it was not applied: %s", out)
	}
	for _, verb := range [][]string{{"status"}, {"status", "-o", "wide"}, {"status", "-o", "json"}, {"status", "-o", "yaml"}, {"status", "-o", "name"},
		{"show", name}, {"show", "-o", "json", name}, {"show", "-o", "yaml", name}, {"show", "dir"}, {"show", "--env", "--reveal", "env"}, {"explain", name}, {"explain", "-o", "yaml", name},
		{"events"}, {"events", "-o", "json"}, {"-v", "plan", "-f", "ecosystem.json"}, {"plan", "-f", "ecosystem.json", "-o", "json"}, {"stop", name, "-m", hostile[:30]}, {"status"}, {"events"},
		{"restart", "\x1b]0;x\x07"}, {"check", "-f", "evil\x1b[2J.json"}} {
		out, err := w.kitt(verb...)
		all += out
		if bad := acted(out, false); bad != "" || out == "" {
			t.Errorf("kitt %q: %s in %q (%v)", verb, bad, out, err)
		}
	}
	var v any
	if err := json.Unmarshal([]byte(w.must("show", "-o", "json", name)), &v); err != nil || !strings.Contains(fmt.Sprint(v), "\u202e") {
		t.Errorf("the JSON no longer says what is so: %v, %v", err, v)
	}
	w.put("ecosystem.json", "{\"apps\": [{\"name\": \"x\x1b]0;x\x07\u202e\", \"script\": 5, \"\u009d\": 1}]}")
	for _, verb := range [][]string{{"check", "-f", "ecosystem.json"}, {"check", "-f", "ecosystem.json", "-o", "json"}, {"apply", "-f", "ecosystem.json"}, {"status"}, {"status", "-o", "json"}} {
		out, _ := w.kitt(verb...)
		if bad := acted(out, false); bad != "" || out == "" {
			t.Errorf("kitt %q: %s in %q", verb, bad, out)
		}
	}
}

// TestFault61WhatIsWrittenComesBackByteForByte: a line without an end, zeros, no UTF-8, over many rotations.
func TestFault61WhatIsWrittenComesBackByteForByte(t *testing.T) {
	w := enter(t)
	size := 24 << 20
	if *long {
		size = 1 << 30
	}
	w.apply(kinds(w, size))
	for _, kind := range []string{"line", "nul", "any"} {
		done := filepath.Join(w.dir, kind+".sum")
		w.awaitLong("all of "+kind, func() bool { _, err := os.Stat(done); return err == nil })
		want, _ := os.ReadFile(done)
		got, n := w.sum(kind, size)
		if got != string(want) {
			t.Errorf("%s: %d bytes came back with the sum %s, %d were written with %s", kind, n, got, size, want)
		}
	}
}

// kinds is a spec with a process for each kind of noise.
func kinds(w *world, size int) (text string) {
	for _, kind := range []string{"line", "nul", "any"} {
		text += fmt.Sprintf(`
process %q {
  command = ["app", "%d", %q, %q]
  env     = { DOOR_APP = "bytes" }
  log {
    max_size = "4MB"
    keep     = 1000
  }
}`, kind, size, filepath.Join(w.dir, kind+".sum"), kind)
	}
	return text
}

// sum is that of what kitt logs --raw gives; the keeper may still be at its end.
func (w *world) sum(name string, size int) (sum string, n int64) {
	w.Helper()
	w.awaitLong("all of "+name+" to be stored", func() bool {
		cmd := w.command("logs", "--raw", "--out", "-n", "all", name)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			w.Fatal(err)
		}
		h := sha256.New()
		n, _ = io.Copy(h, out)
		_ = cmd.Wait()
		sum = fmt.Sprintf("%x", h.Sum(nil))
		return n >= int64(size)
	})
	return sum, n
}

// TestFault62WhatAProgramDoesToItsOwnStdoutHarmsNobodyElse: it closes it, it reads from it, it is any language.
func TestFault62WhatAProgramDoesToItsOwnStdoutHarmsNobodyElse(t *testing.T) {
	w := enter(t)
	spec := `
process "closer" { command = "echo before; exec >&-; sleep 0.2; echo after >&2; exec sleep 1000" }
process "thief" {
  command = ["app", "` + w.dir + `/stolen"]
  env     = { DOOR_APP = "thief" }
}`
	text := "plain \u00e9\u4e16\U0001f642 \x1b[31mred\x1b[0m \\ end"
	w.put("text", text)
	langs := map[string]string{
		"python3": `import sys; t=open('text',newline='').read(); [print(i,t) for i in range(2000)]; sys.stdout.flush(); import time; time.sleep(1000)`,
		"node":    `const t=require('fs').readFileSync('text','utf8'); for(let i=0;i<2000;i++) console.log(i+' '+t); setInterval(()=>{},1e6)`,
		"perl":    `$|=1; open F,'text'; $t=<F>; print "$_ $t\n" for 0..1999; sleep 1000`,
	}
	want := ""
	for i := range 2000 {
		want += fmt.Sprintf("%d %s\n", i, text)
	}
	for name, code := range langs {
		if _, err := exec.LookPath(name); err != nil {
			delete(langs, name)
			continue
		}
		flag := map[string]string{"python3": "-c", "node": "-e", "perl": "-e"}[name]
		spec += fmt.Sprintf("\nprocess %q { command = [%q, %q, %q] }\n", name, name, flag, code)
	}
	w.apply(spec)
	project := filepath.Base(w.dir)
	for name := range langs {
		in := project + "/" + name + ".1"
		w.await("all that "+name+" wrote", func() bool { return len(w.stored(in, "out")) >= len(want) })
		if w.stored(in, "out") != want {
			t.Errorf("%s: not what it wrote", name)
		}
	}
	w.await("the closer", func() bool { return w.stored(project+"/closer.1", "err") == "after\n" })
	if in := w.one("closer.1"); w.stored(project+"/closer.1", "out") != "before\n" || in.Restarts != 0 {
		t.Errorf("the closer: %q %+v", w.stored(project+"/closer.1", "out"), in)
	}
	w.await("the thief", func() bool { _, err := os.Stat(w.dir + "/stolen"); return err == nil })
	whole := 0
	for i := range 2000 {
		whole += len(fmt.Sprintf("line %d\n", i))
	}
	stolen, _ := os.ReadFile(w.dir + "/stolen")
	w.await("what the thief left", func() bool { return len(w.stored(project+"/thief.1", "out"))+len(stolen) == whole })
	t.Logf("the thief got %d of its %d bytes", len(stolen), whole)
}
