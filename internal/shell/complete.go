package shell

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A Kind is what stands in a place of the command line.
type Kind int

// The kinds. Those of processes are looked up while the user waits; Files and Folders are the shell's own work.
const (
	Nothing   Kind = iota
	Processes      // web, shop/web, web.1: what kitt knows
	Specced        // processes of the spec file of this folder
	Counts         // web=
	Jobs           // processes with a schedule
	Projects
	Files
	Folders
)

// A Choice is a word that may stand there, and what it means.
type Choice struct{ Word, Help string }

// An Answer is what may stand at the end of a line.
type Answer struct {
	Choices []Choice
	Kinds   []Kind   // what else may stand there
	Prefix  string   // stands before each of the words looked up for Kinds: "--only=web,"
	Word    string   // what these begin with
	Taken   []string // stand there already
}

// Complete says what may stand where word begins, after the words before it; kitt itself is not one of them.
func Complete(app *kong.Application, before []string, word string) Answer {
	at := walk(app, before)
	if at.flag != nil {
		return value(at.flag.Value, word, "")
	}
	name, rest, assigned := strings.Cut(word, "=")
	switch flag := at.flagged(name); {
	case at.plain || !strings.HasPrefix(word, "-"):
		return at.positional(word)
	case assigned && flag != nil:
		return value(flag.Value, rest, name+"=")
	case assigned:
		return Answer{}
	}
	return at.flags(word)
}

// A place is how far the words of a line lead.
type place struct {
	node  *kong.Node
	flag  *kong.Flag // its value comes next
	seen  []string   // arguments of node
	given []*kong.Flag
	plain bool // behind --
}

func walk(app *kong.Application, before []string) *place {
	at := &place{node: app.Node}
	for _, w := range before {
		switch child := at.child(w); {
		case at.flag != nil:
			at.flag = nil
		case at.plain:
			at.seen = append(at.seen, w)
		case w == "--":
			at.plain = true
		case strings.HasPrefix(w, "-") && w != "-":
			at.take(w)
		case child != nil:
			at.node = child
		default:
			at.seen = append(at.seen, w)
		}
	}
	return at
}

// take notes the flags of a word: --name, --name=value, -x, -xy, -xvalue. One that needs a value and has none is waited for.
func (at *place) take(word string) {
	if strings.HasPrefix(word, "--") {
		name, _, assigned := strings.Cut(word, "=")
		at.note(at.flagged(name), !assigned)
		return
	}
	for i, letter := range word[1:] {
		flag := at.flagged("-" + string(letter))
		last := i+2 == len(word)
		if at.note(flag, last); flag == nil || !flag.IsBool() {
			return
		}
	}
}

func (at *place) note(flag *kong.Flag, bare bool) {
	if flag == nil {
		return
	}
	at.given = append(at.given, flag)
	if bare && !flag.IsBool() {
		at.flag = flag
	}
}

func (at *place) child(word string) *kong.Node {
	for _, c := range at.node.Children {
		if len(at.seen) == 0 && (c.Name == word || slices.Contains(c.Aliases, word)) {
			return c
		}
	}
	return nil
}

// all are the flags that may stand here, those of the verb before those of kitt.
func (at *place) all() (out []*kong.Flag) {
	groups := at.node.AllFlags(true)
	slices.Reverse(groups)
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

// flagged is the flag of that name: --name or -n.
func (at *place) flagged(name string) *kong.Flag {
	long, isLong := strings.CutPrefix(name, "--")
	for _, f := range at.all() {
		switch {
		case isLong && (f.Name == long || slices.Contains(f.Aliases, long)):
			return f
		case !isLong && len(name) > 1 && f.Short != 0 && name[1:] == string(f.Short):
			return f
		}
	}
	return nil
}

// flags are those that begin so and do not stand there already.
func (at *place) flags(word string) (a Answer) {
	for _, f := range at.all() {
		if slices.Contains(at.given, f) && !f.IsSlice() {
			continue
		}
		long := "--" + f.Name
		switch {
		case strings.HasPrefix(long, word) && (word != "-" || f.Short == 0):
			a.Choices = append(a.Choices, Choice{long, f.Help})
		case f.Short != 0 && word == "-":
			a.Choices = append(a.Choices, Choice{long, f.Help}, Choice{"-" + string(f.Short), f.Help})
		case f.Short != 0 && word == "-"+string(f.Short):
			a.Choices = append(a.Choices, Choice{word, f.Help})
		}
	}
	return a
}

// positional is a verb, or an argument of one.
func (at *place) positional(word string) (a Answer) {
	for _, c := range at.node.Children {
		if !c.Hidden && len(at.seen) == 0 && strings.HasPrefix(c.Name, word) {
			a.Choices = append(a.Choices, Choice{c.Name, c.Help})
		}
	}
	args := at.node.Positional
	if len(args) == 0 {
		return a
	}
	n := len(at.seen)
	if last := args[len(args)-1]; n >= len(args) && !last.IsSlice() {
		return a
	}
	a = value(args[min(n, len(args)-1)], word, "")
	a.Taken = append(a.Taken, at.seen...)
	return a
}
