package cli

import (
	"strings"
	"testing"

	"kitt.sh/spec"
)

func TestCaret(t *testing.T) {
	at := func(col int, source string) spec.Complaint {
		return spec.Complaint{Pos: spec.Pos{File: "f", Line: 3, Col: col}, Text: "no", Source: source}
	}
	long := strings.Repeat("x", 300)
	tests := []struct {
		name        string
		c           spec.Complaint
		line, caret string
	}{
		{"it points to the column", at(3, `  comand = 1`), "  comand = 1", "  ^"},
		{"tabs are drawn as blanks in both lines", at(3, "\t\tcomand"), "        comand", "        ^"},
		{"a tab goes to its stop", at(4, "ab\tc"), "ab  c", "    ^"},
		{"umlauts are one column", at(4, "grö=1"), "grö=1", "   ^"},
		{"wide letters are two", at(3, "名前=1"), "名前=1", "    ^"},
		{"after the end means something is missing there", at(4, "abc"), "abc", "   ^"},
		{"far after the end is not believed", at(40, "abc"), "abc", ""},
		{"no column, no caret", at(0, "abc"), "abc", ""},
		{"control characters are shown, and counted as shown", at(3, "a\x1bb"), `a\x1bb`, "     ^"},
		{"a long line is cut behind the caret", at(2, long), strings.Repeat("x", 99) + "…", " ^"},
		{"and before it", at(290, long), "…" + strings.Repeat("x", 86), strings.Repeat(" ", 76) + "^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line, caret := underline(tt.c)
			if line != tt.line || caret != tt.caret {
				t.Errorf("got\n%s\n%s\nwant\n%s\n%s", line, caret, tt.line, tt.caret)
			}
		})
	}
}

func TestComplaintsAreShownAsCompilersDo(t *testing.T) {
	var b strings.Builder
	explainTo(&b, false, []spec.Complaint{
		{Pos: spec.Pos{File: "/a b/kitt.hcl", Line: 3, Col: 3}, Text: `unknown field "comand"`, Source: `  comand = "x"`, Hint: `did you mean "command"?`},
		{Pos: spec.Pos{File: "/a b/\x1b.env"}, Text: "permission denied"},
	}, red)
	same(t, "complaints", b.String(), `/a b/kitt.hcl:3:3: unknown field "comand"
      comand = "x"
      ^
hint: did you mean "command"?
/a b/\x1b.env: permission denied
`)
}
