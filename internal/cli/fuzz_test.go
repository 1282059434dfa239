package cli

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"kitt.sh/service/api"
)

// FuzzPrinted: no text makes a terminal do anything once it is clean, a log line sets colours at most, and JSON stays
// the same JSON.
func FuzzPrinted(f *testing.F) {
	for _, s := range []string{"plain", "\x1b]0;title\x07", "\x1b]52;c;eA==\x1b\\", "\x1b[31mred\x1b[0m\ttab", "\x1b[3", "\x9b31m", "\u009b31m\u202e\u2028", "\xff\xfe", "a\rb\bc", "\x1b[38;2;1;2;3mx", "\x1b[1;1Hx", "\u4e16\u0301"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		c := clean(s)
		if bad := strings.IndexFunc(c, hostile); bad >= 0 || !utf8.ValidString(c) {
			t.Fatalf("%q became %q", s, c)
		}
		if n > 0 && n < 1000 && wide(shorten(c, n)) > n {
			t.Fatalf("%q in %d columns: %q", c, n, shorten(c, n))
		}
		for _, colours := range []Paint{false, true} {
			p := &logPrinter{k: &Kitt{Paint: colours}}
			line := p.harmless(s)
			if colours {
				for colourCode.MatchString(line) || strings.Contains(line, "\x1b[") {
					at := strings.Index(line, "\x1b[")
					code := colourCode.FindString(line[at:])
					if code == "" {
						t.Fatalf("%q became %q", s, line)
					}
					line = line[:at] + line[at+len(code):]
				}
			}
			if i := strings.IndexFunc(line, func(r rune) bool { return r != '\t' && (unicode.IsControl(r) || hostile(r)) }); i >= 0 || !utf8.ValidString(line) {
				t.Fatalf("%q became %q", s, line)
			}
		}
		b, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			return
		}
		var want, got any
		_ = json.Unmarshal(b, &want)
		if err := json.Unmarshal(api.Harmless(b), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %q", b, api.Harmless(b))
		}
		if y, err := toYAML(b); err == nil && strings.ContainsFunc(string(api.Harmless(y)), api.Concealed) {
			t.Fatalf("YAML of %q: %q", s, y)
		}
	})
}

// FuzzLogQuery: any words after kitt logs are a query or one line that says what is wrong.
func FuzzLogQuery(f *testing.F) {
	for _, row := range [][3]string{{"15", "", ""}, {"all", "10m", "a.*b"}, {"-1", "", "("}, {"99999999999999999999", "15:04", ""}, {"", "2026-01-31 15:04", "(?i)x"}, {"0", "-5d", `\x`}, {"7", "9999999999999h", "a{1000}{1000}"}} {
		f.Add(row[0], row[1], row[2])
	}
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, lines, since, grep string) {
		q, err := Logs{Lines: lines, Since: since, Grep: grep}.query(now)
		if err != nil {
			if exitCode(err) != codeUsage || err.Error() == "" {
				t.Fatalf("%q %q %q: %v", lines, since, grep, err)
			}
			return
		}
		if q.Keep != nil {
			q.Keep([]byte("some line"))
		}
		if q.Last < -1 || !q.Out || !q.Err {
			t.Fatalf("%+v", q)
		}
	})
}

// FuzzArguments: what the quick reading of a command line understands is what it says.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{"status", "apply -f x", "restart a b --home /k", "--json ls", "stop -f", "status --output=json web", "apply --home= x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		argv := append([]string{"kitt"}, strings.Split(s, " ")...)
		g, verb, ok := quickVerb(argv)
		if ok && (verb == nil || strings.HasPrefix(g.Home, "-")) {
			t.Fatalf("%q: %+v %+v", argv, g, verb)
		}
		_, _ = formation(argv)
		endingOf(s)
	})
}
