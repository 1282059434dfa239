package shell

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// A Page is one page of the manual, in the man macros of roff: kitt-apply, for kitt-apply.1.
type Page struct{ Name, Text string }

// Manual is a page for kitt and one for each verb that is not hidden. Examples gives the command lines that show a verb.
func Manual(app *kong.Application, version string, examples func(*kong.Node) []string) []Page {
	pages := []Page{}
	var visit func(n *kong.Node, name string)
	visit = func(n *kong.Node, name string) {
		pages = append(pages, Page{name, page(app, n, name, version, examples(n))})
		for _, c := range n.Children {
			if !c.Hidden {
				visit(c, name+"-"+c.Name)
			}
		}
	}
	visit(app.Node, "kitt")
	return pages
}

func page(app *kong.Application, n *kong.Node, name, version string, examples []string) string {
	var b strings.Builder
	words := strings.ReplaceAll(name, "-", " ")
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s kitt\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), arg(version), name, roff(summary(n.Help)))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n%s\n", roff(words), synopsis(n))
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", roff(n.Help))
	if len(n.Aliases) > 0 {
		fmt.Fprintf(&b, ".PP\nOther names: %s.\n", roff(strings.Join(n.Aliases, ", ")))
	}
	if len(examples) > 0 {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", roff(strings.Join(examples, "\n")))
	}
	verbs(&b, n)
	arguments(&b, n)
	options(&b, "OPTIONS", n.Flags)
	if n != app.Node {
		options(&b, "OPTIONS OF EVERY VERB", app.Flags)
	} else {
		fmt.Fprint(&b, exits)
	}
	also(&b, n, name)
	return b.String()
}

// exits stand in the page of kitt itself; docs/cli.md says the same.
const exits = `.SH EXIT STATUS
.TP
.B 0
done
.TP
.B 1
failed
.TP
.B 2
a command line that cannot be read
.TP
.B 3
kitt does not run, or does not answer
.TP
.B 4
no such process
.TP
.B 5
not ready in time
.TP
.B 6
a spec file that cannot be read
.SH ENVIRONMENT
.TP
.B KITT_HOME
the folder of everything kitt keeps, if not that of the system
.TP
.B NO_COLOR
if not empty, no colours
`

func synopsis(n *kong.Node) string {
	parts := []string{}
	if len(n.Children) > 0 {
		parts = append(parts, "\\fIverb\\fR")
	}
	for _, p := range n.Positional {
		text := "\\fI" + roff(p.Name) + "\\fR"
		if p.IsSlice() {
			text += " ..."
		}
		if !p.Required {
			text = "[" + text + "]"
		}
		parts = append(parts, text)
	}
	return strings.Join(append(parts, "[\\fIoption\\fR ...]"), " ")
}

func verbs(b *strings.Builder, n *kong.Node) {
	head := ".SH VERBS\n"
	for _, c := range n.Children {
		if !c.Hidden {
			fmt.Fprintf(b, "%s.TP\n.B %s\n%s\n", head, roff(c.Name), roff(c.Help))
			head = ""
		}
	}
}

func arguments(b *strings.Builder, n *kong.Node) {
	head := ".SH ARGUMENTS\n"
	for _, p := range n.Positional {
		if p.Help != "" {
			fmt.Fprintf(b, "%s.TP\n.I %s\n%s\n", head, roff(p.Name), roff(p.Help))
			head = ""
		}
	}
}

func options(b *strings.Builder, title string, flags []*kong.Flag) {
	head := ".SH " + title + "\n"
	for _, f := range flags {
		if f.Hidden {
			continue
		}
		fmt.Fprintf(b, "%s.TP\n%s\n%s\n", head, option(f), roff(f.Help))
		head = ""
	}
}

func option(f *kong.Flag) string {
	text := "\\fB" + roff("--"+f.Name) + "\\fR"
	if f.Short != 0 {
		text = "\\fB" + roff("-"+string(f.Short)) + "\\fR, " + text
	}
	if !f.IsBool() {
		text += "=\\fI" + roff(f.FormatPlaceHolder()) + "\\fR"
	}
	return text
}

func also(b *strings.Builder, n *kong.Node, name string) {
	var list []string
	if n.Parent != nil {
		up := name[:strings.LastIndexByte(name, '-')]
		list = append(list, ".BR "+roff(up)+" (1)")
	}
	for _, c := range n.Children {
		if !c.Hidden {
			list = append(list, ".BR "+roff(name+"-"+c.Name)+" (1)")
		}
	}
	if len(list) > 0 {
		fmt.Fprintf(b, ".SH SEE ALSO\n%s\n", strings.Join(list, " ,\n"))
	}
}

// summary is the first sentence, without its full stop: what stands behind the name.
func summary(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	return strings.TrimSuffix(first, ".")
}

// arg is a text as one argument of a macro.
func arg(s string) string { return `"` + strings.ReplaceAll(roff(s), `"`, `\(dq`) + `"` }

// roff escapes what roff would read as its own.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "~", `\(ti`, "^", `\(ha`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
