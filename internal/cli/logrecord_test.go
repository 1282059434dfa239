package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// printed is a line as it is shown on a terminal, or in JSON.
func printed(t testing.TB, text, output string, paint Paint) string {
	var b strings.Builder
	k := &Kitt{Out: &b, Output: output, Paint: paint, Pretty: true}
	p := &logPrinter{k: k, pretty: true, colours: map[string]string{}, width: 5}
	if err := p.end(p.print(logLine{ID: "web.1", Stream: "out", At: noon, Text: []byte(text)})); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return b.String()
}

func TestRecordsAreShownInTheirParts(t *testing.T) {
	clock := noon.Local().Format("15:04:05.000")
	for _, row := range []struct{ name, line, want string }{
		{"level, message, fields", `{"level":40,"time":1,"msg":"slow","ms":12,"who":"a b","deep":{"x":[1]}}`, "web.1 | " + clock + ` WARN  slow ms=12 who="a b" deep={"x":[1]}` + "\n"},
		{"logfmt", `level=info msg="up and running" port=3000 empty=`, `web.1 | INFO  up and running port=3000 empty=""` + "\n"},
		{"a stack is below", `{"level":"error","msg":"no","err":{"m":"x","stack":"E\n  at a\n  at b"}}`,
			`web.1 | ERROR no err={"m":"x","stack":"E\\n  at a\\n  at b"}` + "\nweb.1 |     E\nweb.1 |       at a\nweb.1 |       at b\n"},
		{"so is the rest of a message", `{"msg":"one\ntwo","a":1}`, "web.1 | one a=1\nweb.1 |     two\n"},
		{"what a terminal would act on is words", `{"msg":"a\u001b[2Jb","k\u0007":"\u202e"}`, "web.1 | a\\x1b[2Jb k\\a=\\u202e\n"},
		{"a plain line is as it is", "hello \x1b[1mworld", "web.1 | hello world\n"},
		{"with a level too", "ERROR no db", "web.1 | ERROR no db\n"},
		{"torn JSON is as it is", `{"level":40,"msg":"slo`, `web.1 | {"level":40,"msg":"slo` + "\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			want := strings.ReplaceAll(row.want, `\\n`, `\n`)
			if got := printed(t, row.line+"\n", "table", false); got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
	for line, colour := range map[string]string{`{"level":50,"msg":"x"}`: red, `{"level":40,"msg":"x"}`: yellow, "ERROR x": red, "WARN x": yellow} {
		if got := printed(t, line, "table", true); !strings.Contains(got, colour) {
			t.Errorf("%s: no colour in %q", line, got)
		}
	}
}

// tame fails where a line could harm a terminal, or is no line.
func tame(t testing.TB, line string) {
	for _, output := range []string{"table", "json"} {
		got := printed(t, line, output, false)
		for _, r := range got {
			if r != '\n' && r != '\t' && hostile(r) {
				t.Fatalf("%q: %q is in %.200q", line[:min(len(line), 200)], r, got)
			}
		}
		if !strings.HasSuffix(got, "\n") || !utf8.ValidString(got) {
			t.Fatalf("%.200q: %.200q", line, got)
		}
		if output == "json" && (!json.Valid([]byte(got)) || strings.Count(got, "\n") != 1) {
			t.Fatalf("%.200q: %.200q is not one object", line, got)
		}
	}
}

func TestHostileLinesBreakNothing(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	for _, line := range []string{"", "\n", "\x00\x1b]0;t\a\x9b2J", "{\"a\":\"\xff\xfe\",\"\xc3\":1}", `{"msg":"` + big + `"}`, `{"` + big + `":1}`,
		`{"a":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_001), "level=error msg=" + big, `{"msg":"` + strings.Repeat(`\n`, 10_000) + `"}`,
		`{"msg":"\ud800","level":1e999}`, `{"level":{"level":{}},"msg":[null],"time":{}}`, "ERROR \x1b[31", `{"err":{"stack":"` + "\\u001b[2J\\n\\u202e" + `"}}`} {
		tame(t, line)
	}
}

func FuzzPrintedLine(f *testing.F) {
	for _, line := range []string{`{"level":50,"msg":"a\u001b[2J","err":{"stack":"x\ny"}}`, "level=warn msg=\"\x1b\" a=1", "ERROR \x1b[31mx\u202e", "{\"a\":\"\xff\"}"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) { tame(t, line) })
}

func TestLinesAreChosenByWhatTheySay(t *testing.T) {
	lines := []string{`{"level":50,"msg":"no db","req":{"method":"GET"}}`, `level=info msg=up req.method=GET`, "WARN low", "Plain", "plain error"}
	for _, row := range []struct {
		name string
		verb Logs
		want string
	}{
		{"that level or worse", Logs{Level: "warn"}, "02"},
		{"a number is a level too", Logs{Level: "30"}, "012"},
		{"a field", Logs{Field: []string{"req.method=GET"}}, "01"},
		{"both", Logs{Field: []string{"req.method=GET"}, Level: "error"}, "0"},
		{"a value that differs", Logs{Field: []string{"req.method=G"}}, ""},
		{"level and text", Logs{Level: "info", Grep: "w|up"}, "12"},
		{"whatever the case", Logs{Grep: "PLAIN", IgnoreCase: true}, "34"},
		{"all but", Logs{Grep: "plain", IgnoreCase: true, Invert: true}, "012"},
	} {
		t.Run(row.name, func(t *testing.T) {
			q, err := row.verb.query(noon)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for i, line := range lines {
				if q.Keep([]byte(line + "\n")) {
					got += string(rune('0' + i))
				}
			}
			if got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestAFlagThatMeansNothingIsRefused(t *testing.T) {
	for name, verb := range map[string]Logs{"no level": {Level: "x"}, "no field": {Field: []string{"x"}}, "no key": {Field: []string{"=x"}}, "-C alone": {Context: 1},
		"-C below 0": {Context: -1, Grep: "x"}, "-i alone": {IgnoreCase: true}, "--invert alone": {Invert: true}, "--crash -f": {Crash: true, Follow: true},
		"--export -f": {Export: "x", Follow: true}, "--crash --since": {Crash: true, Since: "1h"}, "--export --crash": {Export: "x", Crash: true}} {
		k := try(t, func(http.ResponseWriter, *http.Request) {})
		if code := k.do(verb); code != codeUsage || !strings.Contains(k.err.String(), "hint: ") {
			t.Errorf("%s: exit %d, %s", name, code, k.err.String())
		}
	}
}
