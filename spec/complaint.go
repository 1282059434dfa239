package spec

import (
	"fmt"
	"strings"
)

// Error is the complaint in one line: file:line:col: text.
func (c Complaint) Error() string {
	if place := c.Pos.String(); place != "" {
		return place + ": " + c.Text
	}
	return c.Text
}

// String is the place as editors and compilers write it; what is not known is left out.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// didYouMean is a hint that names the word nearest to got, or no hint when none is near.
func didYouMean(got string, words []string) string {
	best, least := "", 1+min(3, (len(got)+1)/3)
	for _, word := range words {
		if d := distance(strings.ToLower(got), strings.ToLower(word)); d < least && word != got {
			best, least = word, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// distance counts the letters to add, drop, change or swap that turn a into b.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	before, last, row := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(last[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, make([]int, len(b)+1)
	}
	return last[len(b)]
}

// listed writes names as a person would: a, b and c.
func listed(names []string) string {
	switch len(names) {
	case 0:
		return "none"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
