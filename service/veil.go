package service

import (
	"slices"
	"strings"
	"unicode"

	"kitt.sh/spec"
)

// veiled are complaints whose source lines show what is wrong, and no value that may be a secret: status is read over
// shoulders and pasted into chats. kitt check shows the line as it is.
func veiled(list []spec.Complaint) []spec.Complaint {
	list = slices.Clone(list)
	for i := range list {
		list[i].Source = veil(list[i].Source, list[i].Text)
	}
	return list
}

// veil puts stars for the words of a line that stand after its first = or : or in quotes, but for those that told,
// which is shown anyway, holds too. Columns stay.
func veil(line, told string) string {
	out := []rune(line)
	hidden, quote, start := false, rune(0), 0
	end := func(i int) {
		if word := string(out[start:i]); (hidden || quote != 0) && !strings.Contains(told, word) {
			for ; start < i; start++ {
				out[start] = '*'
			}
		}
		start = i + 1
	}
	for i, c := range out {
		if unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("_-./@+$%!?#&*~^|\\;", c) {
			continue
		}
		end(i)
		switch {
		case quote == 0 && (c == '"' || c == '\'' || c == '`'):
			quote = c
		case c == quote:
			quote = 0
		case c == '=' || c == ':':
			hidden = true
		}
	}
	end(len(out))
	return string(out)
}
