package service

import (
	"strings"
	"testing"
	"time"
)

func TestWhatAProgramSaysIsHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"serving 12 clients":      "serving 12 clients",
		"\x1b[31mred\x1b]0;x\a":   "[31mred ]0;x",
		"a\u202eb\u2028c\xff":     "a b c",
		"  ":                      "",
		"":                        "",
		strings.Repeat("ä", 1000): strings.Repeat("ä", 100) + "…",
	} {
		if got := harmless(in); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
	s := &socket{}
	s.note("STATUS", "one\ttwo")
	s.note("STOPPING", "1")
	if s.status != "one two" || s.word != "stops" || !s.excused {
		t.Errorf("%+v", s)
	}
	s.note("EXTEND_TIMEOUT_USEC", "2000000")
	if s.more != 2*time.Second {
		t.Errorf("it asks for %s", s.more)
	}
	if got := tells("stopped by you", "stops"); got != "stopped by you; it says that it stops" {
		t.Error(got)
	}
}
