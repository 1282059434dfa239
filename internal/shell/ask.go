package shell

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Question is what a script asks: kitt __complete --word=WORD -- WORDS…
type Question struct {
	Before []string // the words before, without kitt itself
	Word   string   // what is typed of the last one
}

// Ask reads the arguments of __complete. With --line=TEXT in place of all the others it parts a line by itself, because bash
// parts words at = and : as well.
func Ask(args []string) Question {
	for i, arg := range args {
		if line, ok := strings.CutPrefix(arg, "--line="); ok {
			return parted(line)
		}
		if word, ok := strings.CutPrefix(arg, "--word="); ok {
			q := Question{Word: word}
			if i+1 < len(args) && args[i+1] == "--" {
				q.Before = args[i+2:]
			}
			return q
		}
	}
	return Question{}
}

// parted is a line up to the cursor as a shell reads it: quotes and backslashes, nothing expanded.
func parted(line string) Question {
	var out []string
	var word strings.Builder
	begun, quote := false, rune(0)
	for i, runes := 0, []rune(line); i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '\\' && quote != '\'' && i+1 < len(runes):
			i++
			word.WriteRune(runes[i])
			begun = true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	return Question{Before: out[min(1, len(out)):], Word: word.String()}
}

// Tell writes an answer as the scripts read it: "word\thelp" a line, then ":" and what the shell itself is to add: files,
// folders; nospace where a word goes on.
func Tell(w io.Writer, a Answer) {
	goesOn := len(a.Choices) > 0
	for _, c := range a.Choices {
		goesOn = goesOn && (strings.HasSuffix(c.Word, "=") || strings.HasSuffix(c.Word, "/"))
		fmt.Fprintf(w, "%s\t%s\n", c.Word, flat(c.Help))
	}
	var also []string
	if goesOn {
		also = append(also, "nospace")
	}
	if slices.Contains(a.Kinds, Files) {
		also = append(also, "files")
	}
	if slices.Contains(a.Kinds, Folders) {
		also = append(also, "folders")
	}
	fmt.Fprintln(w, ":"+strings.Join(also, ","))
}

// flat is a text without what would part lines or fields.
func flat(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
}
