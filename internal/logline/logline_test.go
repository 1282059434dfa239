package logline

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func shown(r Record) string {
	var b strings.Builder
	b.WriteString(string(r.Form) + "|" + r.Level.String() + "|" + r.Message)
	for _, f := range r.Fields {
		b.WriteString("|" + f.Key + "=" + string(f.Value))
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, row := range []struct{ name, line, want string }{
		{"pino: a number, a time, a message", `{"level":50,"time":1764000000000,"pid":7,"hostname":"h","msg":"no db"}` + "\n", `json|error|no db|pid=7|hostname="h"`},
		{"bunyan", `{"name":"app","hostname":"h","pid":1,"level":40,"msg":"slow","time":"2026-01-01T00:00:00Z","v":0}`, `json|warn|slow|name="app"|hostname="h"|pid=1|v=0`},
		{"a level of somebody's own is the one below", `{"level":35,"msg":"x"}`, `json|info|x`},
		{"winston", `{"level":"warn","message":"x","service":{"name":"a b"}}`, `json|warn|x|service={"name":"a b"}`},
		{"Google's", `{"severity":"CRITICAL","message":"x"}`, `json|fatal|x`},
		{"slog", `{"time":"2026-01-01T00:00:00Z","level":"ERROR","msg":"x","err":"y"}`, `json|error|x|err="y"`},
		{"a level that is none is a field", `{"level":"basement","msg":"x"}`, `json||x|level="basement"`},
		{"blanks, escapes, lists and all kinds of values", ` { "a\"b" : [1,{"c":"}"}] , "d":null,"e":-1.5e3,"f":"\\" } `, `json|||a"b=[1,{"c":"}"}]|d=null|e=-1.5e3|f="\\"`},
		{"no UTF-8", "{\"msg\":\"a\xffb\"}", "json||a\ufffdb"},
		{"torn JSON is text", `{"level":"error","msg":"x}`, `||`},
		{"an empty object is text", `{}`, `||`},
		{"two objects are text", `{"a":1} {"b":2}`, `||`},
		{"nested too deep is text", `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, `||`},

		{"logfmt", `time=2026-01-01T00:00:00Z level=warn msg="disk is \"full\"" free=12 ok=true path=/a?b=c`, `logfmt|warn|disk is "full"|free=12|ok=true|path="/a?b=c"`},
		{"logfmt without a value", `level=info msg= a=1`, `logfmt|info||a=1`},
		{"two pairs are logfmt", `a=1 b=2`, `logfmt|||a=1|b=2`},
		{"one pair is not", `a=1`, `||`},
		{"words between pairs are text", `x is a=1 b=2`, `||`},
		{"a torn quote is text", `level=info msg="x`, `||`},
		{"no number though it looks like one", `a=007 b=1e`, `logfmt|||a="007"|b="1e"`},

		{"a word at the head", "ERROR no db", "|error|"},
		{"in brackets, behind a time", "[2026-01-01 10:00:00] [WARN] x", "|warn|"},
		{"behind a date and a time", "2026-01-01 10:00:00,123 INFO x", "|info|"},
		{"with a colon", "warning: x", "|warn|"},
		{"coloured", "\x1b[31mERROR\x1b[0m x", "|error|"},
		{"an exception", "TypeError: x is not a function", "|error|"},
		{"Go's panic", "panic: runtime error", "|fatal|"},
		{"a sentence is no level", "error handling is set up", "||"},
		{"nor is a word further on", "the ERROR is gone", "||"},
		{"nothing", "", "||"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := shown(Parse([]byte(row.line))); got != row.want {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}

func TestGet(t *testing.T) {
	line := `{"level":30,"req":{"url":"/a","h":{"x.y":1}},"a.b":"dot","a":{"b":"in"},"twice":1,"twice":2}`
	for key, want := range map[string]string{"level": "30", "req.url": "/a", "req.h.x.y": "1", "a.b": "dot", "twice": "2", "req": `{"url":"/a","h":{"x.y":1}}`, "req.no": "", "no.url": ""} {
		if got, ok := Parse([]byte(line)).Get(key); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", key, got, ok)
		}
	}
}

func TestLevels(t *testing.T) {
	for word, want := range map[string]Level{"WARN": Warn, "Warning": Warn, "10": Trace, "60": Fatal, "1000": Fatal, "9": None, "loud": None, "": None} {
		if got, _ := ParseLevel(word); got != want {
			t.Errorf("%s: %v", word, got)
		}
	}
}

func TestAHostileLineCostsLittle(t *testing.T) {
	const size = 1 << 20
	for name, line := range map[string]string{
		"open brackets": `{"a":` + strings.Repeat("[", size) + "}", "open quotes": "{" + strings.Repeat(`"`, size) + "}", "keys": "{" + strings.Repeat(`"a":1,`, size/6) + `"b":2}`,
		"pairs": strings.Repeat("a=1 ", size/4), "equals": strings.Repeat("=", size), "blanks": strings.Repeat(" ", size), "escapes": strings.Repeat("\x1b[", size/2),
		"backslashes": `{"a":"` + strings.Repeat(`\`, size) + `"}`, "zeros": strings.Repeat("\x00", size), "words": strings.Repeat("a ", size/2), "codes": strings.Repeat("\x1b[1m", size/4),
	} {
		begun := time.Now()
		Parse([]byte(line)).Get(strings.Repeat("a.", 1000))
		if took := time.Since(begun); took > time.Minute { // quadratic: many minutes
			t.Errorf("%s: %v", name, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{`{"level":50,"msg":"x","err":{"stack":"a\nb"}}`, `level=info msg="a b" n=1`, "2026-01-01 ERROR x", "\x1b[31mWARN\x1b[0m", "{\"a\":\"\xff\"}", `{"a":[[[[]]]]}`} {
		f.Add([]byte(line), "err.stack")
	}
	f.Fuzz(func(t *testing.T, line []byte, key string) {
		r := Parse(line)
		if r.Level < None || r.Level > Fatal {
			t.Fatal(r.Level)
		}
		r.Get(key)
		for _, field := range r.all {
			if !json.Valid(field.Value) {
				t.Fatalf("%q is no JSON", field.Value)
			}
			if _, ok := r.Get(field.Key); !ok {
				t.Fatalf("%q is not found", field.Key)
			}
		}
	})
}
