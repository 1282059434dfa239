package cli

import (
	"fmt"
	"io"
	"strings"

	"kitt.sh/spec"
)

// complain shows what is wrong with a file on stderr: place, text, line with a caret, hint.
func (k *Kitt) complain(list []spec.Complaint, colour string) { explainTo(k.Err, k.Talk, list, colour) }

// explainTo writes complaints, each as compilers do:
//
//	kitt.hcl:3:7: unknown field "comand"
//	    comand = "x"
//	    ^
//	hint: did you mean "command"?
func explainTo(w io.Writer, p Paint, list []spec.Complaint, colour string) {
	for _, c := range list {
		place := ""
		if s := c.Pos.String(); s != "" {
			place = clean(s) + ": "
		}
		fmt.Fprintf(w, "%s%s\n", p.in(bold, place), p.in(colour, clean(c.Text)))
		if line, caret := underline(c); line != "" {
			fmt.Fprintf(w, "    %s\n", line)
			if caret != "" {
				fmt.Fprintf(w, "    %s\n", p.in(colour, caret))
			}
		}
		if c.Hint != "" {
			fmt.Fprintf(w, "%s %s\n", p.in(cyan, "hint:"), clean(c.Hint))
		}
	}
}

const (
	tabStop    = 4
	sourceSpan = 100 // columns of a source line that are shown
)

// underline is the line c stands on and the caret below it, tabs as spaces. Both are cut to what
// lies around the caret: a line of a bundled script may be a megabyte.
func underline(c spec.Complaint) (line, caret string) {
	var b strings.Builder
	used, at, n := 0, -1, 0
	for _, r := range strings.TrimRight(c.Source, " \t\r\n") {
		if n++; n == c.Col {
			at = used
		}
		cell := string(r)
		if r == '\t' {
			cell = strings.Repeat(" ", tabStop-used%tabStop)
		} else {
			cell = clean(cell)
		}
		b.WriteString(cell)
		used += wide(cell)
	}
	line = b.String()
	if c.Col > 0 && c.Col == n+1 {
		at = used // just after the last character: something is missing there
	}
	return around(line, at)
}

func around(line string, at int) (string, string) {
	if from := at - sourceSpan*3/4; wide(line) > sourceSpan && from > 0 {
		cut, skipped := 0, 0
		for i, r := range line {
			if skipped >= from {
				cut = i
				break
			}
			skipped += runeWidth(r)
		}
		line, at = "…"+line[cut:], at-skipped+1
	}
	line = shorten(line, sourceSpan)
	if at < 0 || line == "" {
		return line, ""
	}
	return line, strings.Repeat(" ", at) + "^"
}
