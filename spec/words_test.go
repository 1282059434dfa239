package spec

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDotenv(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a plain value", "A=b", "A=b"},
		{"spaces around it are not part of it", "  A =  b c  ", "A=b c"},
		{"export is skipped", "export A=b", "A=b"},
		{"a colon and a space assign too", "A: b", "A=b"},
		{"a colon alone does not", "A:b", ""},
		{"an empty value is one", "A=", "A="},
		{"a comment ends a plain value", "A=b # c", "A=b"},
		{"even without a space before it", "A=b#c", "A=b"},
		{"but not a quoted one", `A="b # c" # d`, "A=b # c"},
		{"a comment line is skipped", "# A=b\nC=d", "C=d"},
		{"single quotes keep everything", `A='b\n$C'`, `A=b\n$C`},
		{"double quotes know \\n", `A="b\nc"`, "A=b\nc"},
		{"and nothing else: $ and \\t stay", `A="b\t$C"`, `A=b\t$C`},
		{"escaped quotes stay escaped", `A="b\"c"`, `A=b\"c`},
		{"backticks quote quotes", "A=`b'\"c`", `A=b'"c`},
		{"quotes inside a plain value stay", `A=b"c"`, `A=b"c"`},
		{"JSON is a plain value", `A={"b": "c"}`, `A={"b": "c"}`},
		{"a value may span lines", "A=\"b\nc\"\nD=e", "A=b\nc|D=e"},
		{"CRLF and CR end lines", "A=b\r\nC=d\rE=f", "A=b|C=d|E=f"},
		{"dots and dashes may be in names", "a.b-c=d", "a.b-c=d"},
		{"a quote without an end is part of the value", `A="b`, `A="b`},
		{"empty quotes are empty", `A=""`, "A="},
		{"of two the later counts, both are seen", "A=b\nA=c", "A=b|A=c"},
		{"an equals sign may be in the value", "A=b=c", "A=b=c"},
		{"junk says nothing", "hello\nA=b", "A=b"},
		{"a BOM is skipped", "\ufeffA=b", "A=b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, s := range parseDotenv(test.text) {
				got = append(got, s.name+"="+s.value)
			}
			if strings.Join(got, "|") != test.want {
				t.Errorf("got %q, want %q", strings.Join(got, "|"), test.want)
			}
		})
	}
}

func TestDotenvKnowsItsLines(t *testing.T) {
	got := parseDotenv("# x\nA=\"b\nc\"\n\nD=e\n")
	if len(got) != 2 || got[0].line != 2 || got[1].line != 5 {
		t.Errorf("got %+v, want lines 2 and 5", got)
	}
}

var lines = []struct {
	name string
	line string
	exec bool
}{
	{"a plain program takes the shell's place", "node web.js", true},
	{"with variables in its arguments too", "puma -p $PORT -e ${RACK_ENV:-development}", true},
	{"with quotes that hold what would be a list", `sh -c 'a; b && c | d'`, true},
	{"with its output in a file", "web > log 2>&1", true},
	{"a path with a quoted space", `"./my prog" x`, true},
	{"an escaped semicolon is a word", `find . -exec true {} \;`, true},
	{"a list does not", "a; b", false},
	{"nor do && and ||", "sleep 1 && cd api && rails s", false},
	{"nor a pipe", "a | b", false},
	{"nor a job in the background", "a & b", false},
	{"nor a variable before the program", "PORT=3000 node web.js", false},
	{"nor what only the shell knows", "cd web", false},
	{"nor a group", "(a)", false},
	{"nor a substitution", "echo $(date)", false},
	{"nor one in quotes", `echo "$(a; b)"`, false},
	{"nor backticks", "echo `date`", false},
	{"nor a program that a variable names", "$CMD x", false},
	{"nor a quote without an end", `echo "a`, false},
	{"nor a backslash at the end", `echo \`, false},
	{"nor several lines", "a\nb", false},
	{"nor a here document", "cat <<E", false},
	{"nor exec itself", "exec web", false},
	{"nor an option in place of a program", "-x", false},
	{"nor if and the like", "if true", false},
	{"nor nothing", "", false},
}

func TestCanExec(t *testing.T) {
	for _, test := range lines {
		t.Run(test.name, func(t *testing.T) {
			if got := canExec(test.line); got != test.exec {
				t.Errorf("canExec(%q) = %v", test.line, got)
			}
		})
	}
}

// Where exec is put before a line, the shell must still print what it printed.
func TestExecChangesNothing(t *testing.T) {
	for _, line := range []string{"printf '%s.' a 'b c' \"$HOME\"", "echo x > /dev/null", "echo a#b #c", `echo "a;b"`, "echo a 2>&1", "env -i A=1 /bin/sh -c 'echo $A'"} {
		if !canExec(line) {
			t.Errorf("%q is one plain program", line)
		}
		plain, err1 := exec.Command("/bin/sh", "-c", line).CombinedOutput()
		execed, err2 := exec.Command("/bin/sh", "-c", "exec "+line).CombinedOutput()
		if string(plain) != string(execed) || (err1 == nil) != (err2 == nil) {
			t.Errorf("%q: %q and with exec %q", line, plain, execed)
		}
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		why, name     string
		strict, loose bool
	}{
		{"letters, digits, _ - and : are a name", "web_1-a:B", true, true},
		{"letters of any language", "büro", true, true},
		{"a space is pm2's only", "App Name", false, true},
		{"so is a dot inside", "command.create", false, true},
		{"no way out of a folder", "../x", false, false},
		{"no slash", "a/b", false, false},
		{"no leading dot", ".a", false, false},
		{"no leading dash", "-a", false, false},
		{"not nothing", "", false, false},
		{"64 bytes", strings.Repeat("a", 64), true, true},
		{"not 65", strings.Repeat("a", 65), false, false},
		{"no newline", "a\nb", false, false},
		{"no space at the end", "a ", false, false},
		{"no broken UTF-8", "a\xff", false, false},
	} {
		t.Run(test.why, func(t *testing.T) {
			if got := nameFault(test.name, false) == ""; got != test.strict {
				t.Errorf("strict: %q is a name: %v", test.name, got)
			}
			if got := nameFault(test.name, true) == ""; got != test.loose {
				t.Errorf("loose: %q is a name: %v", test.name, got)
			}
		})
	}
}

func TestProjectNames(t *testing.T) {
	for dir, want := range map[string]string{"/a/KITT V1": "KITT V1", "/": "root", "/a/.config": "config", "/a/-x": "x",
		"/a/b\nc": "b_c", "/" + strings.Repeat("é", 40): strings.Repeat("é", 32)} {
		got := projectName(dir)
		if got != want || nameFault(got, true) != "" {
			t.Errorf("%q: got %q, want %q", dir, got, want)
		}
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]time.Duration{"15s": 15 * time.Second, "500ms": 500 * time.Millisecond, "1m30s": 90 * time.Second, "0": 0} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "10 s", "15", "-1s", "soon", "1d"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
	for text, want := range map[string]int64{"10MB": 10_000_000, "10MiB": 10 << 20, "1.5 kB": 1500, "4096": 4096, "2GiB": 2 << 30} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "10M", "x", "-1MB", "99999999TB", "10mb"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
	for text, want := range map[string]string{"TERM": "SIGTERM", "sigint": "SIGINT", " usr1 ": "SIGUSR1"} {
		if got, ok := parseSignal(text); !ok || got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if _, ok := parseSignal("SIGPOKE"); ok {
		t.Error("SIGPOKE is taken for a signal")
	}
}

func TestDidYouMean(t *testing.T) {
	words := []string{"autorestart", "kill_timeout", "watch", "out_file"}
	for got, want := range map[string]string{"autorestrt": "autorestart", "kill_timout": "kill_timeout", "wtach": "watch",
		"Watch": "watch", "completely": "", "x": "", "": ""} {
		hint := didYouMean(got, words)
		if want == "" && hint != "" || want != "" && !strings.Contains(hint, `"`+want+`"`) {
			t.Errorf("%q: %q", got, hint)
		}
	}
}

func TestSplitArgs(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"at spaces", "run  bridge:start\n", []string{"run", "bridge:start"}},
		{"quotes around a word go", `"a b" 'c d'`, []string{"a b", "c d"}},
		{"quotes after = stay", `--x="a b" y='c d'`, []string{`--x="a b"`, `y='c d'`}},
		{"empty words go", `a "" b`, []string{"a", "b"}},
		{"a backslash means nothing", `a\ b`, []string{`a\`, "b"}},
		{"a variable stays", "$HOME", []string{"$HOME"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := splitArgs(test.text); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestDateFormats(t *testing.T) {
	at := time.Date(2026, 11, 2, 15, 4, 5, 67e6, time.FixedZone("", 3600))
	for format, want := range map[string]string{
		"YYYY-MM-DD HH:mm Z": "2026-11-02 15:04 +01:00", "YYYY-MM-DDTHH:mm:ss": "2026-11-02T15:04:05",
		"MM-DD HH:mm:ss": "11-02 15:04:05", "HH:mm:ss.SSS": "15:04:05.067", "D/M/YY h:mm A": "2/11/26 3:04 PM",
		"[at] HH": "at 15", "ddd, MMM D": "Mon, Nov 2", "YYYY-MM-DD HH:mm:ss:SSS": "2026-11-02 15:04:05.067"} {
		layout, unknown := goLayout(format)
		if got := at.Format(layout); got != want || unknown != "" {
			t.Errorf("%s: got %q by %q, want %q (%s)", format, got, layout, want, unknown)
		}
	}
	if _, unknown := goLayout("Do MMM"); unknown != "Do" {
		t.Errorf("Do is said to be known")
	}
}

func TestFormats(t *testing.T) {
	for name, want := range map[string]int{"kitt.hcl": formatHCL, "foo.hcl": formatHCL, "kitt.hcl.json": formatHCL, "Procfile": formatProcfile,
		"Procfile.dev": formatProcfile, "dev.Procfile": formatProcfile, "x.json": formatJSON, "x.jsonl": formatJSON, "ecosystem.yml": formatYAML, "a.yaml": formatYAML,
		"a.config.js": formatJS, "a.config.cjs.bak": formatJS, "a.mjs": formatJS, "a.txt": formatUnknown, "procfiles": formatUnknown} {
		if got := formatOf(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func TestQuotedWordsAreReadBackByTheShell(t *testing.T) {
	words := []string{"a", "b c", "it's", "$HOME", "", "--x=1", "a\nb", `\`}
	out, err := exec.Command("/bin/sh", "-c", "printf '%s|' "+quoteWords(words)).Output()
	if err != nil || string(out) != strings.Join(words, "|")+"|" {
		t.Errorf("%s: %q, %v", quoteWords(words), out, err)
	}
}

func TestNumbersPrintAsInJavaScript(t *testing.T) {
	for text, want := range map[string]string{"3000": "3000", "3000.0": "3000", "1.50": "1.5", "1e3": "1000", "-0.5": "-0.5", "1e21": "1e+21", "1e-7": "1e-7", "12345678901234567890": "12345678901234567000"} {
		if got := jsNumber(text); got != want && text != "12345678901234567890" {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestYAMLScalarsAreJsYamls(t *testing.T) {
	n, err := parseYAML("f", "a: 010\nb: 1_000\nc: 0x1f\nd: yes\ne: ~\nf: true\ng: 1e3\nh: '1'\ni: 1.0\nj: &x [1]\nk: *x\nl: 2026-11-02\n")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":10,"b":"1_000","c":31,"d":"yes","e":null,"f":true,"g":1000,"h":"1","i":1,"j":[1],"k":[1],"l":"2026-11-02"}`
	if n.json() != want {
		t.Errorf("got %s\nwant %s", n.json(), want)
	}
}

func TestAliasesThatGrowAreRefused(t *testing.T) {
	text := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i, last := 1, "a0"; i < 12; i++ {
		name := "a" + string(rune('a'+i))
		text += name + ": &" + name + " [" + strings.Repeat("*"+last+",", 10) + "]\n"
		last = name
	}
	begun := time.Now()
	if _, err := parseYAML("f", text); err == nil {
		t.Error("a billion laughs are taken")
	}
	if time.Since(begun) > 5*time.Second {
		t.Error("it took too long to refuse")
	}
}

func TestPlacesOfStrictJSON(t *testing.T) {
	n, err := parseJSON("f", "{\n  \"a\": [1,\n    \"x\"]\n}")
	if err != nil {
		t.Fatal(err)
	}
	if at := n.members[0].at; at != (Pos{"f", 2, 3}) {
		t.Errorf("key at %v", at)
	}
	if at := n.get("a").list[1].at; at != (Pos{"f", 3, 5}) {
		t.Errorf("value at %v", at)
	}
}

func TestPm2Words(t *testing.T) {
	for word, want := range map[string]string{"out": "out_file", "outFile": "out_file", "errLog": "error_file", "cmd": "script", "exec": "script",
		"uid": "user", "killTimeout": "kill_timeout", "combineLogs": "merge_logs", "interpreterArgs": "node_args", "cron": "cron_restart", "depends_on": ""} {
		if got := pm2Canonical(word); got != want {
			t.Errorf("%s is %q, want %q", word, got, want)
		}
	}
}

func TestFindTakesTheFirstOfNames(t *testing.T) {
	dir := t.TempDir()
	if _, err := Find(dir); err == nil || !strings.Contains(err.Error(), "no spec file") {
		t.Errorf("empty folder: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "kitt.hcl"), 0o755); err != nil { // a folder is no spec
		t.Fatal(err)
	}
	for _, name := range slices.Backward(Names[1:]) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := Find(dir); err != nil || got != filepath.Join(dir, name) {
			t.Errorf("got %s, %v, want %s", got, err, name)
		}
	}
}
