package cli

import (
	"testing"
	"time"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text stays", "web.1 is up", "web.1 is up"},
		{"letters of all languages stay", "größe 名前 café", "größe 名前 café"},
		{"an escape cannot move the cursor", "a\x1b[2Jb", `a\x1b[2Jb`},
		{"nor set the title", "\x1b]0;x\a", `\x1b]0;x\a`},
		{"a line break cannot forge a line", "a\nb\r\tc", `a\nb\r\tc`},
		{"eight bit controls are controls too", "a\u009bb\x7f", `a\u009bb\x7f`},
		{"bytes that are no text are shown", "a\xff", `a\xff`},
		{"text cannot be turned round", "a\u202eb\u2028", `a\u202eb\u2028`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := clean(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is no text", got)
		}
		for _, r := range got {
			if hostile(r) {
				t.Fatalf("%q holds %q", got, r)
			}
		}
		if n := wide(shorten(got, 10)); n > 10 {
			t.Fatalf("%q takes %d columns", shorten(got, 10), n)
		}
	})
}

func TestWords(t *testing.T) {
	tests := []struct{ name, got, want string }{
		{"seconds", age(3900 * time.Millisecond), "3s"},
		{"minutes", age(5*time.Minute + 59*time.Second), "5m"},
		{"hours", age(47 * time.Hour), "47h"},
		{"days", age(73 * time.Hour), "3d"},
		{"a clock that was set back", age(-time.Hour), "0s"},
		{"a setting of seconds", span(10 * time.Second), "10s"},
		{"a setting of minutes", span(10 * time.Minute), "10m"},
		{"a setting of hours", span(2 * time.Hour), "2h"},
		{"a setting of both", span(90 * time.Second), "1m30s"},
		{"bytes", size(999), "999 B"},
		{"megabytes", size(12_345_678), "12.3 MB"},
		{"no 1000.0 kB", size(999_960), "1.0 MB"},
		{"cpu", percent(0.123), "12.3%"},
		{"one", count(1, "process", "processes"), "1 process"},
		{"none", count(0, "process", "processes"), "0 processes"},
		{"a word is cut with an ellipsis", shorten("abcdef", 4), "abc…"},
		{"wide letters count twice", shorten("名前です", 5), "名前…"},
		{"a word that fits stays", shorten("abcd", 4), "abcd"},
		{"a command line can be pasted", commandLine([]string{"sh", "-c", "echo 'a' b"}), `sh -c 'echo '\''a'\'' b'`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.got != tt.want {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
}

func TestMoment(t *testing.T) {
	tests := []struct {
		name, in string
		want     time.Time
	}{
		{"a span is ago", "10m", noon.Add(-10 * time.Minute)},
		{"days too", "2d", noon.AddDate(0, 0, -2)},
		{"a time of today", "09:30", time.Date(2026, 7, 1, 9, 30, 0, 0, time.Local)},
		{"a time that is to come was yesterday", "23:50", time.Date(2026, 6, 30, 23, 50, 0, 0, time.Local)},
		{"a day and a time", "2026-06-01 10:00", time.Date(2026, 6, 1, 10, 0, 0, 0, time.Local)},
		{"RFC 3339", "2026-06-01T10:00:00Z", time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := moment(noon, "--since", tt.in)
			if err != nil || !got.Equal(tt.want) {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
	if _, err := moment(noon, "--since", "yesterday"); exitCode(err) != codeUsage {
		t.Errorf("got %v, want a usage error", err)
	}
}
